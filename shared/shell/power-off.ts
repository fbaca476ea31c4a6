import type { HostBasis } from '#shared/domain/basis.ts';
import { bindingFault } from '#shared/domain/device-binding.ts';
import {
  decideAfterPowerOff,
  decideFencing,
  evidenceApart,
  fenceFailed,
  objectionToPowerOff,
  powerOffAnswered,
  powerRead,
  type TimedReading,
} from '#shared/domain/fence.ts';
import { fenceDeviceOf } from '#shared/domain/fence-device.ts';
import { type GuardState, withStop } from '#shared/domain/guards.ts';
import { type HostFact, type HostState, hostKeyOf } from '#shared/domain/host.ts';
import type { Segment } from '#shared/domain/policy.ts';
import { lastSeenUpMs } from '#shared/domain/reports.ts';
import type { FenceDevice, StateWrite } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { bindingWrites, loadBindings } from '#shared/state/bindings.ts';
import { guardChecks, guardWrite } from '#shared/state/guards.ts';
import { loadHost } from '#shared/state/hosts.ts';
import type { Loaded } from '#shared/state/items.ts';
import { loadTokens, NOTHING_IN_FLIGHT, tokenWrites } from '#shared/state/tokens.ts';
import { openDevice } from './device.ts';
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
  const config = fenceDeviceOf(policy, host.name);
  const fail = (because: string, ...read: readonly HostFact[]) => {
    const [atMs, random] = [clock.now(), chance.random()];
    const facts = [...read, fenceFailed(host.incident, because, segment, atMs, random)];
    return commitHost(services, loaded, { facts, basis: { by: 'no-reading', atMs, random } });
  };
  if (config === undefined) return fail('the policy names no fence device for the host');
  const device = await openDevice(services, config);
  if (typeof device === 'string') return fail(device);

  const [reading, live] = await Promise.all([readPower(services, device), orOutage(readLive(services, host, segment))]);
  if ('outage' in live)
    return fail(`Nova does not answer, and nothing is powered off without it: ${live.outage}`, powerRead(reading));
  const keys = new Set(live.value.allServices.map((service) => hostKeyOf(host.cloud, host.region, service.id)));
  const bindings = await loadBindings(services.state, reading.systemUuid, host.key, (key) => keys.has(key));
  const known = {
    boundTo: bindings.ofSystem?.value.hostKey || null,
    boundSystem: bindings.ofHost?.value.systemUuid ?? null,
    configured: config.systemUuid,
  };
  const { evidence, guards } = await readGates(services, host, segment, live.value);
  const fault = bindingFault(reading, known, host.key);
  const random = chance.random();
  const decision = decideFencing(host.incident, reading, fault, evidence, { policy, segment }, random);
  const { boundTo, boundSystem } = known;
  const { askedAtMs } = reading;
  const basis: HostBasis = {
    by: 'power',
    atMs: evidence.atMs,
    random,
    askedAtMs,
    boundTo,
    boundSystem,
    evidence: evidenceApart(reading, fault, decision.facts, evidence),
  };
  const bind = fault === null ? bindingWrites(reading.systemUuid, host.key, bindings) : [];
  // A switch that was committed first is never overtaken: the power-off finds both guards as the gates saw them.
  const unchanged = decision.do === 'power-off' ? guardChecks(segment.name, guards) : [];
  const stop = await stopWrites(services, decision.facts, segment, host.incident.id, guards.segment);
  const writes = [...bind, ...unchanged, ...stop];
  const committed = await commitHost(services, loaded, { facts: decision.facts, basis, writes });
  if (decision.do === 'commit') return committed;

  // The intent is committed: from here on a crash is looked after by reading the power again.
  const { incident } = committed.value;
  if (incident?.status !== 'fencing') return committed;
  const answer = await device.powerOff(reading.systemUuid, async () => {
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
  const after = await (answer.kind === 'refused' ? readPower(services, device) : readBack(services, device));
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
      random: again,
      current: current !== undefined,
    } as const;
    const facts =
      current === undefined
        ? [answered]
        : decideAfterPowerOff(current, answer, reading, after, lastSeenUpMs(claims), segment, atMs, again);
    return { facts, basis };
  });
}

async function readPower({ clock }: Services, device: FenceDevice): Promise<TimedReading> {
  const askedAtMs = clock.now();
  return { ...(await device.readPower()), askedAtMs };
}

async function readBack(services: Services, device: FenceDevice): Promise<TimedReading> {
  const startedMs = services.clock.now();
  let reading = await readPower(services, device);
  for (const pauseMs of READ_BACK_PAUSES_MS) {
    if (reading.power === 'off' || services.clock.now() - startedMs > READ_BACK_MS) break;
    await services.clock.sleep(pauseMs);
    reading = await readPower(services, device);
  }
  return reading;
}

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
