import type { HostEvent } from '#events/host-event.ts';
import type { Policy } from './policy.ts';
import type { ReceivedEvent } from './reports.ts';

/**
 * Hosts that are missed. A host that sends `host.heartbeat` has a lease, which is written again only once a good part of
 * it is over: of a thousand hosts that beat every few seconds, each costs as little as one that beats twice a minute.
 * Times are Unix ms.
 */

/** The heartbeat of a host that was written down last among those that are newer than all before, by the host's clock. */
export interface Lease {
  readonly host: string;
  readonly hostKey: string;
  /** Whose word it was. */
  readonly reporter: string;
  readonly eventId: string;
  /** By the host's clock, where that is not ahead of ours. */
  readonly beatAtMs: number;
  /** By ours: when it came into the queue. */
  readonly cameAtMs: number;
  /** From then on the host is silent. */
  readonly endsAtMs: number;
  /** The last that came since and is older than this one: the host's clock went back. It is heard, and refutes nobody. */
  readonly wentBack?: Pick<Lease, 'eventId' | 'beatAtMs' | 'cameAtMs' | 'endsAtMs'>;
  /** When it was last said that it is silent; null unless it was. */
  readonly saidAtMs: number | null;
}

/** Whether heartbeats are heard at all, whoever's they are: without this nobody's silence would mean anything. */
export interface Hearing {
  /** Since then they have come without a gap, and were read soon. */
  readonly sinceMs: number;
  /** When the newest came into the queue, and when it was read there. */
  readonly cameAtMs: number;
  readonly readAtMs: number;
}

/** Who says that a host is silent: it counts as the host's own silence, whoever forwards its heartbeats. */
export const SILENCE_REPORTER = 'heartbeat';

/** A longer timeout does not make what is known of a host older than this. */
const RENEW_AT_MOST_MS = 60_000;
/** A host that was silent for so long has left. */
const FORGET_AFTER_MS = 86_400_000;

type Settings = Policy['heartbeats'];
export type Beat = ReceivedEvent & { readonly event: Extract<HostEvent, { type: 'host.heartbeat' }> };

export const isBeat = (received: ReceivedEvent): received is Beat => received.event.type === 'host.heartbeat';

/** After so long a lease is written again: half of it is over then, or a minute. */
const renewAfterMs = ({ timeoutSeconds }: Settings): number => Math.min(timeoutSeconds * 500, RENEW_AT_MOST_MS);

/**
 * The lease with the newest of these heartbeats; undefined while the one before says enough. One that is older than the last
 * by the clock of its host keeps it from being called silent, once: an `id` counts no second time.
 */
export function renewedLease(
  before: Lease | undefined,
  { host, key: hostKey }: { readonly host: string; readonly key: string },
  beats: readonly Beat[],
  settings: Settings,
): Lease | undefined {
  const own = before?.hostKey === hostKey ? before : undefined;
  const known = [own?.eventId, own?.wentBack?.eventId];
  const fresh = beats.filter(({ event }) => !known.includes(event.id));
  const newest = latest(fresh, beatAtMsOf);
  const last = latest(fresh, ({ receivedAtMs }) => receivedAtMs);
  if (newest === undefined || last === undefined) return undefined;
  const lease: Lease = { host, hostKey, reporter: newest.reporter, ...markOf(newest, settings), saidAtMs: null };
  if (own === undefined) return lease;
  const isDue = ({ receivedAtMs }: Beat): boolean => receivedAtMs >= heardAtMsOf(own) + renewAfterMs(settings);
  if (lease.beatAtMs > own.beatAtMs) return own.saidAtMs !== null || isDue(newest) ? lease : undefined;
  return isDue(last) ? { ...own, wentBack: markOf(last, settings), saidAtMs: null } : undefined;
}

const latest = (beats: readonly Beat[], atMs: (beat: Beat) => number): Beat | undefined =>
  beats.reduce<Beat | undefined>(
    (best, beat) => (best === undefined || atMs(beat) > atMs(best) ? beat : best),
    undefined,
  );

