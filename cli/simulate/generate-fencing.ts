import type { Random } from '#sim/random.ts';
import { happens, pickOne, wholeBetween } from './engine/chance.ts';
import type { FaultKind, PlannedFault } from './faults.ts';
import { isOutlet, MAIN, outletUrl } from './ports/devices.ts';
import type { PlannedFailure, PlannedHost, PolicyInput, Scenario, SegmentInput } from './scenario.ts';

/**
 * What else can prove that a host is off than its one BMC: further devices, its watchdog, people. By a chance of its own,
 * so that all else of a seed stays as it was.
 */
export function withFencing(random: Random, scenario: Scenario): Scenario {
  const guards = happens(random, 0.4);
  const resetSeconds = pickOne(random, [10, 30]);
  const people = pickOne(random, [0, 1, 2, 2]);
  const maxAgeSeconds = pickOne(random, [120, 600, 3600]);
  const hosts = scenario.hosts.map((host) => equipped(random, host, guards ? resetSeconds : null));
  const entries = Object.fromEntries(
    hosts.flatMap(({ host, ways }): readonly (readonly [string, FenceEntry])[] => {
      const entry = entryOf(scenario.policy, host, ways);
      return entry === undefined ? [] : [[host.name, entry]];
    }),
  );
  const fencingOf = ({ fencing }: SegmentInput): SegmentInput['fencing'] => ({
    ...fencing,
    confirmOff: { people, maxAgeSeconds },
    ...(guards ? { watchdog: { resetSeconds } } : {}),
  });
  const { policy, failures, faults } = scenario;
  return {
    ...scenario,
    hosts: hosts.map(({ host }) => host),
    policy: {
      ...policy,
      segments: policy.segments.map((segment) => ({ ...segment, fencing: fencingOf(segment) })),
      fenceDevices: entries,
    },
    failures: failures.map((failure) =>
      guards && failure.how === 'cut-off' && happens(random, 0.3) ? { ...failure, getsLeases: true } : failure,
    ),
    ...(guards ? { keepers: { lost: 0.02, late: 0.1, deaf: pickOne(random, [0, 0.002]) } } : {}),
    faults: [
      ...faults.map((fault) => ofOneDevice(random, fault, hosts)),
      ...failures.flatMap((failure) => silencesOf(random, failure, guards || people > 0)),
      ...failures.flatMap((failure) => outletFaultsOf(random, failure, hosts)),
    ],
  };
}

type FenceEntry = PolicyInput['fenceDevices'][string];
type Device = Exclude<FenceEntry, { readonly levels: unknown }>;
type Way = 'bmc' | 'ipmi' | 'outlets';

interface Equipped {
  readonly host: PlannedHost;
  /** How it is fenced, level by level. */
  readonly ways: readonly Way[];
}

const LEVELS: readonly (readonly Way[])[] = [
  ['bmc'],
  ['ipmi'],
  ['bmc', 'ipmi'],
  ['bmc', 'outlets'],
  ['ipmi', 'outlets'],
  ['outlets', 'bmc'],
  ['outlets'],
];
const OUTLETS = ['a', 'b'] as const;
/** A watchdog's clock and the world's may run apart by this part. */
const DRIFT = 0.019;

/** @param resetSeconds so long the policy gives a watchdog for the reset; null: no host has one */
function equipped(random: Random, host: PlannedHost, resetSeconds: number | null): Equipped {
  const isGuarded = resetSeconds !== null && host.segment !== null && happens(random, 0.85);
  const ways = isGuarded && happens(random, 0.3) ? [] : pickOne(random, LEVELS);
  const timeoutSeconds = pickOne(random, [20, 30, 60]);
  const timeoutMs = Math.round(1000 * timeoutSeconds * (1 + DRIFT * (2 * random.next() - 1)));
  const watchdog = { timeoutSeconds, timeoutMs, resetMs: Math.round(1000 * (resetSeconds ?? 0) * random.next()) };
  return {
    host: {
      ...host,
      ...(ways.includes('outlets') ? { outlets: OUTLETS } : {}),
      ...(isGuarded ? { watchdog } : {}),
    },
    ways,
  };
}

