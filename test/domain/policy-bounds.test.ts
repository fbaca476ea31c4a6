import { describe, expect, it } from 'vitest';
import { policySchema } from '#shared/domain/policy.ts';

const device = { driver: 'redfish', url: 'https://bmc.test/redfish/v1/Systems/1', credentials: 'bmc' };
/** The smallest policy, without a grace period: `claimTtlSeconds` must be longer than that. */
const base = {
  version: 1,
  segments: [{ name: 'a', hosts: { availabilityZone: 'nova' }, graceSeconds: 0 }],
  fenceDevices: { 'compute-1': device },
};

/** The policy with another value at `path`, such as `segments.0.storm.maxHosts`. */
function withValue(path: string, value: unknown): unknown {
  const set = (within: unknown, [key = '', ...rest]: readonly string[]): unknown => {
    if (Array.isArray(within)) return within.map((each, index) => (String(index) === key ? set(each, rest) : each));
    const fields = (within ?? {}) as Record<string, unknown>;
    return { ...fields, [key]: rest.length === 0 ? value : set(fields[key], rest) };
  };
  return set(base, path.split('/'));
}
function at(path: string, policy: unknown = base): unknown {
  let value: unknown = policySchema.parse(policy);
  for (const key of path.split('/')) value = (value as Record<string, unknown>)[key];
  return value;
}
const isTaken = (path: string, value: unknown): boolean => policySchema.safeParse(withValue(path, value)).success;

const DAY = 86_400;
/** Each number of the policy: its least and its greatest value, whether it is whole, and what it is unless it is told. */
const NUMBERS: readonly (readonly [path: string, min: number, max: number, kind: 'whole' | 'any', unless: number])[] = [
  ['segments/0/reporters/required', 1, 20, 'whole', 1],
  ['segments/0/reporters/claimTtlSeconds', 10, DAY, 'any', 900],
  ['segments/0/reporters/maxAccusedHosts', 1, Infinity, 'whole', 3],
  ...(['segments/0/storm', 'global/storm'] as const).flatMap((storm) => {
    const maxHosts = storm === 'global/storm' ? 5 : 3;
    return [
      [`${storm}/maxHosts`, 1, Infinity, 'whole', maxHosts],
      [`${storm}/maxHostsPerDay`, 1, Infinity, 'whole', 2 * maxHosts],
      [`${storm}/maxHostsPerMinute`, 1, Infinity, 'whole', maxHosts],
      [`${storm}/windowSeconds`, 1, DAY, 'any', 3600],
      [`${storm}/coolDownSeconds`, 0, DAY, 'any', 600],
    ] as const;
  }),
  ['segments/0/minHealthyHosts', 1, Infinity, 'whole', 3],
  ['segments/0/evacuation/maxInFlight', 1, 5000, 'whole', 50],
  ['segments/0/evacuation/maxInFlightPerDestination', 1, 5000, 'whole', 10],
  ['segments/0/evacuation/maxAttempts', 1, 20, 'whole', 5],
  ['segments/0/evacuation/retryBaseSeconds', 0, 3600, 'any', 10],
  ['segments/0/evacuation/retryMaxSeconds', 1, DAY, 'any', 300],
  ['segments/0/evacuation/settleSeconds', 1, 3600, 'any', 120],
  ['segments/0/evacuation/pollSeconds', 1, 60, 'any', 2],
  ['segments/0/evacuation/deadlineSeconds', 60, 7 * DAY, 'any', 6 * 3600],
  ['segments/0/order/gate/seconds', 0, DAY, 'any', 60],
  ['segments/0/order/gate/deadlineSeconds', 1, DAY, 'any', 600],
  ['segments/0/fencing/proofMaxAgeSeconds', 30, 600, 'any', 120],
  ['segments/0/fencing/retryBaseSeconds', 1, 3600, 'any', 5],
  ['segments/0/fencing/retryMaxSeconds', 1, DAY, 'any', 300],
  ['fenceDevices/compute-1/timeoutSeconds', 1, 15, 'any', 10],
  ['failureDomains/maxHostsPerDomain', 1, Infinity, 'whole', 2],
  ['failureDomains/maxDomains', 1, Infinity, 'whole', 3],
  ['failureDomains/windowSeconds', 1, DAY, 'any', 3600],
  ['global/maxEvacuationsInFlight', 1, 5000, 'whole', 100],
  ['events/maxAgeSeconds', 1, DAY, 'any', 900],
  ['events/maxAheadSeconds', 0, 3600, 'any', 60],
];