const markOf = (beat: Beat, { timeoutSeconds }: Settings): Required<Lease>['wentBack'] => ({
  eventId: beat.event.id,
  beatAtMs: beatAtMsOf(beat),
  cameAtMs: beat.receivedAtMs,
  endsAtMs: beat.receivedAtMs + timeoutSeconds * 1000,
});

/** A clock that is ahead is put right one day: until it were later again than before, nothing else would be newer. */
const beatAtMsOf = ({ event, receivedAtMs }: Beat): number => Math.min(Date.parse(event.time), receivedAtMs);

const endOf = ({ endsAtMs, wentBack }: Lease): number => Math.max(endsAtMs, wentBack?.endsAtMs ?? 0);

/** When the host was heard last, by our clock. */
export const heardAtMsOf = ({ cameAtMs, wentBack }: Lease): number => Math.max(cameAtMs, wentBack?.cameAtMs ?? 0);

/** Whether all that is heard of the host is older, by its own clock, than what was heard before. */
export const hasGoneBack = (lease: Lease, nowMs: number): boolean => lease.endsAtMs <= nowMs && endOf(lease) > nowMs;

export const isSilent = (lease: Lease, nowMs: number): boolean => endOf(lease) <= nowMs;

/**
 * The host's last heartbeat on its lease, as if it came with whatever is said of the host now: it outdates what is older.
 * Undefined when it says nothing that is believed any more.
 */
export function beatOfLease(lease: Lease, { events }: Pick<Policy, 'events'>, nowMs: number): Beat | undefined {
  if (nowMs - lease.beatAtMs > events.maxAgeSeconds * 1000) return undefined;
  const { host, reporter, eventId: id, beatAtMs, cameAtMs } = lease;
  const time = new Date(beatAtMs).toISOString();
  const event = { specversion: '1.0', id, source: reporter, type: 'host.heartbeat', time } as const;
  return { event: { ...event, data: { schemaVersion: 1, host } }, reporter, receivedAtMs: cameAtMs };
}

/** A host whose lease has not run out is heard again until then, if it lives: intervals are shorter, a sixth of the timeout. */
export const nextBeatByMs = (lease: Lease, { timeoutSeconds }: Settings, nowMs: number): number | undefined =>
  endOf(lease) > nowMs ? nowMs + timeoutSeconds * 1000 * FRESH_PART : undefined;

/** The parts of the timeout in which heartbeats must come and be read, or it is us who hear nothing. */
const FRESH_PART = 1 / 4;
const GAP_PART = 3 / 10;
const NOTE_PART = 1 / 16;

/**
 * What is known of our own hearing once these heartbeats were read.
 * @returns undefined when that is no news
 */
export function heard(
  before: Hearing | undefined,
  beats: readonly Beat[],
  { timeoutSeconds }: Settings,
  nowMs: number,
): Hearing | undefined {
  if (beats.length === 0) return undefined;
  const timeoutMs = timeoutSeconds * 1000;
  const came = beats.map(({ receivedAtMs }) => receivedAtMs);
  if (before === undefined) return { sinceMs: nowMs, cameAtMs: Math.max(...came), readAtMs: nowMs };
  const cameAtMs = Math.max(before.cameAtMs, ...came);
  const isLate = nowMs - Math.min(...came) > timeoutMs * FRESH_PART;
  const hadGap = Math.max(cameAtMs - before.cameAtMs, nowMs - before.readAtMs) > timeoutMs * GAP_PART;
  const noteMs = timeoutMs * NOTE_PART;
  if (isLate || hadGap)
    return nowMs - before.sinceMs < noteMs ? undefined : { sinceMs: nowMs, cameAtMs, readAtMs: nowMs };
  return cameAtMs - before.cameAtMs < noteMs ? undefined : { ...before, cameAtMs, readAtMs: nowMs };
}

