import { expect, it } from 'vitest';
import { policyChanges } from '#shared/domain/policy-diff.ts';
import { aPolicy, type PolicyInput, type SegmentInput } from '#test/support/builders.ts';

const DEVICE = { driver: 'redfish', url: 'https://bmc.test/1', credentials: 'bmc' } as const;
const SEGMENT: SegmentInput = { name: 'az1', hosts: { availabilityZone: 'nova' } };
const short = (before: Partial<PolicyInput>, after: Partial<PolicyInput>) =>
  policyChanges(aPolicy(before), aPolicy(after)).map(
    ({ kind, path, before: was, after: is, guards }) => `${kind} ${path}: ${was} -> ${is} (${guards})`,
  );
const segments = (...all: readonly Partial<SegmentInput>[]) => ({
  segments: all.map((each) => ({ ...SEGMENT, ...each })),
});

it('finds nothing between a policy and itself, whatever the order of its keys, segments and lists', () => {
  const two = segments({}, { name: 'az2', hosts: { names: ['a', 'b'] } });
  const turned = segments({ name: 'az2', hosts: { names: ['b', 'a'] } }, {});
  expect(short(two, turned)).toEqual([]);
  expect(short({ survey: { everySeconds: 60, atOnce: 20 } }, { survey: { atOnce: 20, everySeconds: 60 } })).toEqual([]);
});

it('tells a segment, a device, a reporter and a person that come or go as a whole', () => {
  const person = { token: 'of-ann', role: 'viewer' } as const;
  expect(
    short(
      { ...segments({}), fenceDevices: { 'compute-1': DEVICE }, reporters: { consul: { token: 'of-consul' } } },
      {
        ...segments({ name: 'az2', graceSeconds: 60 }),
        fenceDevices: { 'compute-2': DEVICE },
        reporters: { pacemaker: { token: 'of-pacemaker' } },
        access: { people: { ann: person } },
      },
    ).map((each) => each.replace(/(?<=: ).*(?= \()/, '…')),
  ).toEqual([
    'removed segments.az1: … (null)',
    'added segments.az2: … (null)',
    'removed fenceDevices.compute-1: … (null)',
    'added fenceDevices.compute-2: … (null)',
    'removed reporters.consul: … (null)',
    'added reporters.pacemaker: … (null)',
    'added access.people.ann: … (null)',
  ]);
});

it.each([
  [{ mode: 'shadow' }, { mode: 'enforce' }, 'changed segments.az1.mode: shadow -> enforce (fewer)'],
  [{ graceSeconds: 180 }, { graceSeconds: 60 }, 'changed segments.az1.graceSeconds: 180 -> 60 (fewer)'],
  [{ graceSeconds: 60 }, { graceSeconds: 180 }, 'changed segments.az1.graceSeconds: 60 -> 180 (more)'],
  [{}, { reporters: { required: 2 } }, 'changed segments.az1.reporters.required: 1 -> 2 (more)'],
  [{}, { requireNovaDown: false }, 'changed segments.az1.requireNovaDown: true -> false (fewer)'],
  [{}, { storm: { maxHosts: 9 } }, 'changed segments.az1.storm.maxHosts: 3 -> 9 (fewer)'],
  [{}, { fencing: { confirmOff: { people: 0 } } }, 'changed segments.az1.fencing.confirmOff.people: 1 -> 0 (more)'],
  [{}, { fencing: { confirmOff: { people: 2 } } }, 'changed segments.az1.fencing.confirmOff.people: 1 -> 2 (more)'],
  [
    {},
    { instances: { allowRebuildFromImage: true } },
    'changed segments.az1.instances.allowRebuildFromImage: false -> true (fewer)',
  ],
  [{}, { fencing: { watchdog: {} } }, 'added segments.az1.fencing.watchdog.maxTimeoutSeconds: null -> 120 (null)'],
  [{ except: ['b', 'a'] }, { except: ['b'] }, 'changed segments.az1.except: b, a -> b (null)'],
] satisfies readonly (readonly [Partial<SegmentInput>, Partial<SegmentInput>, string])[])(
  'tells %j to %j with what it means for the guards',
  (before, after, told) => {
    expect(short(segments(before), segments(after))[0]).toBe(told);
  },
);

it('says in words what a change comes to', () => {
  const [change] = policyChanges(aPolicy(segments({ graceSeconds: 180 })), aPolicy(segments({ graceSeconds: 60 })));
  expect(change?.means).toBe('a host is fenced 120 s sooner: a reboot may not fit into it any more');
});
