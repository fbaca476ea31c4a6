import type { Random } from '#sim/random.ts';
import { happens, pickOne, wholeBetween } from './engine/chance.ts';
import type { FaultKind, StateName } from './faults.ts';
import { wantsRenewals } from './leads.ts';
import { DEVICE_URL } from './ports/devices.ts';
import type { PlannedHost, PolicyInput } from './scenario.ts';
import type { Focus } from './schedule.ts';

/** Metadata key of aggregates that names the failure domain of their hosts. */
export const RACK = 'rack';

/** It lets come about, and last, what the failures are for. */
export function policyOf(random: Random, hosts: readonly PlannedHost[], focuses: readonly Focus[]): PolicyInput {
  const aims = new Set<StateName | FaultKind>(focuses.flatMap(({ state, kinds }) => [state, ...kinds]));
  const renews = focuses.some(wantsRenewals);
  const windowSeconds = pickOne(random, [300, 600]);
  const segments = [...new Set(hosts.flatMap(({ segment }) => (segment === null ? [] : [segment])))];
  const proofMaxAgeSeconds = pickOne(random, renews ? [30] : [30, 60, 120]);
  const settleSeconds = pickOne(random, [60, 90, 120]);
  const knowsSystems = happens(random, 0.5) || aims.has('bmc-wrong-host');
  // One host has none: it is held until somebody has seen to it.
  const named = happens(random, 0.12) ? hosts.toSpliced(wholeBetween(random, 0, hosts.length - 1), 1) : hosts;
  const device = { driver: 'redfish' as const, credentials: 'bmc', timeoutSeconds: pickOne(random, [4, 10]) };
  // Guards that hold many hosts, and such that let most of them go on to where the other faults are.
  const strict = happens(random, 0.15);
  const groups = groupsOf(random);
  return {
    version: 1,
    ...(groups.of === undefined ? {} : { reporterGroups: groups.of }),
    segments: segments.map((name) => ({
      name,
      hosts: { aggregate: name },
      mode: happens(random, 0.97) ? 'enforce' : 'shadow',
      graceSeconds: pickOne(random, aims.has('suspected') ? [20, 40] : [0, 10, 20, 40]),
      reporters: {
        required: pickOne(random, groups.required),
        claimTtlSeconds: pickOne(random, [120, 300, 900]),
        maxAccusedPercent: pickOne(random, [20, 40]),
        maxAccusedHosts: happens(random, 0.12) ? 1 : 3,
      },
      requireNovaDown: happens(random, 0.8),
      storm: stormOf(random, strict ? [1, 2, 3] : [4, 6], windowSeconds, strict),
      minHealthyHosts: pickOne(random, strict ? [1, 2, 3] : [1, 1, 1, 1, 1, 1, 1, 2]),
      instances: {
        protect: happens(random, 0.85) ? 'all' : 'opted-in',
        sharedInstanceStorage: happens(random, 0.75),
        allowRebuildFromImage: happens(random, 0.1),
        lostStates: happens(random, 0.8) ? 'recover-stopped' : 'leave',
        inError: happens(random, 0.8) ? 'recover' : 'leave',
      },
      evacuation: {
        maxInFlight: pickOne(random, renews ? [1, 2] : [1, 3, 50]),
        maxInFlightPerDestination: pickOne(random, [1, 2, 10]),
        maxAttempts: pickOne(random, [2, 3, 5]),
        retryBaseSeconds: pickOne(random, [1, 5, 10]),
        retryMaxSeconds: 40,
        settleSeconds,
        pollSeconds: pickOne(random, [2, 3, 5]),
        deadlineSeconds: pickOne(random, aims.has('handing-over') ? [90, 150] : [300, 600, 900]),
      },
      fencing: { proofMaxAgeSeconds, retryBaseSeconds: pickOne(random, [2, 5]), retryMaxSeconds: 30 },
    })),
    watch: {
      everySeconds: happens(random, 0.3) ? pickOne(random, [10, 30]) : 0,
      staleSeconds: pickOne(random, [20, 40]),
    },
    survey: { everySeconds: happens(random, 0.3) ? pickOne(random, [60, 300]) : 0 },
    forecast: { everySeconds: happens(random, 0.2) ? pickOne(random, [60, 300]) : 0 },
    settling: { pauseSeconds: pickOne(random, [0, 60, 120]), maxGapSeconds: pickOne(random, [120, 300]) },
    observer: {
      devices: pickOne(random, [1, 5, 5, 5]),
      minDevicesPercent: pickOne(random, [50, 50, 100]),
      minHostsUpPercent: pickOne(random, [30, 50, 50, 75]),
    },
    dependencies: happens(random, 0.1) ? { ignore: ['cinder', 'glance'] } : {},
    fenceDevices: knowsSystems
      ? Object.fromEntries(
          named.map(({ name, systemUuid }) => [
            name,
            { ...device, url: DEVICE_URL.replace('{host}', name), systemUuid },
          ]),
        )
      : { '*': { ...device, url: DEVICE_URL } },
    failureDomains: domainsOf(random, hosts, strict, windowSeconds),
    global: {
      storm: stormOf(random, strict ? [2, 3, 5] : [5, 8], windowSeconds, strict),
      maxEvacuationsInFlight: pickOne(random, [2, 10, 100]),
    },
  };
}

const stormOf = (random: Random, maxHosts: readonly number[], windowSeconds: number, strict: boolean) => ({
  maxHosts: pickOne(random, maxHosts),
  maxPercent: pickOne(random, strict ? [34, 50, 75] : [75, 100]),
  windowSeconds,
  maxHostsPerDay: pickOne(random, strict ? [3, 20, 20, 20] : [20]),
  maxHostsPerMinute: pickOne(random, strict ? [1, 3] : [1, 2, 3]),
  coolDownSeconds: pickOne(random, [0, 30, 120]),
});

/** Reporters that are one source; and how many sources may be asked for, so that most hosts find enough. */
function groupsOf(random: Random): { readonly of?: Record<string, string[]>; readonly required: readonly number[] } {
  if (happens(random, 0.04)) return { of: { agents: ['/agents/*'] }, required: [1, 2] };
  if (happens(random, 0.2)) return { of: { cluster: ['/agents/consul', '/agents/pace*'] }, required: [1, 2, 2] };
  return { required: [1, 1, 2, 3] };
}

/** Racks as Nova's aggregates name them, or the policy, or none. */
function domainsOf(random: Random, hosts: readonly PlannedHost[], strict: boolean, windowSeconds: number) {
  const limits = {
    maxHostsPerDomain: pickOne(random, strict ? [1, 2] : [4, 6]),
    maxDomains: pickOne(random, strict ? [1, 2] : [3]),
    windowSeconds,
  };
  const racks = wholeBetween(random, 2, 3);
  const named = hosts.map(({ name }, index) => ({ name, rack: `rack-${index % racks}` }));
  const inRack = Object.groupBy(named, ({ rack }) => rack);
  const byName = Object.entries(inRack).map(([rack, all = []]) => [rack, all.map(({ name }) => name)] as const);
  return pickOne(random, [
    limits,
    { ...limits, aggregateMetadataKey: RACK },
    { ...limits, hosts: Object.fromEntries(byName) },
  ]);
}
