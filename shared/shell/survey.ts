import { fenceLevelsOf } from '#shared/domain/fence-device.ts';
import { hostKeyOf } from '#shared/domain/host.ts';
import { addressOf } from '#shared/domain/policy-devices.ts';
import { type HostReadiness, isAccountDue, isInDoubt, leftAlone, mayAsk } from '#shared/domain/readiness.ts';
import { cameTo, shareOf } from '#shared/domain/rounds.ts';
import { ConflictError } from '#shared/errors.ts';
import type { StateWrite } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { type InventoryHost, loadInventory } from '#shared/state/inventory.ts';
import type { Loaded } from '#shared/state/items.ts';
import { loadReadiness, readinessWrites } from '#shared/state/readiness.ts';
import { loadRound, roundWrite } from '#shared/state/rounds.ts';
import { askDevices } from './ask-devices.ts';
import { orOutage } from './live.ts';
import { type HeldHost, type Judged, judgeHosts } from './survey-hosts.ts';

const ROUND = 'survey-devices';
const WRITES_AT_ONCE = 90;

export interface Survey {
  /** How many hosts' devices were asked. */
  readonly asked: number;
  /** Of all hosts, as it is now. */
  readonly readiness: readonly HostReadiness[];
}

/**
 * Asks the devices of the hosts whose turn it is, and of those in doubt, and writes what has changed. Who is not come to
 * comes first in the next run.
 * @param untilMs from then on no device is asked any more, in Unix ms
 * @throws RetryableError when the state can't be read or written. While Nova does not answer, what it says is left out.
 */
export async function surveyShare(services: Services, untilMs: number): Promise<Survey> {
  const { state, policy, clock, compute, log } = services;
  const { cloud: region, survey } = policy;
  const [inventory, known, round, nova] = await Promise.all([
    loadInventory(state, region.name, region.region),
    loadReadiness(state, region),
    loadRound(state, ROUND, region),
    orOutage(compute.services()),
  ]);
  if ('outage' in nova) log.warn('fence devices are asked while Nova does not answer', { because: nova.outage });
  const computeServices = 'value' in nova ? nova.value : null;
  const mirrored = new Map(inventory.map(({ value }) => [keyOf(services, value), value]));
  const before = new Map(known.map((each) => [each.value.hostKey, each]));
  const held = [...mirrored].flatMap(([hostKey, host]) => heldHost(services, host, hostKey, before.get(hostKey)));
  const names = held.map(({ host }) => host);

  const share = shareOf(names, round?.value, survey.everySeconds, clock.now());
  const isDoubtful = (each: HeldHost) => each.before !== undefined && isInDoubt(each.before.value);
  const isDue = new Set(share.hosts);
  const turn = [...held.filter(isDoubtful), ...held.filter((each) => isDue.has(each.host) && !isDoubtful(each))];
  const mayBe = turn.flatMap((each) =>
    each.devices.flatMap((device) => {
      const standing = each.before?.value.devices.find(({ address }) => address === device.address);
      return mayAsk(standing, clock.now()) ? [{ device, standing }] : [];
    }),
  );
  const toAsk = new Set(mayBe.map(({ device }) => device));
  const due = mayBe.filter(({ standing }) => isAccountDue(standing, survey.credentialDays, clock.now()));
  const accounts = new Set(due.slice(0, survey.atOnce).map(({ device }) => device));
  const readings = await askDevices(services, [...toAsk], { atOnce: survey.atOnce, untilMs, accounts });
  const asked = turn.filter(({ devices }) => devices.every((device) => !toAsk.has(device) || readings.has(device)));

  const judged = await judgeHosts(services, asked, readings, toldBy(known, asked), computeServices);
  const isHeld = new Set(held.map(({ hostKey }) => hostKey));
  const left = known.flatMap((each): readonly Judged[] => {
    const { hostKey } = each.value;
    const because = mirrored.get(hostKey)?.because ?? 'Nova has no such host any more';
    if (isHeld.has(hostKey)) return [];
    return [{ before: each, result: leftAlone(each.value, because, clock.now()), writes: [] }];
  });
  await commitEach(services, [...judged, ...left]);
  const done = new Set(asked.map(({ host }) => host));
  await commit(services, [roundWrite(ROUND, region, round, cameTo(share, done, names, clock.now()))]);
  const changed = [...judged, ...left].flatMap(({ result: { next } }) => (next === undefined ? [] : [next]));
  const now = new Map([...known.map(({ value }) => value), ...changed].map((each) => [each.hostKey, each]));
  return { asked: asked.length, readiness: [...now.values()] };
}

const keyOf = ({ policy }: Services, { serviceId }: InventoryHost): string =>
  hostKeyOf(policy.cloud.name, policy.cloud.region, serviceId);

function heldHost(
  { policy }: Services,
  { host, segment }: InventoryHost,
  hostKey: string,
  before: HeldHost['before'],
): readonly HeldHost[] {
  if (segment === null) return [];
  const devices = fenceLevelsOf(policy, host).flatMap((level, index) =>
    level.map((config) => ({ level: index + 1, address: addressOf(config), config })),
  );
  const watchdog = policy.segments.some(({ name, fencing }) => name === segment && fencing.watchdog !== undefined);
  return [{ host, hostKey, segment, before, devices, watchdog }];
}

/** By the hosts that are not asked now, what their devices told. */
function toldBy(
  known: readonly Loaded<HostReadiness>[],
  asked: readonly HeldHost[],
): ReadonlyMap<string, readonly string[]> {
  const now = new Set(asked.map(({ hostKey }) => hostKey));
  const told = new Map<string, string[]>();
  for (const { value } of known) {
    if (now.has(value.hostKey)) continue;
    for (const { systemUuid } of value.devices)
      if (systemUuid !== null) told.set(systemUuid, [...(told.get(systemUuid) ?? []), value.host]);
  }
  return told;
}

/** A host that another run, or its fencing, has written meanwhile keeps nobody from the others. */
async function commitEach(services: Services, judged: readonly Judged[]): Promise<void> {
  const nowMs = services.clock.now();
  const all = judged
    .map(({ before, result, writes }) => [...readinessWrites(before, result, nowMs), ...writes])
    .filter((writes) => writes.length > 0);
  let batch: (readonly StateWrite[])[] = [];
  const flush = async () => {
    if (!(await commit(services, batch.flat()))) for (const writes of batch) await commit(services, writes);
    batch = [];
  };
  for (const writes of all) {
    if (batch.flat().length + writes.length > WRITES_AT_ONCE) await flush();
    batch.push(writes);
  }
  await flush();
}

/** Whether it was; not when somebody else was faster, whose word is as new. */
async function commit({ state }: Services, writes: readonly StateWrite[]): Promise<boolean> {
  if (writes.length === 0) return true;
  try {
    await state.transact(writes);
    return true;
  } catch (error) {
    if (error instanceof ConflictError) return false;
    throw error;
  }
}
