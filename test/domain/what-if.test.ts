import { describe, expect, it } from 'vitest';
import { FIRST } from '#shared/domain/audit.ts';
import { needsOf } from '#shared/domain/forecast/needs.ts';
import { paceOf, secondsAt } from '#shared/domain/forecast/pace.ts';
import type { CloudView, HostInstances, Standing } from '#shared/domain/forecast/view.ts';
import { type Forecast, whatIf } from '#shared/domain/forecast/what-if.ts';
import { NO_GUARD } from '#shared/domain/guards.ts';
import type { ServerGroup } from '#shared/ports.ts';
import {
  aHypervisor,
  anAggregate,
  aPolicy,
  aServer,
  aService,
  NOW_MS,
  type PolicyInput,
  type SegmentInput,
  seconds,
  uuid,
} from '#test/support/builders.ts';

const ASSUMED = { novaDownSeconds: 60, fencingSeconds: 20, evacuationSeconds: 10, rebuildSeconds: 100 };
const NOTHING = { novaDowns: [], fencings: [], evacuations: [], rebuilds: [] };
const PACE = paceOf(NOTHING, ASSUMED);
const STANDING: Standing = {
  readiness: new Map(),
  guards: new Map(),
  globalGuard: NO_GUARD,
  openIncidents: [],
  inHand: new Set(),
  beat: { runningSinceMs: 0, lastMs: NOW_MS },
  inFlightTo: {},
};

const on = (...servers: readonly Partial<ReturnType<typeof aServer>>[]): HostInstances => ({
  servers: servers.map((each, index) => aServer({ id: uuid(3, index + 1), name: `web-${index + 1}`, ...each })),
  signs: new Map(),
  evacuations: [],
  otherMigrations: [],
});

/** Six hosts of one zone, with room for 64,000 MB each; `compute-1` has instances. */
function aView(own: HostInstances, changes: Partial<CloudView> = {}): CloudView {
  const hosts = [1, 2, 3, 4, 5, 6].map((number) => `compute-${number}`);
  return {
    services: hosts.map((host) => aService({ host })),
    hypervisors: hosts.map((host) => aHypervisor(host)),
    aggregates: [],
    groups: [],
    instances: new Map([['compute-1', own]]),
    whereabouts: new Map(),
    ...changes,
  };
}

interface Asked {
  readonly failed?: readonly string[];
  readonly view?: Partial<CloudView>;
  readonly standing?: Partial<Standing>;
  readonly policy?: Partial<PolicyInput>;
  readonly segment?: Partial<SegmentInput>;
}
function ask(own: HostInstances, { failed = ['compute-1'], view, standing, policy, segment }: Asked = {}): Forecast {
  return whatIf(
    failed,
    aView(own, view),
    { ...STANDING, ...standing },
    aPolicy(policy, { graceSeconds: 30, requireNovaDown: false, ...segment }),
    PACE,
    NOW_MS,
  );
}
const short = ({ instances }: Forecast) =>
  instances.map(({ name, outcome, destination }) => `${name} ${outcome} ${destination ?? '-'}`);
const why = ({ instances }: Forecast) => instances[0]?.because ?? '';

describe('what has lost its disk', () => {
  const segment = { instances: { restartFromSnapshot: { maxAgeSeconds: 86_400, who: 'all' } } } as const;
  /** As it is mirrored: how old it is shows when it is asked. */
  const snapshot = { id: 's1', kind: 'backup', createdAtMs: NOW_MS - seconds(36_000), ageSeconds: 0 } as const;
  const own = (over: Partial<typeof snapshot> = {}): HostInstances => ({
    ...on({ localDisks: { root: true, ephemeralGb: 0, swapMb: 0, vtpm: false } }),
    signs: new Map([[uuid(3, 1), { snapshot: { ...snapshot, ...over } }]]),
  });

  it('would be restarted from its snapshot, and what would be missing then', () => {
    const forecast = ask(own(), { segment });
    expect(short(forecast)).toEqual(['web-1 from-snapshot compute-2']);
    expect(why(forecast)).toContain(
      `it is restarted from its backup s1 of ${new Date(snapshot.createdAtMs).toISOString()}, without the 10.0 h since`,
    );
    // Evacuated, made anew, started.
    expect(forecast.instances[0]?.times).toEqual({ startsAtSeconds: 50, upAtSeconds: 50 + 10 + 100 });
  });

  it('would be left alone by when its snapshot is too old, and without the policy', () => {
    const old = ask(own({ createdAtMs: NOW_MS - seconds(90_000) }), { segment });
    expect(short(old)).toEqual(['web-1 stays -']);
    expect(why(old)).toContain('its newest snapshot is 25.0 h old');
    expect(short(ask(own()))).toEqual(['web-1 stays -']);
  });

  it('says so too where the scheduler is asked', () => {
    const full = {
      hypervisors: [],
      services: [
        aService({ host: 'compute-1' }),
        aService({ host: 'compute-2', status: 'disabled' }),
        aService({ host: 'compute-3', zone: 'other' }),
      ],
    };
    const forecast = ask(own(), { segment, view: full });
    expect(short(forecast)).toEqual(['web-1 maybe -']);
    expect(why(forecast)).toContain('it is restarted from its backup s1');
  });
});