/** Made of the one device that the policy has for the host; a host for which it has none stays without. */
function entryOf({ fenceDevices }: PolicyInput, { name }: PlannedHost, ways: readonly Way[]): FenceEntry | undefined {
  const base = fenceDevices[name] ?? fenceDevices['*'];
  if (base === undefined || 'levels' in base || ways.length === 0) return undefined;
  const { systemUuid, timeoutSeconds } = base;
  const common = timeoutSeconds === undefined ? {} : { timeoutSeconds };
  const own = { ...common, ...(systemUuid === undefined ? {} : { systemUuid }) };
  const levels = ways.map((way): Device | Device[] => {
    if (way === 'bmc') return base;
    if (way === 'ipmi') return { driver: 'ipmi', address: name, credentials: 'bmc', ...own };
    return OUTLETS.map((outlet) => ({
      driver: 'webhook',
      url: outletUrl(outlet),
      switches: 'outlet',
      credentials: 'pdu',
      ...common,
    }));
  });
  const [only, ...more] = levels;
  return more.length === 0 && only !== undefined && !Array.isArray(only) ? only : { levels };
}

const devicesOf = (ways: readonly Way[]): readonly string[] =>
  ways.flatMap((way) =>
    way === 'outlets' ? OUTLETS.map((outlet) => `outlet ${outlet}`) : [way === 'bmc' ? MAIN : way],
  );

/** What befalls devices befalls one of several, or all of them. */
function ofOneDevice(random: Random, fault: PlannedFault, hosts: readonly Equipped[]): PlannedFault {
  const devices = devicesOf(hosts.find(({ host }) => host.name === fault.host)?.ways ?? []);
  if (!fault.kind.startsWith('bmc-') || devices.length < 2 || happens(random, 0.4)) return fault;
  return { ...fault, device: pickOne(random, devices) };
}

const ON_OUTLETS: readonly FaultKind[] = ['bmc-stuck', 'bmc-stuck', 'bmc-hangs', 'bmc-errors', 'bmc-refuses'];

/** One of two outlets can't be switched or read for a while, and the board tells nothing: the host may run. */
function outletFaultsOf(
  random: Random,
  { host, atMs }: PlannedFailure,
  hosts: readonly Equipped[],
): readonly PlannedFault[] {
  const devices = devicesOf(hosts.find((each) => each.host.name === host)?.ways ?? []);
  const outlets = devices.filter(isOutlet);
  if (outlets.length === 0 || happens(random, 0.5)) return [];
  const forMs = wholeBetween(random, 20_000, 200_000);
  const fault = (kind: FaultKind, device: string): PlannedFault => ({
    ...{ kind, host, device, forMs, fromMs: Math.max(0, atMs - 1_000) },
    ...{ during: 'fencing', skip: 0, afterMs: 0, times: 1, sizeMs: 0 },
  });
  const boards = devices.filter((device) => !isOutlet(device));
  return [
    fault(pickOne(random, ON_OUTLETS), pickOne(random, outlets)),
    ...boards.map((device) => fault(pickOne(random, SILENT), device)),
  ];
}

const SILENT: readonly FaultKind[] = ['bmc-hangs', 'bmc-errors', 'bmc-refuses'];

/** The devices of the host say nothing for longer than a watchdog takes, and people come. */
function silencesOf(random: Random, { host, atMs }: PlannedFailure, isWaitedFor: boolean): readonly PlannedFault[] {
  if (!isWaitedFor || happens(random, 0.4)) return [];
  const common = { host, during: 'fencing' as const, skip: 0, times: 1 };
  const silence: PlannedFault = {
    ...common,
    kind: pickOne(random, SILENT),
    fromMs: Math.max(0, atMs - 1_000),
    afterMs: 0,
    forMs: wholeBetween(random, 60_000, 500_000),
    sizeMs: 0,
  };
  const word: PlannedFault = {
    ...common,
    kind: 'off-confirmed',
    fromMs: silence.fromMs,
    afterMs: wholeBetween(random, 3_000, 120_000),
    forMs: 0,
    sizeMs: wholeBetween(random, 500, 60_000),
  };
  return happens(random, 0.5) ? [silence, word] : [silence];
}
