import { type Asleep, reservedReason } from '#shared/domain/asleep.ts';
import type { Wake } from '#shared/domain/grant.ts';
import { type HostState, hostKeyOf } from '#shared/domain/host.ts';
import type { Segment } from '#shared/domain/policy.ts';
import {
  decideGiveBack,
  decideWake,
  lostAnswer,
  type ReservedFact,
  type ReservedSeen,
  type ReservedUse,
  reservedAnswered,
  toGiveBack,
} from '#shared/domain/reserved-hosts.ts';
import type { Answer, StateWrite } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { guardChecks } from '#shared/state/guards.ts';
import { hostUnchanged, loadHost } from '#shared/state/hosts.ts';
import type { Loaded } from '#shared/state/items.ts';
import { inFlightElsewhere, loadTokens } from '#shared/state/tokens.ts';
import { orOutage, readHalt } from './live.ts';
import { commitHost, commitOutcome, followedUntil, type HostIn } from './step.ts';

const OUTAGE_LOOK_MS = 5_000;

type Open = Loaded<HostIn<'evacuating' | 'handing-over'>>;
type Intended = Extract<ReservedFact, { type: 'reserved-host-intended' }>;

/**
 * Enables a reserved host that an instance waits for, unless salvor is switched off by now, somebody has disabled the host
 * for another reason, or it has come under suspicion.
 * @returns the host as last committed; undefined when nothing was asked for
 */
export async function wakeHost(
  services: Services,
  loaded: Loaded<HostIn<'evacuating'>>,
  { task, wanting, host, candidates, asleep }: Wake,
  segment: Segment,
): Promise<Loaded<HostState> | undefined> {
  const { clock } = services;
  // The look may be long ago: it has granted others since.
  const kept = await keptNow(services, host, segment);
  if (kept === undefined) return undefined;
  const atMs = clock.now();
  const chosen = { instance: task.name, wanting, candidates, asleep };
  const [intent] = decideWake(chosen, segment, atMs);
  const { guards, halted } = await readHalt(services, segment);
  if (halted !== undefined || intent?.type !== 'reserved-host-intended') return undefined;
  const writes = [...guardChecks(segment.name, guards), kept];
  const intended = await commitHost(services, loaded, {
    facts: [intent],
    basis: { by: 'wake', atMs, ...chosen },
    writes,
  });
  return answered(services, intended, intent);
}

/** @returns what makes the transaction fail once anything is decided about it; undefined when it is not kept any more */
async function keptNow(
  { compute, state, policy }: Services,
  { host, serviceId, reason }: Asleep,
  segment: Segment,
): Promise<StateWrite | undefined> {
  const read = await orOutage(compute.service(host));
  if (!('value' in read) || read.value === undefined) return undefined;
  const key = hostKeyOf(policy.cloud.name, policy.cloud.region, serviceId);
  const loaded = await loadHost(state, key);
  if (isInHand(loaded?.value)) return undefined;
  return reservedReason(read.value, segment.destinations) === reason ? hostUnchanged(key, loaded) : undefined;
}

/** Those of the sleeping ones that nobody works on: an operator's planned work leaves them disabled as they are. */
export async function notInHand({ state, policy }: Services, among: readonly Asleep[]): Promise<readonly Asleep[]> {
  const { name, region } = policy.cloud;
  const free = await Promise.all(
    among.map(async ({ serviceId }) => !isInHand((await loadHost(state, hostKeyOf(name, region, serviceId)))?.value)),
  );
  return among.filter((_, index) => free[index]);
}

/** It has failed, is on its way back, or is worked on. */
const isInHand = (host: HostState | undefined): boolean =>
  [host?.incident, host?.returning, host?.maintenance].some((each) => each != null);

/**
 * A function may have died behind an intent: nobody knows then what became of it.
 * @returns the host as last committed when there was such an intent
 */
export async function loseAnswers(
  services: Services,
  loaded: Loaded<HostIn<'evacuating'>>,
): Promise<Loaded<HostState> | undefined> {
  const atMs = services.clock.now();
  for (const [host, use] of Object.entries(loaded.value.incident.reserved ?? {})) {
    const [fact] = lostAnswer(host, use, atMs);
    if (fact === undefined) continue;
    const basis = { by: 'reserved-lost', atMs, reserved: host } as const;
    const lost = await commitHost(services, loaded, { facts: [fact], basis });
    return commitHost(services, lost, followedUntil(services.clock.now()));
  }
  return undefined;
}