export interface Silences {
  /** Of whom it is to be said now. */
  readonly say: readonly Lease[];
  /** Silent, but it is not said, and why. */
  readonly withheld: readonly { readonly hosts: readonly string[]; readonly because: string }[];
  /** Silent for so long that they are not missed any more. */
  readonly forget: readonly Lease[];
}

/** Whose silence means something, of all leases of a region. */
export function decideSilence(
  leases: readonly Lease[],
  hearing: Hearing | undefined,
  { heartbeats, segments }: Pick<Policy, 'heartbeats' | 'segments'>,
  nowMs: number,
): Silences {
  const forget = leases.filter((lease) => endOf(lease) + FORGET_AFTER_MS <= nowMs);
  const missed = leases.filter((lease) => isSilent(lease, nowMs) && !forget.includes(lease));
  const deaf = whyDeaf(hearing, heartbeats, nowMs);
  if (deaf !== undefined)
    return { say: [], withheld: missed.length === 0 ? [] : [{ hosts: namesOf(missed), because: deaf }], forget };

  const back = leases.filter((lease) => hasGoneBack(lease, nowMs));
  const withheld = back.length === 0 ? [] : [{ hosts: namesOf(back), because: WENT_BACK }];
  const said: Lease[] = [];
  for (const [reporter, all] of Map.groupBy(leases, (lease) => lease.reporter)) {
    const ofReporter = all.filter((lease) => missed.includes(lease));
    if (all.length > 1 && all.every((lease) => isSilent(lease, nowMs))) {
      const because = `every host that ${reporter} speaks for is silent: it may be ${reporter} itself`;
      if (ofReporter.length > 0) withheld.push({ hosts: namesOf(ofReporter), because });
    } else said.push(...ofReporter);
  }
  const againMs = Math.min(...segments.map(({ reporters }) => reporters.claimTtlSeconds)) * (1000 / 3);
  return { say: said.filter(({ saidAtMs }) => saidAtMs === null || nowMs - saidAtMs >= againMs), withheld, forget };
}

const WENT_BACK = 'heartbeats come, but are older than the last one that counts: its clock went back';

function whyDeaf(hearing: Hearing | undefined, { timeoutSeconds }: Settings, nowMs: number): string | undefined {
  if (hearing === undefined) return 'no heartbeat was ever heard';
  const quietSeconds = Math.round((nowMs - hearing.cameAtMs) / 1000);
  if (nowMs - hearing.cameAtMs > timeoutSeconds * 1000 * FRESH_PART)
    return `no heartbeat of anybody has come for ${quietSeconds} s: it may be salvor that hears nothing`;
  const sinceSeconds = Math.round((nowMs - hearing.sinceMs) / 1000);
  return nowMs < hearing.sinceMs + timeoutSeconds * 1000
    ? `heartbeats are heard without a gap for ${sinceSeconds} s only; heartbeats.timeoutSeconds is ${timeoutSeconds}`
    : undefined;
}

const namesOf = (leases: readonly Lease[]): readonly string[] => leases.map(({ host }) => host);

/**
 * That the host is silent. Dated by the host's own clock as far as it is behind ours, so that its next heartbeat outdates
 * it whatever the host takes for the time.
 */
export function silenceOf(lease: Lease, id: string, nowMs: number): Extract<HostEvent, { type: 'host.down' }> {
  const { host, reporter } = lease;
  const { beatAtMs, cameAtMs } = lease.wentBack ?? lease;
  const since = new Date(cameAtMs).toISOString();
  return {
    specversion: '1.0',
    id,
    source: '/salvor/watch-hosts',
    reporter: SILENCE_REPORTER,
    type: 'host.down',
    time: new Date(Math.min(nowMs, beatAtMs + (nowMs - cameAtMs))).toISOString(),
    data: { schemaVersion: 1, host, reason: `no heartbeat since about ${since}, when the last came by ${reporter}` },
  };
}
