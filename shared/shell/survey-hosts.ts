import {
  asBound,
  type DeviceReading,
  type HostsOfSystems,
  type JudgedDevice,
  judgeDevices,
  noDevice,
  type SurveyedDevice,
  WATCHDOG,
  watchdogDevice,
} from '#shared/domain/device-survey.ts';
import { isMaintenance } from '#shared/domain/gates/of-host.ts';
import { hostKeyOf } from '#shared/domain/host.ts';
import type { FenceDeviceConfig } from '#shared/domain/policy-devices.ts';
import {
  deviceToBind,
  type HostReadiness,
  type NextReadiness,
  nextReadiness,
  type SurveyedHost,
} from '#shared/domain/readiness.ts';
import type { ComputeService, StateWrite } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { readBindings, rebindingWrites } from '#shared/state/bindings.ts';
import type { Loaded } from '#shared/state/items.ts';
import { loadWatchdog } from '#shared/state/watchdog.ts';

export interface HeldDevice {
  readonly level: number;
  readonly address: string;
  readonly config: FenceDeviceConfig;
}

/** A host that a segment holds, with the devices that the policy names for it. */
export interface HeldHost {
  readonly host: string;
  readonly hostKey: string;
  readonly segment: string;
  readonly before: Loaded<HostReadiness> | undefined;
  readonly devices: readonly HeldDevice[];
  /** The policy takes its watchdog for a proof. */
  readonly watchdog: boolean;
}

/** What becomes of one host, and what is written with it. */
export interface Judged {
  readonly before: Loaded<HostReadiness> | undefined;
  readonly result: NextReadiness;
  readonly writes: readonly StateWrite[];
}

/** A device that was asked, and what would bind it to its host. */
interface Known {
  readonly device: SurveyedDevice;
  readonly binding: readonly StateWrite[];
}

/**
 * Judges all that was read in one go, as one system may answer for several hosts; and binds what is to be bound.
 * @param told by hosts that were not asked now
 * @param nova null while it does not answer
 */
export async function judgeHosts(
  services: Services,
  hosts: readonly HeldHost[],
  readings: ReadonlyMap<HeldDevice, DeviceReading>,
  told: HostsOfSystems,
  nova: readonly ComputeService[] | null,
): Promise<readonly Judged[]> {
  const { policy, clock } = services;
  const { name, region } = policy.cloud;
  const serviceOf = new Map(nova?.map((each) => [each.host, each]));
  const keys = new Set(nova?.map(({ id }) => hostKeyOf(name, region, id)));
  const exists = (hostKey: string) => nova === null || keys.has(hostKey);
  const known = await Promise.all(
    hosts.map((host) => knownOf(services, host, readings, serviceOf.get(host.host)?.state ?? null, exists)),
  );
  const judged = judgeDevices(
    known.flat().map(({ device }) => device),
    told,
  );
  const ofHost = Map.groupBy(judged, ({ hostKey }) => hostKey);
  return Promise.all(
    hosts.map(async (held, index): Promise<Judged> => {
      const { before, hostKey, host, segment } = held;
      const service = serviceOf.get(host);
      const bound = await bind(services, held, ofHost.get(hostKey) ?? [], known[index] ?? []);
      const asked: SurveyedHost = {
        ...{ host, hostKey, segment, judged: bound.judged, novaState: service?.state ?? null },
        outOfService: service === undefined ? null : isMaintenance(service) || service.forcedDown,
        addresses: addressesOf(held),
      };
      const { next, facts } = nextReadiness(before?.value, asked, clock.now());
      return { before, result: { next, facts: [...bound.facts, ...facts] }, writes: bound.writes };
    }),
  );
}

function addressesOf({ devices, watchdog }: HeldHost): readonly string[] {
  const addresses = [...devices.map(({ address }) => address), ...(watchdog ? [WATCHDOG] : [])];
  return addresses.length === 0 ? [''] : addresses;
}

async function knownOf(
  { state, clock }: Services,
  { host, hostKey, before, devices, watchdog }: HeldHost,
  readings: ReadonlyMap<HeldDevice, DeviceReading>,
  novaState: ComputeService['state'] | null,
  exists: (hostKey: string) => boolean,
): Promise<readonly Known[]> {
  const of = { host, hostKey, novaState };
  const level = Math.max(0, ...devices.map((each) => each.level)) + 1;
  const lease = watchdog ? (await loadWatchdog(state, hostKey))?.value : undefined;
  const guarded = watchdog ? [{ device: watchdogDevice({ ...of, level }, lease, clock.now()), binding: [] }] : [];
  if (devices.length === 0) return watchdog ? guarded : [{ device: noDevice(of), binding: [] }];
  const asked = devices.flatMap((device) => {
    const reading = readings.get(device);
    return reading === undefined ? [] : [{ ...device, reading }];
  });
  const known = await Promise.all(
    asked.map(async ({ level, address, config, reading }): Promise<Known> => {
      const { systemUuid, power } = reading;
      const { driver } = config;
      const device = { ...of, level, address, driver, reading, configured: config.systemUuid };
      if (power === 'unknown') return { device: { ...device, bound: null }, binding: [] };
      const standing = before?.value.devices.find((each) => each.address === address);
      // Nobody but a policy takes a binding back.
      if (standing?.bound === true && standing.systemUuid === systemUuid)
        return { device: { ...device, bound: { boundTo: hostKey, boundSystem: systemUuid } }, binding: [] };
      const word = { driver, power, systemUuid };
      const { known: ofWord, writes } = await readBindings(state, hostKey, [[word]], [[config]], exists);
      const { boundTo = null, boundSystem = null } = ofWord[0]?.[0] ?? {};
      return { device: { ...device, bound: { boundTo, boundSystem } }, binding: writes };
    }),
  );
  return [...known, ...guarded];
}

interface Bound extends Pick<Judged, 'writes'> {
  readonly judged: readonly JudgedDevice[];
  readonly facts: NextReadiness['facts'];
}

/** One device a time: what another one of the host tells is judged by that from then on. */
async function bind(
  { state }: Services,
  { hostKey, before }: HeldHost,
  judged: readonly JudgedDevice[],
  known: readonly Known[],
): Promise<Bound> {
  const device = deviceToBind(before?.value, judged);
  const systemUuid = device?.reading.systemUuid ?? null;
  if (device === undefined || device.driver === null || systemUuid === null) return { judged, facts: [], writes: [] };
  const { address, because, trouble, driver } = device;
  const first = known.find((each) => each.device.address === address)?.binding ?? [];
  return {
    judged: judged.map((each) => (each.address === address ? asBound(each) : each)),
    facts: [{ type: 'device-bound', systemUuid, address, because }],
    writes: trouble === null ? first : await rebindingWrites(state, hostKey, { systemUuid, driver }),
  };
}