describe('what would come back', () => {
  it('is spread over the healthy hosts, after the grace period and the fencing', () => {
    const forecast = ask(on({}, {}, {}));
    expect(short(forecast)).toEqual([
      'web-1 comes-back compute-2',
      'web-2 comes-back compute-3',
      'web-3 comes-back compute-4',
    ]);
    expect(forecast.hosts).toEqual([
      { host: 'compute-1', segment: 'az1', blockers: [], seen: true, unread: [], evacuatesAtSeconds: 50 },
    ]);
    expect(forecast.instances[0]?.times).toEqual({ startsAtSeconds: 50, upAtSeconds: 60 });
  });

  it('waits for Nova to see the host down where the policy asks for it, and no longer than for the grace period', () => {
    const times = (segment: Partial<SegmentInput>) => ask(on({}), { segment }).instances[0]?.times?.startsAtSeconds;
    expect(times({ requireNovaDown: true })).toBe(60 + 20);
    expect(times({ requireNovaDown: true, graceSeconds: 90 })).toBe(90 + 20);
  });

  it('comes in the order of tiers and priorities, each tier when the one before is up', () => {
    const of = (tier: string, priority: string) => ({
      metadata: { 'salvor:tier': tier, 'instanceha:restart_priority': priority },
    });
    const { instances } = ask(on(of('2', '900'), of('1', '1'), of('1', '2'), {}));
    expect(instances.map(({ name, times }) => [name, times?.startsAtSeconds])).toEqual([
      ['web-3', 50],
      ['web-2', 50],
      ['web-1', 60],
      ['web-4', 50],
    ]);
  });

  it('waits for the gate of a tier that asks for a time', () => {
    const of = (tier: string) => ({ metadata: { 'salvor:tier': tier } });
    const gate = { by: 'time', seconds: 30 } as const;
    const { instances } = ask(on(of('1'), of('2')), { segment: { order: { gate } } });
    expect(instances.map(({ times }) => times?.startsAtSeconds)).toEqual([50, 90]);
  });

  it('waits for its turn where only so many are in flight', () => {
    const starts = (segment: Partial<SegmentInput>, policy: Partial<PolicyInput> = {}) =>
      ask(on({}, {}, {}, {}, {}), { segment, policy }).instances.map(({ times }) => times?.startsAtSeconds);
    expect(starts({ evacuation: { maxInFlight: 2 } })).toEqual([50, 50, 60, 60, 70]);
    expect(starts({}, { global: { maxEvacuationsInFlight: 3 } })).toEqual([50, 50, 50, 60, 60]);
    const one = [1, 2].map((number) => aService({ host: `compute-${number}` }));
    const few = ask(on({}, {}, {}), {
      view: { services: one },
      segment: { evacuation: { maxInFlightPerDestination: 1 } },
    });
    expect(few.instances.map(({ times }) => times?.startsAtSeconds)).toEqual([50, 60, 70]);
  });

  it('of several hosts that fail together takes the room of those before', () => {
    const view = {
      instances: new Map([
        ['compute-1', on({ id: uuid(3, 1), name: 'a', memoryMb: 40_000 })],
        ['compute-2', on({ id: uuid(3, 2), name: 'b', memoryMb: 40_000 })],
      ]),
      services: [1, 2, 3, 4].map((number) => aService({ host: `compute-${number}` })),
    };
    const failed = ['compute-1', 'compute-2'];
    expect(short(ask(on(), { failed, view }))).toEqual(['a comes-back compute-3', 'b comes-back compute-4']);
    const three = { ...view, services: view.services.slice(0, 3) };
    expect(short(ask(on(), { failed, view: three }))).toEqual(['a comes-back compute-3', 'b maybe -']);
  });

  it('goes to a reserved host by the policy, and that is told, but to none that is worked on', () => {
    const reserved = aService({ host: 'compute-6', status: 'disabled', disabledReason: 'reserved' });
    const services = [...[1, 2].map((number) => aService({ host: `compute-${number}` })), reserved];
    const forecast = ask(on({}, {}), {
      view: { services },
      segment: { destinations: { method: 'rh_priority', reservedHosts: { names: ['compute-6'] } } },
    });
    expect(short(forecast)).toEqual(['web-1 comes-back compute-6', 'web-2 comes-back compute-6']);
    expect(why(forecast)).toBe('it ran; the host is reserved, and enabled for it');
    const worked = ask(on({}), {
      view: { services },
      standing: { inHand: new Set(['compute-6']) },
      segment: { destinations: { method: 'reserved_host', reservedHosts: { names: ['compute-6'] } } },
    });
    expect(short(worked)).not.toContain('web-1 comes-back compute-6');
  });

  it('keeps to server groups, those of other hosts included', () => {
    const apart: ServerGroup = {
      id: 'g',
      policy: 'anti-affinity',
      maxPerHost: 1,
      members: [uuid(3, 1), uuid(3, 9), uuid(3, 8)],
    };
    const whereabouts = new Map([
      [uuid(3, 9), 'compute-2'],
      [uuid(3, 8), 'compute-1'],
    ]);
    const view = { groups: [apart], whereabouts };
    expect(short(ask(on({}), { view }))).toEqual(['web-1 comes-back compute-3']);
    const services = [1, 2].map((number) => aService({ host: `compute-${number}` }));
    const none = ask(on({}), { view: { ...view, services }, segment: { destinations: { otherwise: 'wait' } } });
    expect(short(none)).toEqual(['web-1 stays -']);
    expect(why(none)).toMatch(/its server group allows 1 on a host/);
  });
});