describe('a number of the policy', () => {
  it.each(NUMBERS)('%s is from %d to %d (%s), and %d unless it is told', (path, min, max, kind, unless) => {
    expect(at(path)).toBe(unless);
    const most = Number.isFinite(max) ? max : 1e9;
    for (const value of [min, most]) expect(at(path, withValue(path, value))).toBe(value);
    expect(isTaken(path, min - 1)).toBe(false);
    expect(isTaken(path, max + 1)).toBe(false);
    expect(isTaken(path, min + 0.5)).toBe(kind === 'any');
  });

  it.each([
    ['segments/0/destinations/ramAllocationRatio', 0.1, 100, 1],
    ['segments/0/destinations/cpuAllocationRatio', 0.1, 1000, undefined],
  ])('%s is from %d to %d; %d unless it is told', (path, min, max, unless) => {
    expect(at(path)).toBe(unless);
    const tried = [min - 0.01, min, max, max + 0.01].map((value) => isTaken(path, value));
    expect(tried).toEqual([false, true, true, false]);
  });

  it('of a port is one that there is', () => {
    const path = 'segments/0/order/gate';
    const ranges = ['10.0.0.0/8', 'fd00::/8'];
    const tried = [0, 1, 65_535, 65_536, 1.5].map((port) => isTaken(path, { by: 'tcp', port, ranges }));
    expect(tried).toEqual([false, true, true, false, false]);
    const bare = ['tcp', 'http', 'time', 'active'].map((by) => isTaken(path, { by }));
    expect(bare).toEqual([false, false, true, true]);
    expect([isTaken(path, { by: 'tcp', port: 22 }), isTaken(path, { by: 'http', ranges })]).toEqual([false, false]);
    expect(isTaken(path, { by: 'tcp', port: 22, ranges: ['10.0.0.0'] })).toBe(false);
  });

  it('of a tier is 1 to 1000', () => {
    const path = 'segments/0/order/gates';
    const tried = ['0', '1', '999', '1000', '1001', '01', 'x'].map((tier) => isTaken(path, { [tier]: {} }));
    expect(tried).toEqual([false, true, true, true, false, false, false]);
  });

  it.each([
    ['segments/0/storm/maxPercent', 34],
    ['global/storm/maxPercent', 34],
    ['segments/0/reporters/maxAccusedPercent', 20],
  ])('%s is a part of all, and not none; %d unless it is told', (path, unless) => {
    expect(at(path)).toBe(unless);
    expect([-1, 0, 0.1, 100, 100.1].map((value) => isTaken(path, value))).toEqual([false, false, true, true, false]);
  });

  it('of the grace period is from none to a day, if reports count for longer; 180 s unless it is told', () => {
    const withGrace = (graceSeconds: number) => ({
      ...base,
      segments: [{ name: 'a', hosts: { aggregate: 'x' }, graceSeconds, reporters: { claimTtlSeconds: DAY } }],
    });
    expect([-1, 0, DAY - 1].map((each) => policySchema.safeParse(withGrace(each)).success)).toEqual([
      false,
      true,
      true,
    ]);
    const told = policySchema.safeParse(withGrace(DAY + 1));
    expect(told.error?.issues.map(({ path }) => path.at(-1))).toContain('graceSeconds');
    const segments = [{ name: 'a', hosts: { aggregate: 'x' } }];
    expect(policySchema.parse({ ...base, segments }).segments[0]?.graceSeconds).toBe(180);
  });
});

const text = (length: number): string => 'x'.repeat(length);

