import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { fenceDeviceOf, fenceLevelsOf } from '#shared/domain/fence-device.ts';
import { policySchema } from '#shared/domain/policy.ts';
import { addressOf, type FenceDeviceConfig } from '#shared/domain/policy-devices.ts';
import { segmentsOf, usesAggregates } from '#shared/domain/segments.ts';
import { anAggregate, aPolicy, aService, type PolicyInput, uuid } from '#test/support/builders.ts';

const device = { driver: 'redfish', url: 'https://{host}.bmc.test/redfish/v1/Systems/1', credentials: 'bmc' } as const;
const minimal = {
  version: 1,
  segments: [{ name: 'a', hosts: { availabilityZone: 'nova' } }],
  fenceDevices: {},
} as const;
/** What is wrong with the policy, one line per fault; empty when nothing is. */
function faults(policy: unknown): string {
  const parsed = policySchema.safeParse(policy);
  return parsed.success ? '' : z.prettifyError(parsed.error);
}
const withSegment = (segment: object) => ({ ...minimal, segments: [{ ...minimal.segments[0], ...segment }] });
const withSegments = (...hosts: readonly object[]) => ({
  ...minimal,
  segments: hosts.map((each, index) => ({ name: `s${index}`, hosts: each })),
});
const withDevices = (fenceDevices: object) => ({ ...minimal, fenceDevices });

describe('a policy', () => {
  it('has defaults that harm nobody', () => {
    expect(policySchema.parse(minimal)).toMatchObject({
      cloud: { name: 'default', region: 'RegionOne' },
      segments: [
        {
          mode: 'enforce',
          graceSeconds: 180,
          reporters: { required: 1, claimTtlSeconds: 900 },
          requireNovaDown: true,
          storm: { maxHosts: 3, maxPercent: 34, windowSeconds: 3600 },
          minHealthyHosts: 3,
          instances: { protect: 'all', sharedInstanceStorage: false, allowRebuildFromImage: false },
          evacuation: { maxInFlight: 50, maxAttempts: 5, settleSeconds: 120 },
          fencing: { proofMaxAgeSeconds: 120 },
        },
      ],
      global: { storm: { maxHosts: 5, maxPercent: 34 }, maxEvacuationsInFlight: 100 },
      events: { maxAgeSeconds: 900, maxAheadSeconds: 60 },
    });
  });

  it.each<[where: string, policy: object]>([
    ['at the top', { ...minimal, segment: [] }],
    ['in a segment', withSegment({ graceSecond: 5 })],
    ['in reporters', withSegment({ reporters: { require: 2 } })],
    ['in storm', withSegment({ storm: { maxHost: 2 } })],
    ['in instances', withSegment({ instances: { sharedStorage: true } })],
    ['in evacuation', withSegment({ evacuation: { maxInflight: 2 } })],
    ['in fencing', withSegment({ fencing: { disable_ipmi_check: true } })],
    ['in masakari', { ...minimal, masakari: { role: ['admin'] } }],
    ['in segmentDefaults', { ...minimal, masakari: { segmentDefaults: { hosts: { names: ['a'] } } } }],
    ['in hosts', withSegment({ hosts: { names: ['a'], zone: 'b' } })],
    ['in global', { ...minimal, global: { maxEvacuationInFlight: 5 } }],
    ['in events', { ...minimal, events: { maxAge: 5 } }],
    ['in a device', withDevices({ a: { ...device, password: 'secret' } })],
  ])('is refused with an unknown key %s', (_, policy) => {
    expect(faults(policy)).toMatch(/Unrecognized key|Invalid input/);
  });

  it.each(['off', 'reboot'])('has no action %s, and says what stands for it', (action) => {
    const said = faults(withSegment({ fencing: { action } }));
    expect(said).toContain('hostReturn: { mode: automatic, powerOn: after-evacuations }');
    expect(said).toContain('segments[0].fencing.action');
  });

  it('does not repeat a value it refuses, which may be a secret', () => {
    expect(faults(withDevices({ a: { ...device, credentials: 'hunter2 and more' } }))).not.toContain('hunter2');
  });

  it.each<[what: string, policy: object]>([
    ['another version', { ...minimal, version: 2 }],
    ['no segment', { ...minimal, segments: [] }],
    ['a negative grace period', withSegment({ graceSeconds: -1 })],
    ['a grace period in words', withSegment({ graceSeconds: '180' })],
    ['no reporter needed', withSegment({ reporters: { required: 0 } })],
    ['more than all hosts', withSegment({ storm: { maxPercent: 101 } })],
    ['another mode', withSegment({ mode: 'approve' })],
    ['a segment without hosts', withSegment({ hosts: { names: [] } })],
    ['a name with a slash', withSegment({ name: 'a/b' })],
    ['another driver', withDevices({ a: { ...device, driver: 'ipmi' } })],
    ['a device that is no address', withDevices({ a: { ...device, url: 'bmc-1' } })],
    ['a system UUID that is none', withDevices({ a: { ...device, systemUuid: '1234' } })],
  ])('is refused with %s', (_, policy) => {
    expect(faults(policy)).not.toBe('');
  });

  it('is refused when reports expire before the grace period ends: nothing would ever be confirmed', () => {
    expect(faults(withSegment({ graceSeconds: 900 }))).toMatch(/ends before the grace period of 900 s/);
    expect(faults(withSegment({ graceSeconds: 900, reporters: { claimTtlSeconds: 901 } }))).toBe('');
  });
});

