import {
  type Beat,
  beatOfLease,
  type Hearing,
  heard,
  isBeat,
  type Lease,
  nextBeatByMs,
  renewedLease,
} from '#shared/domain/heartbeats.ts';
import { notBelieved } from '#shared/domain/judge-report.ts';
import type { ReceivedEvent } from '#shared/domain/reports.ts';
import { ConflictError } from '#shared/errors.ts';
import { park } from '#shared/lambda/queue-function.ts';
import type { Services } from '#shared/services.ts';
import { hearingWrite, leaseWrite, loadHearing, loadLease } from '#shared/state/heartbeats.ts';
import type { KnownHost } from './known-hosts.ts';

/** What this process has read or written last, for as long as its store is open: a lease that says enough costs no read. */
interface Known {
  readonly leases: Map<string, Lease>;
  hearing: Hearing | undefined;
}
const known = new WeakMap<object, Known>();

function knownIn({ state }: Services): Known {
  const kept = known.get(state) ?? { leases: new Map<string, Lease>(), hearing: undefined };
  known.set(state, kept);
  return kept;
}

/** The heartbeats among these events whose time is believed. Of the others people hear: such a host looks silent. */
export async function believedBeats(
  services: Services,
  { host }: KnownHost,
  events: readonly ReceivedEvent[],
): Promise<readonly Beat[]> {
  const { policy, clock } = services;
  const beats = events.filter(isBeat);
  const isBelieved = ({ event }: Beat) => notBelieved(Date.parse(event.time), clock.now(), policy) === undefined;
  const because = 'the time of its heartbeats is not believed: compare its clock with ours';
  const refused = beats.filter((beat) => !isBelieved(beat));
  await park(
    services,
    refused.map(({ event }) => ({ because, subject: host, body: JSON.stringify(event) })),
  );
  return beats.filter(isBelieved);
}

/** What the host's lease has to say when somebody says that it is down: at most one heartbeat, and by when the next is due. */
export async function lastBeat(
  { state, policy }: Services,
  host: KnownHost,
  nowMs: number,
): Promise<{ readonly beats: readonly Beat[]; readonly hearUntilMs?: number }> {
  const lease = (await loadLease(state, host, host.host))?.value;
  const beat = lease && beatOfLease(lease, policy, nowMs);
  const hearUntilMs = lease && nextBeatByMs(lease, policy.heartbeats, nowMs);
  return { beats: beat === undefined ? [] : [beat], ...(hearUntilMs === undefined ? {} : { hearUntilMs }) };
}

/**
 * Renews the lease of a host by heartbeats whose time is believed, when it is due, and notes that heartbeats are heard. A
 * lost race is another's renewal.
 */
export async function keepLease(services: Services, host: KnownHost, beats: readonly Beat[]): Promise<void> {
  await Promise.all([renew(services, host, beats), noteHearing(services, host, beats)]);
}

async function renew(services: Services, host: KnownHost, beats: readonly Beat[]): Promise<void> {
  const { state, policy } = services;
  const { leases } = knownIn(services);
  const due = (before: Lease | undefined) => renewedLease(before, host, beats, policy.heartbeats);
  if (due(leases.get(host.key)) === undefined) return;
  const before = await loadLease(state, host, host.host);
  const lease = due(before?.value);
  if (lease !== undefined) await unlessLost(() => state.transact([leaseWrite(host, before, lease)]));
  const kept = lease ?? before?.value;
  if (kept !== undefined) leases.set(host.key, kept);
}

async function noteHearing(services: Services, host: KnownHost, beats: readonly Beat[]): Promise<void> {
  const { state, policy, clock } = services;
  const kept = knownIn(services);
  const news = (before: Hearing | undefined) => heard(before, beats, policy.heartbeats, clock.now());
  const seen = news(kept.hearing);
  if (seen === undefined) return;
  // Others of the same batch find it noted.
  kept.hearing = seen;
  const before = await loadHearing(state, host);
  const hearing = news(before?.value);
  if (hearing !== undefined) await unlessLost(() => state.transact([hearingWrite(host, before, hearing)]));
  kept.hearing = hearing ?? before?.value;
}

async function unlessLost(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
}
