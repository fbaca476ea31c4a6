import type { HostBasis } from '#shared/domain/basis.ts';
import { bindingFaultOf, wordsOf } from '#shared/domain/device-binding.ts';
import {
  decideAfterPowerOff,
  decideFencing,
  evidenceApart,
  objectionToPowerOff,
  powerOffAnswered,
} from '#shared/domain/fence.ts';
import { fenceLevelsOf } from '#shared/domain/fence-device.ts';
import { fenceFailed } from '#shared/domain/fence-failed.ts';
import { attemptsAt, type TimedReading } from '#shared/domain/fence-levels.ts';
import { type GuardState, withStop } from '#shared/domain/guards.ts';
import { type HostFact, type HostState, hostKeyOf } from '#shared/domain/host.ts';
import type { Segment } from '#shared/domain/policy.ts';
import { powerRead } from '#shared/domain/power-read.ts';
import { lastSeenUpMs } from '#shared/domain/reports.ts';
import { revoked, type WatchdogLease } from '#shared/domain/watchdog.ts';
import type { StateWrite } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { readBindings } from '#shared/state/bindings.ts';
import { guardChecks, guardWrite } from '#shared/state/guards.ts';
import { loadHost } from '#shared/state/hosts.ts';
import type { Loaded } from '#shared/state/items.ts';
import { loadTokens, NOTHING_IN_FLIGHT, tokenWrites } from '#shared/state/tokens.ts';
import { loadWatchdog, watchdogWrite } from '#shared/state/watchdog.ts';
import { type Ladder, openLadder } from './fence-ladder.ts';
import { orOutage, readGates, readHalt, readLive, segmentOf } from './live.ts';
import { inForce } from './policy-in-force.ts';
import { commitHost, commitOutcome, type HostIn } from './step.ts';

/** Pauses between the readings after a power-off, in ms: most devices are off within a second. */
const READ_BACK_PAUSES_MS = [50, 150, 300, 500, 1000, 2000, 3000] as const;
const READ_BACK_MS = 12_000;

/** One step of the status `fencing`: read the power; if it is on, and every gate is open, power off and read back. */
export async function powerOff(services: Services, loaded: Loaded<HostIn<'fencing'>>): Promise<Loaded<HostState>> {
  const { clock, chance, policy } = services;
  const host = loaded.value;
  const segment = segmentOf(services, host.incident.segment);
  const levels = fenceLevelsOf(policy, host.name);
  const fail = (because: string, ...read: readonly HostFact[]) => {
    const [atMs, random] = [clock.now(), chance.random()];
    const facts = [...read, fenceFailed(host.incident, because, segment, atMs, random)];
    return commitHost(services, loaded, { facts, basis: { by: 'no-reading', atMs, random } });
  };
  // Where people have confirmed that it is off, or a watchdog resets it, no device need answer.
  const confirmed = host.incident.offConfirmed !== undefined || segment.fencing.watchdog !== undefined;
  if (levels.length === 0 && !confirmed) return fail('the policy names no fence device for the host');
  const ladder = await openLadder(services, levels);
  if (typeof ladder === 'string' && !confirmed) return fail(ladder);

  const [reading, live] = await Promise.all([
    typeof ladder === 'string' ? nothingRead(services, ladder) : ladder.readPower(),
    orOutage(readLive(services, host, segment)),
  ]);
  if ('outage' in live)
    return fail(`Nova does not answer, and nothing is powered off without it: ${live.outage}`, powerRead(reading));
  const keys = new Set(live.value.allServices.map((service) => hostKeyOf(host.cloud, host.region, service.id)));
  const words = wordsOf(reading, levels[0]?.[0]?.driver);
  const { known, writes: bind } = await readBindings(services.state, host.key, words, levels, (key) => keys.has(key));
  const { evidence, guards } = await readGates(services, host, segment, live.value);
  const fault = bindingFaultOf(words, known, host.key);
  const watchdog = reading.power === 'unknown' ? await loadWatchdog(services.state, host.key) : undefined;
  const random = chance.random();
  const decision = decideFencing(host.incident, reading, fault, evidence, { policy, segment }, random, watchdog?.value);
  const { askedAtMs } = reading;
  const bound = known.map((level) => level.map(({ boundTo, boundSystem }) => ({ boundTo, boundSystem })));
  const basis: HostBasis = {
    by: 'power',
    atMs: evidence.atMs,
    random,
    askedAtMs,
    ...(bound[0]?.[0] ?? { boundTo: null, boundSystem: null }),
    ...(reading.levels === undefined ? {} : { devices: bound }),
    ...(watchdog === undefined ? {} : { lease: watchdog.value }),
    evidence: evidenceApart(reading, fault, decision.facts, evidence),
  };
  // A switch that was committed first is never overtaken: the power-off finds both guards as the gates saw them.
  const unchanged = decision.do === 'power-off' ? guardChecks(segment.name, guards) : [];
  const stop = await stopWrites(services, decision.facts, segment, host.incident.id, guards.segment);
  const writes = [
    ...(fault === null ? bind : []),
    ...unchanged,
    ...stop,
    ...revocation(decision.facts, watchdog, host.incident.id),
  ];
  const committed = await commitHost(services, loaded, { facts: decision.facts, basis, writes });
  if (decision.do === 'commit' || typeof ladder === 'string') return committed;

  // The intent is committed: from here on a crash is looked after by reading the power again.
  const { incident } = committed.value;
  if (incident?.status !== 'fencing') return committed;
  const answer = await ladder.powerOff(decision.level, async () => {
    const [now, { halted }, inForceNow] = await Promise.all([
      loadHost(services.state, host.key),
      readHalt(services, segment),
      inForce(services),
    ]);
    const isHeld = inForceNow === services || live.value.heldIn(inForceNow.policy).includes(segment.name);
    const left = isHeld ? undefined : `segment ${segment.name} does not hold the host any more`;
    return objectionToPowerOff(incident, evidence.atMs, now?.value, halted ?? left, clock.now());
  });
  // Who was refused a power-off will not be off in a moment.
  const after = await (answer.kind === 'refused' ? ladder.readPower() : readBack(services, ladder, decision.level));
  const answered = powerOffAnswered(incident.powerOffs, answer);
  return commitOutcome(services, committed, answered, ({ incident: now, claims }, atMs) => {
    // Once another step was taken, this reading may be older than what that one saw.
    const current = now?.status === 'fencing' && now.tick === incident.tick ? now : undefined;
    const again = chance.random();
    const basis = {
      by: 'read-back',
      atMs,
      askedAtMs: after.askedAtMs,
      systemUuid: reading.systemUuid,
      ...(reading.levels === undefined ? {} : { levels: reading.levels }),
      random: again,
      current: current !== undefined,
    } as const;
    if (current === undefined) return { facts: [answered], basis };
    const attempts = attemptsAt(levels, decision.level);
    const upMs = lastSeenUpMs(claims);
    return {
      facts: decideAfterPowerOff(current, answer, reading, after, upMs, segment, atMs, again, attempts),
      basis,
    };
  });
}

