import { bindingFaultOf, wordsOf } from '#shared/domain/device-binding.ts';
import { fenceLevelsOf } from '#shared/domain/fence-device.ts';
import { type HostState, hostKeyOf } from '#shared/domain/host.ts';
import type { ReturnRules } from '#shared/domain/return/checks.ts';
import { asksForPower } from '#shared/domain/return/power-on.ts';
import type { Returning, ReturnSight } from '#shared/domain/return/returning.ts';
import { isRunning } from '#shared/domain/seen.ts';
import { segmentsOf, usesAggregates } from '#shared/domain/segments.ts';
import type { ComputeService, Migration, StateWrite } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { readBindings } from '#shared/state/bindings.ts';
import { openHosts } from '#shared/state/hosts.ts';
import { loadTokens } from '#shared/state/tokens.ts';
import { type Ladder, openLadder } from '../fence-ladder.ts';
import { readSwitches } from '../switches.ts';

export interface ReturnReading {
  readonly sight: ReturnSight;
  readonly unchanged: readonly StateWrite[];
  /** Of its fence devices, when their power was read. */
  readonly ladder: Ladder | undefined;
}

/** Everything that a look at a host on its way back rests on. Its power is read only where it counts. */
export async function readReturn(
  services: Services,
  host: HostState,
  returning: Returning,
  rules: ReturnRules,
): Promise<ReturnReading> {
  const { compute, policy, clock } = services;
  const [all, aggregates, evacuations] = await Promise.all([
    compute.services(),
    usesAggregates(policy) ? compute.aggregates() : [],
    compute.evacuationsFrom(host.name),
  ]);
  const service = all.find((each) => each.host === host.name);
  const holding = service === undefined ? [] : segmentsOf(policy, service, aggregates);
  // It may have come to another segment since, or left its own.
  const switches = await readSwitches(services, rules.segment, ...holding);
  const sight: ReturnSight = {
    atMs: clock.now(),
    service: service === undefined ? null : wordOf(service),
    newestReportAtMs: Math.max(0, ...all.map(({ lastReportAtMs }) => lastReportAtMs ?? 0)),
    segments: holding.map(({ name }) => name),
    running: evacuations.filter(isRunning).length,
    uncleaned: evacuations.filter(({ status }) => status === 'done').length,
    towards: 0,
    halted: switches.halted,
    power: null,
    deviceFault: null,
  };
  const { unchanged } = switches;
  if (!asksForPower(host, returning, sight, rules)) return { sight, unchanged, ladder: undefined };
  const read = await readPower(services, host, all);
  const towards = read.power.power === 'off' ? await evacuationsTowards(services, host) : 0;
  const { power, deviceFault, ladder } = read;
  return { sight: { ...sight, atMs: clock.now(), power, deviceFault, towards }, unchanged, ladder };
}

/** The sight with what counts at the last moment before a power-on: all but the power, which was read right before. */
export async function readAgain(
  services: Services,
  host: HostState,
  before: ReturnSight,
  { segment }: ReturnRules,
): Promise<ReturnSight> {
  const { compute, policy, clock } = services;
  const [service, aggregates, evacuations, towards] = await Promise.all([
    compute.service(host.name),
    usesAggregates(policy) ? compute.aggregates() : [],
    compute.evacuationsFrom(host.name),
    evacuationsTowards(services, host),
  ]);
  const holding = service === undefined ? [] : segmentsOf(policy, service, aggregates);
  const { halted } = await readSwitches(services, segment, ...holding);
  return {
    ...before,
    atMs: clock.now(),
    service: service === undefined ? null : wordOf(service),
    segments: holding.map(({ name }) => name),
    running: evacuations.filter(isRunning).length,
    towards,
    halted,
  };
}

const wordOf = ({ id, status, disabledReason, state, forcedDown, lastReportAtMs }: ComputeService) => ({
  id,
  status,
  disabledReason,
  state,
  forcedDown,
  lastReportAtMs,
});

/** By its own devices, which are not bound to it here: that was done when it was fenced, or before (S2). */
async function readPower(services: Services, host: HostState, all: readonly ComputeService[]) {
  const levels = fenceLevelsOf(services.policy, host.name);
  const unread = (detail: string) => ({
    power: { power: 'unknown', systemUuid: null, detail } as const,
    deviceFault: null,
    ladder: undefined,
  });
  if (levels.length === 0) return unread('the policy names no fence device for the host');
  const ladder = await openLadder(services, levels);
  if (typeof ladder === 'string') return unread(ladder);
  const reading = await ladder.readPower();
  const words = wordsOf(reading, levels[0]?.[0]?.driver);
  const keys = new Set(all.map((service) => hostKeyOf(host.cloud, host.region, service.id)));
  const { known } = await readBindings(services.state, host.key, words, levels, (key) => keys.has(key));
  const { power, systemUuid, detail, askedAtMs, askedEarlier } = reading;
  const told = {
    ...{ power, systemUuid, detail },
    ...(askedEarlier === undefined ? {} : { askedAtMs }),
    ...(reading.levels === undefined ? {} : { levels: reading.levels }),
  };
  return { power: told, deviceFault: bindingFaultOf(words, known, host.key), ladder };
}

/**
 * Evacuations of other hosts that are on their way to this one, from before it failed: whether they have ended is told by
 * its power being off. By salvor's own tokens, and by Nova for each host that is being recovered.
 */
async function evacuationsTowards({ state, compute, policy }: Services, { name, key }: HostState): Promise<number> {
  const { name: cloud, region } = policy.cloud;
  const tokens = await loadTokens(state, cloud, region);
  const asked = Object.values(tokens.value.byIncident).map(({ byDestination }) => byDestination[name] ?? 0);
  const open = (await openHosts(state, Number.MAX_SAFE_INTEGER)).filter((each) => each.key !== key);
  const lists = await Promise.all(open.map((each) => compute.evacuationsFrom(each.name)));
  const isTowards = (each: Migration): boolean => each.destinationHost === name && isRunning(each);
  const running = lists.flat().filter(isTowards).length;
  return Math.max(
    running,
    asked.reduce((sum, count) => sum + count, 0),
  );
}