describe('segments', () => {
  it.each<[what: string, policy: object, fault: RegExp]>([
    ['name a host twice', withSegments({ names: ['a', 'b'] }, { names: ['b'] }), /host b is also in segment s0/],
    ['share a zone', withSegments({ availabilityZone: 'z' }, { availabilityZone: 'z' }), /availabilityZone z is also/],
    ['share an aggregate', withSegments({ aggregate: 'g' }, { aggregate: 'g' }), /aggregate g is also/],
    [
      'have one name',
      { ...minimal, segments: [minimal.segments[0], { name: 'a', hosts: { aggregate: 'g' } }] },
      /name a is also/,
    ],
  ])('must not overlap: they %s', (_, policy, fault) => {
    expect(faults(policy)).toMatch(fault);
  });

  it('may be of different kinds with one name for both', () => {
    expect(faults(withSegments({ aggregate: 'x' }, { availabilityZone: 'x' }, { names: ['x'] }))).toBe('');
  });

  const policy = aPolicy({
    segments: [
      { name: 'zone', hosts: { availabilityZone: 'nova' } },
      { name: 'group', hosts: { aggregate: 'ssd' } },
      { name: 'list', hosts: { names: ['compute-7'] } },
    ],
  });
  const held = (service: Partial<ReturnType<typeof aService>>) =>
    segmentsOf(policy, aService(service), [anAggregate('ssd', 'compute-5'), anAggregate('hdd', 'compute-6')]).map(
      ({ name }) => name,
    );

  it('hold a host by what Nova says of it now', () => {
    expect(held({ host: 'compute-1' })).toEqual(['zone']);
    expect(held({ host: 'compute-5', zone: 'x' })).toEqual(['group']);
    expect(held({ host: 'compute-7', zone: 'x' })).toEqual(['list']);
    expect(held({ host: 'compute-6', zone: 'x' })).toEqual([]);
    expect(held({ host: 'compute-5' })).toEqual(['zone', 'group']);
  });

  it('need the aggregates of Nova only if one is named', () => {
    expect(usesAggregates(policy)).toBe(true);
    expect(usesAggregates(aPolicy())).toBe(false);
  });
});