/** From the proof by time on, the host gets no lease; one that was granted meanwhile makes the proof void before it is made. */
const revocation = (
  facts: readonly HostFact[],
  watchdog: Loaded<WatchdogLease> | undefined,
  incidentId: string,
): readonly StateWrite[] =>
  watchdog !== undefined && facts.some((fact) => fact.type === 'proof-made' && fact.proof.kind === 'watchdog')
    ? [watchdogWrite(watchdog, revoked(watchdog.value, incidentId))]
    : [];

/** Of the level that was switched off, until it says off; then all devices are asked whether one still sees it on. */
async function readBack(services: Services, ladder: Ladder, level: number): Promise<TimedReading> {
  const startedMs = services.clock.now();
  let reading = await ladder.readPower(level);
  for (const pauseMs of READ_BACK_PAUSES_MS) {
    if (reading.power === 'off' || services.clock.now() - startedMs > READ_BACK_MS) break;
    await services.clock.sleep(pauseMs);
    reading = await ladder.readPower(level);
  }
  return ladder.levels > 1 ? ladder.readPower() : reading;
}

const nothingRead = ({ clock }: Services, detail: string): TimedReading => ({
  power: 'unknown',
  systemUuid: null,
  detail: detail || 'the policy names no fence device for the host',
  durationMs: 0,
  askedAtMs: clock.now(),
});

/**
 * S1: a contradiction stops the whole segment, in the same transaction that records it. What the incident has in flight
 * goes on in Nova; its tokens are free for others meanwhile.
 */
async function stopWrites(
  { state, policy, clock }: Services,
  facts: readonly HostFact[],
  segment: Segment,
  incidentId: string,
  guard: Loaded<GuardState>,
): Promise<readonly StateWrite[]> {
  const stopped = facts.find((fact) => fact.type === 'stopped');
  if (stopped === undefined) return [];
  const stop = { reason: stopped.because, incidentId, atMs: clock.now() };
  const { name: cloud, region } = policy.cloud;
  const tokens = await loadTokens(state, cloud, region);
  return [
    guardWrite({ segment: segment.name }, guard, withStop(guard.value, stop)),
    ...tokenWrites(cloud, region, tokens, incidentId, NOTHING_IN_FLIGHT),
  ];
}
