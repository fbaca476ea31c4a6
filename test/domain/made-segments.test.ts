import { describe, expect, it } from 'vitest';
import { type MadeHost, type MadeSegment, withMade } from '#shared/domain/made-segments.ts';
import { policySchema } from '#shared/domain/policy.ts';
import { policyFrom, policyId, policyRecords } from '#shared/domain/policy-record.ts';
import { segmentsOf } from '#shared/domain/segments.ts';
import { aPolicy, aService, NOW_MS, type PolicyInput, uuid } from '#test/support/builders.ts';

const aHost = (name: string, overrides: Partial<MadeHost> = {}): MadeHost => ({
  id: 1,
  uuid: uuid(8, 1),
  name,
  type: 'COMPUTE',
  controlAttributes: 'SSH',
  reserved: false,
  onMaintenance: false,
  createdAtMs: NOW_MS,
  updatedAtMs: null,
  ...overrides,
});
const aSegment = (key: string, hosts: readonly MadeHost[], overrides: Partial<MadeSegment> = {}): MadeSegment => ({
  key,
  id: 1,
  uuid: uuid(8, 2),
  name: key,
  description: null,
  recoveryMethod: 'auto',
  serviceType: 'COMPUTE',
  hosts,
  createdAtMs: NOW_MS,
  updatedAtMs: null,
  deletedAtMs: null,
  ...overrides,
});
const policyWith = (overrides: Partial<PolicyInput> = {}) =>
  aPolicy({ masakari: { segmentDefaults: { graceSeconds: 30 } }, ...overrides }, { hosts: { names: ['compute-9'] } });
/** Names of the segments that hold a host, one after the other. */
const holding = (policy: ReturnType<typeof aPolicy>, host: string) =>
  segmentsOf(policy, aService({ host }), []).map(({ name }) => name);

describe('the policy with segments that were made', () => {
  it('is the same object where none can be made, and where none is', () => {
    const none = aPolicy();
    expect(withMade(none, [aSegment('made', [aHost('compute-1')])])).toBe(none);
    const policy = policyWith();
    expect(withMade(policy, [])).toBe(policy);
  });

  it('holds their hosts under the template', () => {
    const policy = withMade(policyWith(), [aSegment('made', [aHost('compute-1'), aHost('compute-2')])]);
    expect(policy.segments[1]).toMatchObject({ name: 'made', graceSeconds: 30 });
    expect(holding(policy, 'compute-1')).toEqual(['made']);
    expect(holding(policy, 'compute-3')).toEqual([]);
  });

  it.each<[string, MadeSegment]>([
    ['on maintenance', aSegment('made', [aHost('compute-1', { onMaintenance: true })])],
    ['of a segment that was deleted', aSegment('made', [aHost('compute-1')], { deletedAtMs: NOW_MS })],
    ['that the policy names', aSegment('made', [aHost('compute-9')])],
    ['of a segment of which the policy has the name', aSegment('az1', [aHost('compute-1')])],
  ])('does not hold a host %s', (_, made) => {
    const policy = withMade(policyWith(), [made]);
    for (const host of ['compute-1', 'compute-9'])
      expect(holding(policy, host)).toEqual(host === 'compute-9' ? ['az1'] : []);
  });

  it.each([
    ['auto', [], { method: 'rh_priority', reservedHosts: { aggregate: 'spares' } }],
    ['auto', ['spare'], { method: 'auto', reservedHosts: { names: ['spare'] } }],
    ['rh_priority', ['spare'], { method: 'rh_priority', reservedHosts: { names: ['spare'] } }],
    ['auto_priority', [], { method: 'auto', reservedHosts: { names: ['-'] } }],
    ['reserved_host', [], { method: 'reserved_host', reservedHosts: { names: ['-'] } }],
    ['of another release', ['spare'], { method: 'auto', reservedHosts: { names: ['spare'] } }],
  ])('has the method %s with the reserved hosts %j', (recoveryMethod, spares, destinations) => {
    const template = { destinations: { method: 'rh_priority', reservedHosts: { aggregate: 'spares' } } } as const;
    const hosts = [aHost('compute-1'), ...spares.map((name) => aHost(name, { reserved: true }))];
    const made = withMade(policyWith({ masakari: { segmentDefaults: template } }), [
      aSegment('made', hosts, { recoveryMethod }),
    ]);
    expect(made.segments[1]?.destinations).toMatchObject(destinations);
  });

  it('keeps a segment of which nothing is held, for an incident that is open', () => {
    const policy = withMade(policyWith(), [aSegment('empty', []), aSegment('also-empty', [])]);
    expect(policy.segments.map(({ name }) => name)).toEqual(['az1', 'empty', 'also-empty']);
    for (const host of ['-', 'compute-1']) expect(holding(policy, host)).toEqual([]);
  });

  it('holds no host in two of them', () => {
    const policy = withMade(policyWith(), [
      aSegment('first', [aHost('compute-1')]),
      aSegment('second', [aHost('compute-1'), aHost('compute-2')]),
    ]);
    expect(holding(policy, 'compute-1')).toEqual(['first']);
    expect(holding(policy, 'compute-2')).toEqual(['second']);
  });

  it('is a policy, which can be read back from its record', () => {
    const policy = withMade(policyWith(), [
      aSegment('first', [aHost('compute-1'), aHost('compute-2', { onMaintenance: true })]),
      aSegment('gone', [aHost('compute-1')], { deletedAtMs: NOW_MS }),
      aSegment('empty', []),
      aSegment('second', [aHost('compute-9'), aHost('compute-3')]),
    ]);
    expect(policySchema.safeParse(policy).error).toBeUndefined();
    expect(policyFrom(policyId(policy), policyRecords(policy))).toEqual(policy);
  });
});

it('an aggregate or a zone does not hold what it excepts', () => {
  const policy = aPolicy({}, { except: ['compute-1'] });
  expect(holding(policy, 'compute-1')).toEqual([]);
  expect(holding(policy, 'compute-2')).toEqual(['az1']);
});

it('a template whose reports count shorter than its grace period is refused', () => {
  const masakari = { segmentDefaults: { graceSeconds: 60, reporters: { claimTtlSeconds: 60 } } };
  expect(() => policyWith({ masakari })).toThrow(/segmentDefaults: a report counts for 60 s/);
});