describe('what would not, and why', () => {
  it.each<[string, Partial<ReturnType<typeof aServer>>, string, RegExp]>([
    [
      'a local disk',
      { localDisks: { root: true, ephemeralGb: 0, swapMb: 0, vtpm: false } },
      'stays',
      /its disks are local/,
    ],
    ['a vTPM', { localDisks: { root: false, ephemeralGb: 0, swapMb: 0, vtpm: true } }, 'stays', /it has a vTPM/],
    ['a wrong state', { vmState: 'suspended' }, 'stays', /it was suspended/],
    ['opted out', { metadata: { HA_Enabled: 'no' } }, 'not-protected', /opted out/],
    [
      'passed-through devices',
      { extraSpecs: { 'pci_passthrough:alias': 'a1:2' } },
      'maybe',
      /passed-through PCI devices \(a1:2\), which only Nova's scheduler sees/,
    ],
    ['no room', { memoryMb: 100_000 }, 'maybe', /no host has room for 100000 MB; Nova's scheduler is asked/],
  ])('%s', (_, changes, outcome, because) => {
    const forecast = ask(on(changes));
    expect(forecast.instances).toMatchObject([{ outcome }]);
    expect(why(forecast)).toMatch(because);
  });

  it('no room, where the policy does not ask the scheduler', () => {
    const forecast = ask(on({ memoryMb: 100_000 }), { segment: { destinations: { otherwise: 'wait' } } });
    expect(short(forecast)).toEqual(['web-1 stays -']);
    expect(forecast.instances[0]?.times).toBeNull();
  });

  it('a zone that is gone keeps those that are pinned to it', () => {
    const services = [aService({ host: 'compute-1' }), aService({ host: 'compute-7', zone: 'other' })];
    const gone = (pinnedZone?: string | null) =>
      ask(
        { ...on(), servers: [{ ...aServer(), ...(pinnedZone === undefined ? {} : { pinnedZone }) }] },
        { view: { services } },
      );
    expect(gone('nova').instances).toMatchObject([
      { outcome: 'stays', because: expect.stringMatching(/pinned it to the zone nova/) },
    ]);
    expect(gone(null).instances).toMatchObject([
      { outcome: 'maybe', because: expect.stringMatching(/in another zone/) },
    ]);
    expect(gone().instances).toMatchObject([{ outcome: 'maybe' }]);
    const alone = ask(on({}), { view: { services: services.slice(0, 1) } });
    expect(alone.instances).toMatchObject([{ outcome: 'stays', because: 'no other host is healthy' }]);
  });

  it('an evacuation that runs already is somebody else’s', () => {
    const own = on({});
    const evacuations = [
      { id: 7, instanceId: uuid(3, 1), sourceHost: 'compute-1', destinationHost: null, status: 'running' },
    ];
    expect(short(ask({ ...own, evacuations }))).toEqual(['web-1 maybe -']);
  });
});

describe('a host that would not be fenced', () => {
  const blockers = (asked: Asked, own = on({})) => ask(own, asked).hosts.map(({ blockers: all }) => all);
  const failed = [1, 2, 3, 4].map((number) => `compute-${number}`);

  it.each<[string, Asked, RegExp]>([
    [
      'could not be',
      {
        standing: {
          readiness: new Map([
            [
              'compute-1',
              {
                ...{
                  host: 'compute-1',
                  hostKey: '',
                  segment: 'az1',
                  outOfService: false,
                  sinceMs: 0,
                  devices: [],
                  audit: FIRST,
                },
                ...({ state: 'not-ready', because: 'level 1: silent' } as const),
              },
            ],
          ]),
        },
      },
      /^it could not be fenced: level 1: silent$/,
    ],
    ['has no device', { policy: { fenceDevices: {} } }, /^fence-device: the policy names no fence device for it/],
    ['is in no segment', { segment: { hosts: { names: ['compute-2'] } } }, /^no segment of the policy holds it$/],
    ['is only shadowed', { segment: { mode: 'shadow' } }, /^its segment is in mode shadow/],
    [
      'is in maintenance',
      {
        view: {
          services: [1, 2, 3].map((number) =>
            aService({ host: `compute-${number}`, status: number === 1 ? 'disabled' : 'enabled' }),
          ),
        },
      },
      /^in-service: .* taken as maintenance$/,
    ],
    [
      'is disarmed',
      {
        standing: {
          globalGuard: { ...NO_GUARD, disarmed: { by: 'ann', reason: 'test', atMs: NOW_MS, untilMs: null } },
        },
      },
      /^armed: salvor is disarmed by ann/,
    ],
    ['leaves too few', { segment: { minHealthyHosts: 6 } }, /^healthy-hosts: 5 other healthy hosts/],
    ['is one of too many', { failed }, /^segment-storm: it would be host 4 of at most 3/],
    [
      'is in a rack with too many',
      {
        failed: failed.slice(0, 3),
        view: { aggregates: [{ ...anAggregate('r1', ...failed), metadata: { rack: 'r1' } }] },
        policy: { failureDomains: { aggregateMetadataKey: 'rack' } },
        segment: { storm: { maxHosts: 6, maxPercent: 100 } },
      },
      /^failure-domain: it would be host 3 of at most 2 in r1/,
    ],
    [
      'would blind salvor',
      {
        failed,
        policy: { global: { storm: { maxHosts: 9, maxPercent: 100 } } },
        segment: { storm: { maxHosts: 9, maxPercent: 100 } },
      },
      /^observer: Nova sees 2 of 5 other hosts up/,
    ],
  ])('%s', (_, asked, because) => {
    expect(blockers(asked)[0]).toContainEqual(expect.stringMatching(because));
  });

  it('has what would come back once that is seen to all the same', () => {
    expect(short(ask(on({}), { segment: { minHealthyHosts: 6 } }))).toEqual(['web-1 comes-back compute-2']);
  });

  it('nothing is said against one that would be', () => expect(blockers({})).toEqual([[]]));
});

it('a host of which no instance is known says so', () => {
  expect(ask(on(), { failed: ['compute-2'] }).hosts).toMatchObject([{ host: 'compute-2', seen: false }]);
});

it.each<[Record<string, string>, readonly string[]]>([
  [{ 'accel:device_profile': 'gpu' }, ['an accelerator (device profile gpu)']],
  [{ 'resources:VGPU': '1' }, ['1 virtual GPUs']],
  [{ 'resources:CUSTOM_FPGA': '2' }, ['2 CUSTOM_FPGA']],
  [{ 'trait:HW_CPU_X86_AVX2': 'required' }, ['a host with HW_CPU_X86_AVX2']],
  [{ 'trait:CUSTOM_SLOW': 'forbidden' }, ['a host without CUSTOM_SLOW']],
  [{ 'hw:cpu_policy': 'dedicated' }, ['CPUs of its own (dedicated)']],
  [{ 'hw:cpu_policy': 'shared' }, []],
  [{ 'hw:numa_nodes': '2', 'hw:mem_page_size': 'large' }, ['2 NUMA nodes', 'memory pages of large']],
  [{ 'hw:mem_page_size': 'small' }, []],
  [{ 'hw:pmem': '4GB' }, ['persistent memory (4GB)']],
  [{ 'hw:mem_encryption': 'True' }, ['encrypted memory']],
  [{ 'hw:mem_encryption': 'false' }, []],
  [{ 'quota:cpu_shares': '5', 'resources:MEMORY_MB': '5' }, []],
])('%j needs %j', (extraSpecs, needs) => expect(needsOf({ extraSpecs })).toEqual(needs));

it.each<[Record<string, string>, readonly string[]]>([
  [{ hw_cpu_policy: 'dedicated', os_distro: 'debian' }, ['CPUs of its own (dedicated)']],
  [{ hw_numa_nodes: '2', hw_mem_page_size: 'large' }, ['2 NUMA nodes', 'memory pages of large']],
  [{ os_secure_boot: 'required' }, ['Secure Boot']],
  [{ os_secure_boot: 'optional', hw_mem_encryption: 'false' }, []],
  [{ 'trait:CUSTOM_SSD': 'required' }, ['a host with CUSTOM_SSD']],
])('an image that says %j needs %j', (imageProperties, needs) =>
  expect(needsOf({ extraSpecs: {}, imageProperties })).toEqual(needs),
);

it.each<[readonly (readonly [string, boolean])[], readonly string[]]>([
  [[['normal', false]], []],
  [
    [
      ['direct', false],
      ['direct', false],
      ['macvtap', false],
    ],
    ['2 network devices (direct)', '1 network devices (macvtap)'],
  ],
  [
    [
      ['vdpa', true],
      ['normal', true],
    ],
    ['1 network devices (vdpa)', 'guaranteed bandwidth of 2 ports'],
  ],
])('ports %j need %j', (ports, needs) =>
  expect(
    needsOf({ extraSpecs: {}, ports: ports.map(([vnicType, isGuaranteed]) => ({ vnicType, isGuaranteed })) }),
  ).toEqual(needs),
);

describe('ports', () => {
  const withPort = (vnicType: string): HostInstances => {
    const own = on({});
    return { ...own, servers: own.servers.map((each) => ({ ...each, ports: [{ vnicType, isGuaranteed: false }] })) };
  };

  it('that are devices of a host leave it to the scheduler whether it comes back', () => {
    const forecast = ask(withPort('direct'));
    expect(short(forecast)).toEqual(['web-1 maybe compute-2']);
    expect(why(forecast)).toMatch(/; it needs 1 network devices \(direct\), which only Nova's scheduler sees$/);
  });

  it('with an accelerator keep it where it is: Nova evacuates no such instance', () => {
    const forecast = ask(withPort('accelerator-direct'));
    expect(short(forecast)).toEqual(['web-1 stays -']);
    expect(why(forecast)).toBe('it has a port with an accelerator, and Nova evacuates no such instance');
  });

  it('that could not be read are told of', () =>
    expect(ask({ ...on({}), unread: ['the ports'] }).hosts).toMatchObject([{ unread: ['the ports'] }]));
});

describe('the pace', () => {
  it('is what was assumed where nothing is on record', () => {
    expect(PACE.fencingSeconds).toEqual({ seconds: 20, of: 0 });
    expect(PACE.novaDownSeconds).toEqual({ seconds: 60, of: 0 });
    expect(PACE.rebuildSeconds).toEqual({ seconds: 100, of: 0 });
    expect(secondsAt(PACE, 1000)).toBe(10);
  });

  it('is the median of what is, by how many were in flight', () => {
    const measured = [8, 10, 12].map((seconds) => ({ seconds, inFlight: 1 }));
    const crowded = [40, 60].map((seconds) => ({ seconds, inFlight: 30 }));
    const records = {
      novaDowns: [50, 54],
      fencings: [9, 3, 6],
      evacuations: [...measured, ...crowded],
      rebuilds: [40],
    };
    const pace = paceOf(records, ASSUMED);
    expect(pace.novaDownSeconds).toEqual({ seconds: 52, of: 2 });
    expect(pace.rebuildSeconds).toEqual({ seconds: 40, of: 1 });
    expect(pace.fencingSeconds).toEqual({ seconds: 6, of: 3 });
    expect([1, 4, 20, 49].map((inFlight) => secondsAt(pace, inFlight))).toEqual([10, 10, 50, 50]);
    // Nothing is on record of so many: the median of all.
    expect(secondsAt(pace, 60)).toBe(12);
    expect(secondsAt(pace, 0)).toBe(10);
  });
});