describe('fence devices', () => {
  const urlOf = (config: FenceDeviceConfig | undefined) => config && 'url' in config && config.url;
  const bmc = { driver: 'ipmi', address: '{host}.bmc.test', credentials: 'bmc' } as const;
  const metal3 = { driver: 'metal3', url: 'https://kubernetes.test', namespace: 'metal3', credentials: 'k' } as const;
  const other = { ...device, url: 'https://bmc-9.test/redfish/v1/Systems/1' };
  it.each<[what: string, devices: PolicyInput['fenceDevices'], fault: RegExp]>([
    ['one for all hosts', { '*': other }, /must hold \{host\}/],
    ['one for two hosts', { a: other, b: other }, /redfish at .* is also that of a/],
    ['one system for all', { '*': { ...device, systemUuid: uuid(4, 1) } }, /stands for many hosts/],
    [
      'one system for two hosts',
      { a: { ...device, systemUuid: uuid(4, 1) }, b: { ...other, systemUuid: uuid(4, 1).toUpperCase() } },
      /systemUuid .* is also that of a/,
    ],
    ['one BMC for all', { '*': { ...bmc, address: '10.0.0.1' } }, /must hold \{host\}/],
    [
      'one BMC for two hosts',
      { a: { ...bmc, address: 'BMC-1:623' }, b: { ...bmc, address: 'bmc-1' } },
      /ipmi at bmc-1 port 623 is also that of a/,
    ],
    ['one node for all', { '*': { driver: 'ironic', node: 'compute-1' } }, /must hold \{host\}/],
    [
      'one node for two hosts',
      { a: { driver: 'ironic' }, b: { driver: 'ironic', node: 'a' } },
      /ironic node a at the cloud is also that of a/,
    ],
    ['one BareMetalHost for all', { '*': { ...metal3, bareMetalHost: 'node-1' } }, /must hold \{host\}/],
    ['an account without an Ironic', { a: { driver: 'ironic', credentials: 'bmc' } }, /belong together/],
    ['a CA and any certificate', { a: { ...device, caFile: 'ca.pem', insecureTls: true } }, /leave out either/],
    [
      'a pin and any certificate',
      { a: { ...device, certificateSha256: 'ab'.repeat(32), insecureTls: true } },
      /leave out either/,
    ],
    ['half a fingerprint', { a: { ...device, certificateSha256: 'ab'.repeat(20) } }, /64 hexadecimal digits/],
  ])('are refused: %s (S2)', (_, devices, fault) => {
    expect(faults(withDevices(devices))).toMatch(fault);
  });

  it('are well with an address of its own for each host', () => {
    expect(faults(withDevices({ '*': device, a: device, b: { ...other, systemUuid: uuid(4, 1) } }))).toBe('');
  });

  it('are well as systems of one chassis, told apart by their UUIDs', () => {
    const chassis = { ...device, url: 'https://chassis.test' };
    const [a, b] = [1, 2].map((n) => ({ ...chassis, systemUuid: uuid(4, n) }));
    expect(faults(withDevices({ a, b }))).toBe('');
    expect(faults(withDevices({ a: chassis, b: chassis }))).toMatch(/is also that of a/);
    const named = { url: 'https://chassis.test/redfish/v1/Systems/1' };
    expect(faults(withDevices({ a: { ...a, ...named }, b: { ...b, ...named } }))).toMatch(/is also that of a/);
  });

  it('are well for each driver, with the host’s name filled in', () => {
    const named = (driver: object) =>
      addressOf(
        fenceDeviceOf(aPolicy({ fenceDevices: { '*': driver as typeof device } }), 'rack/1') as FenceDeviceConfig,
      );
    expect(named(device)).toBe('redfish at https://rack%2F1.bmc.test/redfish/v1/Systems/1');
    expect(named({ driver: 'ironic' })).toBe('ironic node rack/1 at the cloud');
    expect(named({ driver: 'ironic', url: 'https://ironic.test', credentials: 'i' })).toBe(
      'ironic node rack/1 at https://ironic.test',
    );
    expect(named(metal3)).toBe('metal3 host metal3/rack/1 at https://kubernetes.test');
    expect(named({ driver: 'webhook', url: 'https://pdu.test/{host}', credentials: 'w' })).toBe(
      'webhook for rack/1 at https://pdu.test/rack%2F1',
    );
  });

  it('are in a BMC network that the policy has', () => {
    const networked = { driver: 'redfish' as const, url: 'https://bmc.test', credentials: 'bmc', network: 'rack-a' };
    expect(faults(withDevices({ a: networked }))).toMatch(/no network rack-a\s.*at fenceDevices.a/);
    const policy = aPolicy({ fenceDevices: { a: networked }, fenceNetworks: { 'rack-a': 4 } });
    expect(fenceDeviceOf(policy, 'a')).toMatchObject({ network: 'rack-a' });
  });

  it('switch the system by webhook, unless they say that it is an outlet', () => {
    const webhook = { driver: 'webhook' as const, url: 'https://pdu.test', credentials: 'w' };
    const switched = (keys: object) => fenceDeviceOf(aPolicy({ fenceDevices: { a: { ...webhook, ...keys } } }), 'a');
    expect(switched({})).toMatchObject({ switches: 'system' });
    expect(switched({ switches: 'outlet' })).toMatchObject({ switches: 'outlet' });
    expect(faults(withDevices({ a: { ...webhook, switches: 'outlets' } }))).toMatch(/at fenceDevices.a/);
  });

  it('may stand in levels, one or several together', () => {
    const entry = { levels: [device, [other, { ...other, url: 'https://pdu-2.test/redfish/v1/Systems/1' }]] };
    const policy = aPolicy({ fenceDevices: { '*': { levels: [device] }, 'compute-1': entry } });
    const urls = (host: string) => fenceLevelsOf(policy, host).map((level) => level.map(urlOf));
    expect(urls('compute-1')).toEqual([
      ['https://compute-1.bmc.test/redfish/v1/Systems/1'],
      [other.url, 'https://pdu-2.test/redfish/v1/Systems/1'],
    ]);
    expect(urls('compute-2')).toEqual([['https://compute-2.bmc.test/redfish/v1/Systems/1']]);
    expect(faults(withDevices({ a: { levels: [other] }, b: { levels: [device, other] } }))).toMatch(/also that of a/);
    expect(faults(withDevices({ a: { levels: [other, [other]] } }))).toMatch(/is there twice/);
    expect(faults(withDevices({ '*': { levels: [device, other] } }))).toMatch(/must hold \{host\}/);
    const told = { systemUuid: uuid(4, 1) };
    expect(
      faults(
        withDevices({
          a: {
            levels: [
              { ...device, ...told },
              { ...other, ...told },
            ],
          },
        }),
      ),
    ).toBe('');
  });

  it.each([
    ['bmc-1', 'bmc-1 port 623'],
    ['10.0.0.1:6230', '10.0.0.1 port 6230'],
    ['[fd00::1]', 'fd00::1 port 623'],
    ['[fe80::1%eth0]:1', 'fe80::1%eth0 port 1'],
    ['{host}.bmc.test:623', 'compute-1.bmc.test port 623'],
  ])('may have an address of IPMI: %s', (address, at) => {
    const policy = aPolicy({ fenceDevices: { 'compute-1': { ...bmc, address } } });
    expect(addressOf(fenceDeviceOf(policy, 'compute-1') as FenceDeviceConfig)).toBe(`ipmi at ${at}`);
  });

  it.each(['', 'bmc:0', 'bmc:65536', 'bmc:', 'fd00::1', 'https://bmc', 'bmc 1', 'root:secret@bmc'])(
    'may not have the address "%s" of IPMI',
    (address) => {
      expect(faults(withDevices({ a: { ...bmc, address } }))).toMatch(/a name or an address, and perhaps a port/);
    },
  );

  it.each([[{ cipherSuite: 0 }], [{ cipherSuite: 2 }], [{ privilege: 'user' }], [{ url: 'https://bmc' }]])(
    'of IPMI are refused with %j',
    (changes) => {
      expect(faults(withDevices({ a: { ...bmc, ...changes } }))).not.toBe('');
    },
  );

  it('are found by the host’s own name first', () => {
    const policy = aPolicy({ fenceDevices: { '*': device, 'compute-1': other } });
    expect(urlOf(fenceDeviceOf(policy, 'compute-1'))).toBe(other.url);
    expect(urlOf(fenceDeviceOf(policy, 'compute-2'))).toBe('https://compute-2.bmc.test/redfish/v1/Systems/1');
    expect(urlOf(fenceDeviceOf(policy, 'a/b?c'))).toBe('https://a%2Fb%3Fc.bmc.test/redfish/v1/Systems/1');
  });

  it('are not there for a host that the policy does not name', () => {
    const policy = aPolicy({ fenceDevices: { 'compute-1': other } });
    expect(fenceDeviceOf(policy, 'compute-2')).toBeUndefined();
    expect(fenceDeviceOf(policy, 'constructor')).toBeUndefined();
  });
});