/**
 * Looks after the reserved hosts of an incident whose tasks have all ended.
 * @returns the host as last committed when there was something to do: the next look sees what is left. Undefined: nothing.
 */
export async function giveBackReserved(
  services: Services,
  loaded: Open,
  segment: Segment,
): Promise<Loaded<HostState> | undefined> {
  const { incident } = loaded.value;
  const [host] = toGiveBack(incident);
  const use = host === undefined ? undefined : incident.reserved?.[host];
  if (host === undefined || use === undefined) return undefined;
  const looked = await orOutage(lookAt(services, incident.id, host, use));
  const atMs = services.clock.now();
  if ('outage' in looked) return commitHost(services, loaded, followedUntil(atMs + OUTAGE_LOOK_MS));
  const { guards, halted = null } = await readHalt(services, segment);
  const { seen, unchanged } = looked.value;
  const writes = [...guardChecks(segment.name, guards), unchanged];
  return giveBack(services, loaded, host, use, { ...seen, halted }, writes, segment);
}

async function giveBack(
  services: Services,
  loaded: Open,
  host: string,
  use: ReservedUse,
  seen: ReservedSeen,
  writes: readonly StateWrite[],
  segment: Segment,
): Promise<Loaded<HostState>> {
  const { clock } = services;
  const atMs = clock.now();
  const facts = decideGiveBack(host, use, seen, atMs);
  const [fact] = facts;
  if (fact === undefined)
    return commitHost(services, loaded, followedUntil(atMs + segment.evacuation.pollSeconds * 1000));
  const committed = await commitHost(services, loaded, {
    facts,
    basis: { by: 'give-back', atMs, reserved: host, seen },
    writes,
  });
  const done = fact.type === 'reserved-host-intended' ? await answered(services, committed, fact) : committed;
  return done.value.incident?.id === loaded.value.incident.id
    ? commitHost(services, done, followedUntil(clock.now()))
    : done;
}

async function lookAt(
  { compute, state, policy }: Services,
  incidentId: string,
  host: string,
  { serviceId, askedAtMs }: ReservedUse,
) {
  const { name: cloud, region } = policy.cloud;
  const [service, servers, tokens, own] = await Promise.all([
    compute.service(host),
    compute.serversOn(host),
    loadTokens(state, cloud, region),
    loadHost(state, hostKeyOf(cloud, region, serviceId)),
  ]);
  const inFlight = inFlightElsewhere(tokens.value, incidentId).byDestination[host] ?? 0;
  const theirs = whoseElse(own?.value, service?.disabledReason ?? null, askedAtMs);
  const seen = { status: service?.status ?? null, instances: servers.length, inFlight, ...theirs };
  return { seen, unchanged: hostUnchanged(hostKeyOf(cloud, region, serviceId), own) };
}

/** A host that had an incident since it was enabled is in service because somebody, or its reporters, have found it well. */
function whoseElse(
  host: HostState | undefined,
  disabledReason: string | null,
  enabledAtMs: number,
): Pick<ReservedSeen, 'theirs' | 'workedOn'> {
  const hasFailed = host?.incident != null || host?.returning != null;
  if (hasFailed) return { theirs: 'it has failed itself, or is on its way back' };
  const hadOne = (host?.lastIncident?.endedAtMs ?? 0) > enabledAtMs;
  if (hadOne) return { theirs: 'it has had an incident of its own since, and is in service after it' };
  const isOurs = host?.maintenance != null && disabledReason !== null && host.ours?.disabled === disabledReason;
  return isOurs ? { workedOn: true } : {};
}

/** Sends the one request of a committed intent, and records what came of it. */
async function answered(services: Services, intended: Loaded<HostState>, intent: Intended): Promise<Loaded<HostState>> {
  const answer = await ask(services, intent);
  const fact = reservedAnswered(intent.host, intent, answer, services.clock.now());
  return commitOutcome(services, intended, fact, (_, atMs) => ({
    facts: [fact],
    basis: { by: 'reserved-answer', atMs },
  }));
}

function ask({ compute }: Services, { act, host, serviceId, reason, aggregate }: Intended): Promise<Answer> {
  if (act === 'enable') return compute.enableService(serviceId);
  if (act === 'disable') return compute.disableService(serviceId, reason);
  if (aggregate === undefined) throw new Error(`no aggregate is named for ${host}`);
  return act === 'join' ? compute.addToAggregate(aggregate.id, host) : compute.removeFromAggregate(aggregate.id, host);
}