describe('a text of the policy', () => {
  it.each([
    ['segments/0/name', 63],
    ['cloud/name', 63],
    ['cloud/region', 255],
    ['segments/0/instances/metadataKey', 255],
    ['segments/0/instances/imageKey', 255],
    ['segments/0/instances/flavorKey', 255],
    ['segments/0/instances/aggregateKey', 255],
    ['segments/0/order/priorityKey', 255],
    ['segments/0/order/groupKey', 255],
    ['segments/0/order/tierKey', 255],
    ['segments/0/destinations/storageAggregateKey', 255],
    ['segments/0/destinations/reservedReason', 100],
    ['fenceDevices/compute-1/credentials', 63],
    ['failureDomains/aggregateMetadataKey', 255],
  ])('%s is not empty, and %d characters long at most', (path, max) => {
    expect([0, 1, max, max + 1].map((length) => isTaken(path, text(length)))).toEqual([false, true, true, false]);
  });

  it.each(['segments/0/hosts/availabilityZone', 'fenceDevices/compute-1/caFile'])('%s is not empty', (path) => {
    expect([isTaken(path, ''), isTaken(path, 'x')]).toEqual([false, true]);
  });

  it.each<[path: string, value: (item: string) => unknown, max: number]>([
    ['segments/0/hosts', (names) => ({ names: [names] }), 255],
    ['failureDomains/hosts', (host) => ({ rack: [host] }), 255],
    ['fenceDevices', (host) => ({ [host]: device }), 255],
    ['segments/0/destinations/reservedHosts', (names) => ({ names: [names] }), 255],
    ['segments/0/destinations/reservedHosts', (aggregate) => ({ aggregate }), 255],
    ['segments/0/instances/exclude', (name) => [{ name, because: 'x' }], 255],
    ['segments/0/instances/exclude', (because) => [{ name: 'x', because }], 200],
    ['reporterGroups', (pattern) => ({ group: [pattern] }), 512],
    ['reporterGroups', (group) => ({ [group]: ['*'] }), 63],
    ['failureDomains/hosts', (domain) => ({ [domain]: ['a'] }), 63],
  ])('%s: %o is from 1 to %d characters long', (path, value, max) => {
    expect([0, 1, max, max + 1].map((length) => isTaken(path, value(text(length))))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it.each<[path: string, value: unknown]>([
    ['segments/0/hosts', { aggregate: '' }],
    ['reporterGroups', { group: [] }],
    ['failureDomains/hosts', { rack: [] }],
    ['failureDomains', { maxHost: 1 }],
    ['segments/0/hosts', { aggregate: 'a', availabilityZone: 'b' }],
    ['cloud', { names: 'a' }],
  ])('%s: %o is refused', (path, value) => {
    expect(isTaken(path, value)).toBe(false);
  });

  it.each(['-a', '.a', 'a b', ' a', 'a/', 'ä'])('is no name: %s', (name) => {
    expect(isTaken('segments/0/name', name)).toBe(false);
  });

  it.each(['a', '9', 'Rack_1.b-c'])('is a name: %s', (name) => {
    expect(isTaken('segments/0/name', name)).toBe(true);
  });

  it.each([
    ['http://a', true],
    ['https://bmc/x', true],
    ['xhttp://a', false],
    ['https://a b', false],
    ['https://', false],
    ['ftp://a', false],
  ])('is an address of a device: %s: %s', (url, taken) => {
    expect(isTaken('fenceDevices/compute-1/url', url)).toBe(taken);
  });
});

describe('what the policy says unless it is told', () => {
  it('harms nobody', () => {
    expect(at('segments/0/instances')).toEqual({
      protect: 'all',
      metadataKey: 'HA_Enabled',
      imageKey: 'evacuable',
      flavorKey: 'evacuable',
      aggregateKey: 'evacuable',
      exclude: expect.any(Array),
      sharedInstanceStorage: false,
      allowRebuildFromImage: false,
      lostStates: 'recover-stopped',
      inError: 'recover',
    });
    expect([at('segments/0/mode'), at('segments/0/requireNovaDown')]).toEqual(['enforce', true]);
    expect(at('segments/0/destinations')).toEqual({
      within: 'zone',
      ramAllocationRatio: 1,
      otherwise: 'scheduler',
      serverGroups: true,
      method: 'auto',
      reservedReason: 'reserved',
      joinAggregates: false,
    });
    expect(at('segments/0/order')).toMatchObject({ byOwners: true, tiersWithin: 'project', ifNotUp: 'go-on' });
    expect(at('segments/0/order/gate')).toMatchObject({ by: 'active', path: '/' });
    expect(at('cloud')).toEqual({ name: 'default', region: 'RegionOne' });
  });

  it('of a system UUID is written as devices write it, or is made so', () => {
    const path = 'fenceDevices/compute-1/systemUuid';
    expect(at(path, withValue(path, '0000000A-0000-4000-8000-00000000000B'))).toBe(
      '0000000a-0000-4000-8000-00000000000b',
    );
  });

  it.each([
    ['segments/0/mode', ['enforce', 'shadow']],
    ['segments/0/instances/protect', ['all', 'opted-in']],
    ['segments/0/destinations/within', ['zone', 'segment']],
    ['segments/0/destinations/otherwise', ['scheduler', 'wait']],
    ['segments/0/order/tiersWithin', ['project', 'host']],
    ['segments/0/order/ifNotUp', ['go-on', 'stop']],
    ['segments/0/order/gate/by', ['active', 'time']],
    ['segments/0/instances/lostStates', ['recover-stopped', 'leave']],
    ['segments/0/instances/inError', ['recover', 'leave']],
  ])('is one of some words for %s: %o', (path, words) => {
    expect(words.map((word) => at(path, withValue(path, word)))).toEqual(words);
    expect(isTaken(path, '')).toBe(false);
  });
});

describe('segments', () => {
  const segments = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ name: `s${index}`, hosts: { aggregate: `g${index}` } }));

  it('are 1 to 200', () => {
    expect([0, 1, 200, 201].map((count) => isTaken('segments', segments(count)))).toEqual([false, true, true, false]);
  });
});

describe('faults of a policy', () => {
  it('are told where they are', () => {
    const segments = [
      { name: 'a', hosts: { names: ['x'] } },
      { name: 'b', hosts: { names: ['x'] }, graceSeconds: 900 },
    ];
    const fenceDevices = { 'compute-1': device, 'compute-2': device };
    const { error } = policySchema.safeParse({ ...base, segments, fenceDevices });
    expect(error?.issues.map(({ code, path }) => [code, path.join('/')])).toEqual([
      ['custom', 'segments/1'],
      ['custom', 'segments/1/reporters/claimTtlSeconds'],
      ['custom', 'fenceDevices/compute-2'],
    ]);
  });
});
