import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capacityOf, type SegmentCapacity } from '#shared/domain/forecast/capacity.ts';
import type { CloudView } from '#shared/domain/forecast/view.ts';
import { planAll } from '#shared/domain/forecast/what-if.ts';
import { aHypervisor, aPolicy, aServer, aService, type SegmentInput, uuid } from '#test/support/builders.ts';

const TAKEN = { openIncidents: [], inHand: new Set<string>(), inFlightTo: {} };

/** Hosts with so much free memory each, and instances of these sizes. */
function aView(
  hosts: readonly { readonly free: number; readonly vms: readonly number[] }[],
  changes: Partial<CloudView> = {},
): CloudView {
  const names = hosts.map((_, index) => `compute-${index + 1}`);
  return {
    services: names.map((host) => aService({ host })),
    hypervisors: hosts.map(({ free }, index) => aHypervisor(names[index] ?? '', free)),
    aggregates: [],
    groups: [],
    instances: new Map(
      hosts.map(({ vms }, at) => [
        names[at] ?? '',
        {
          servers: vms.map((memoryMb, index) =>
            aServer({ id: uuid(at + 10, index), name: `vm-${at + 1}-${index}`, host: names[at] ?? null, memoryMb }),
          ),
          signs: new Map(),
          evacuations: [],
          otherMigrations: [],
        },
      ]),
    ),
    whereabouts: new Map(),
    ...changes,
  };
}

function judge(view: CloudView, segment: Partial<SegmentInput> = {}): SegmentCapacity {
  const [only] = capacityOf(view, TAKEN, aPolicy({}, segment));
  if (only === undefined) throw new Error('a policy has a segment');
  return only;
}

describe('a segment', () => {
  it('with room enough survives any one host, and any two', () => {
    expect(judge(aView(Array.from({ length: 6 }, () => ({ free: 10_000, vms: [1000, 2000] }))))).toEqual({
      segment: 'az1',
      hosts: 6,
      instances: 12,
      one: { survives: true, worst: null, planned: 0, of: 6 },
      two: { survives: true, worst: null, planned: 0, of: 15 },
      largest: { name: 'vm-1-1', memoryMb: 2000, fitsOn: 5 },
    });
  });

  it('that survives one host may not survive two', () => {
    const { one, two } = judge(aView([0, 1, 2].map(() => ({ free: 2000, vms: [1000, 1000, 1000] }))));
    expect(one.survives).toBe(true);
    expect(two).toMatchObject({
      survives: false,
      worst: { hosts: ['compute-1', 'compute-2'], without: 4, memoryMb: 4000 },
      of: 3,
    });
  });

  it('tells of the worst host', () => {
    const view = aView([
      { free: 1000, vms: [800] },
      { free: 1000, vms: [800, 800, 800, 800] },
      { free: 1000, vms: [] },
    ]);
    expect(judge(view).one).toMatchObject({
      survives: false,
      worst: { hosts: ['compute-2'], without: 2, memoryMb: 1600 },
    });
  });

  it('may have room in sum, and none for its largest instance', () => {
    const view = aView([{ free: 1000, vms: [5000] }, ...Array.from({ length: 9 }, () => ({ free: 4000, vms: [] }))]);
    expect(judge(view)).toMatchObject({
      one: { survives: false, worst: { hosts: ['compute-1'] } },
      largest: { name: 'vm-1-0', memoryMb: 5000, fitsOn: 0 },
    });
  });

  it('counts what would be brought back only, and hosts that are healthy', () => {
    const view = aView([
      { free: 1000, vms: [5000] },
      { free: 1000, vms: [] },
    ]);
    const optedOut = aServer({ memoryMb: 5000, metadata: { HA_Enabled: 'no' } });
    const own = { servers: [optedOut], signs: new Map(), evacuations: [], otherMigrations: [] };
    expect(judge({ ...view, instances: new Map([...view.instances, ['compute-1', own]]) }).one.survives).toBe(true);
    const services = [aService({ host: 'compute-1', status: 'disabled' }), aService({ host: 'compute-2' })];
    expect(judge({ ...view, services })).toMatchObject({ hosts: 1, one: { survives: true } });
  });

  it('counts vCPUs where the policy does', () => {
    const view = aView([
      { free: 9000, vms: [1000] },
      { free: 9000, vms: [1000] },
    ]);
    const hypervisors = view.hypervisors.map((each) => ({ ...each, vcpus: 4, vcpusUsed: 4 }));
    expect(judge({ ...view, hypervisors }).one.survives).toBe(true);
    expect(judge({ ...view, hypervisors }, { destinations: { cpuAllocationRatio: 1 } }).one.survives).toBe(false);
  });

  it('asks the planner where server groups are', () => {
    const view = aView([
      { free: 9000, vms: [1000, 1000] },
      { free: 9000, vms: [] },
      { free: 9000, vms: [] },
    ]);
    const apart = { id: 'g', policy: 'anti-affinity', maxPerHost: 1, members: [uuid(10, 0), uuid(10, 1)] } as const;
    expect(judge({ ...view, groups: [apart] }).one).toEqual({ survives: true, worst: null, planned: 1, of: 3 });
    const two = { ...view, services: view.services.slice(0, 2), groups: [apart] };
    expect(judge(two).one).toMatchObject({ survives: false, worst: { without: 1 } });
  });

  it('that holds no host survives', () => {
    expect(judge(aView([]))).toMatchObject({ hosts: 0, one: { survives: true, of: 0 }, largest: null });
  });
});

it('what is taken for sure is what the planner finds, whatever is where', async () => {
  const host = fc.record({
    free: fc.integer({ min: 0, max: 20 }),
    vms: fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 4 }),
  });
  const groups = fc.array(
    fc.record({
      policy: fc.constantFrom('anti-affinity', 'affinity', 'soft-anti-affinity'),
      members: fc.uniqueArray(fc.tuple(fc.nat(6), fc.nat(3)), { selector: String, maxLength: 4 }),
    }),
    { maxLength: 2 },
  );
  await fc.assert(
    fc.property(fc.array(host, { minLength: 2, maxLength: 7 }), groups, (hosts, grouped) => {
      const bare = aView(hosts);
      const found = [...bare.instances].flatMap(([name, { servers }]) => servers.map(({ id }) => [id, name] as const));
      const taken = new Set<string>();
      const view: CloudView = {
        ...bare,
        whereabouts: new Map(found),
        // Nova puts an instance into one group at most.
        groups: grouped.map(({ policy, members }, index) => ({
          ...{ id: `g${index}`, policy, maxPerHost: 1 },
          members: members
            .map(([at, number]) => uuid(at + 10, number))
            .filter((id) => !taken.has(id) && taken.add(id) !== undefined),
        })),
      };
      const policy = aPolicy();
      const without = (names: readonly string[]): number =>
        planAll(
          view.services.filter((each) => names.includes(each.host)),
          view,
          TAKEN,
          policy,
        ).flatMap(({ recovery }) =>
          recovery.instances.filter(({ destination }) => destination !== null && !('host' in destination)),
        ).length;
      const names = view.services.map((each) => each.host);
      const worstOne = Math.max(...names.map((name) => without([name])));
      const worstTwo = Math.max(...names.flatMap((a, index) => names.slice(index + 1).map((b) => without([a, b]))));
      const { one, two } = judge(view);
      expect([one.worst?.without ?? 0, two.worst?.without ?? 0]).toEqual([worstOne, worstTwo]);
    }),
  );
});
