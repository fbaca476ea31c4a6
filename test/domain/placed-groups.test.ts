import { describe, expect, it } from 'vitest';
import { allows, groupsOfTasks, heldTogether, joined, placedGroup } from '#shared/domain/placed-groups.ts';
import { anAttempt, aTask } from '#test/support/builders.ts';

const members = ['a', 'b', 'c'];
const of = (policy: 'affinity' | 'anti-affinity' | 'soft-affinity', where: Record<string, string>, maxPerHost = 1) =>
  placedGroup({ id: 'g', policy, maxPerHost, members }, new Map(Object.entries(where)));

describe('a server group', () => {
  it('knows how many of its members are on a host', () => {
    expect(of('affinity', { a: 'compute-2', b: 'compute-2', other: 'compute-2' })).toEqual({
      ...{ id: 'g', policy: 'affinity', maxPerHost: 1, members },
      on: { 'compute-2': 2 },
    });
  });

  it('that keeps its members apart lets so many on a host as its rule says', () => {
    const one = of('anti-affinity', { a: 'compute-2' });
    expect([allows(one, 'compute-2'), allows(one, 'compute-3')]).toEqual([false, true]);
    const two = of('anti-affinity', { a: 'compute-2' }, 2);
    expect(allows(two, 'compute-2')).toBe(true);
    expect(allows(joined(two, 'compute-2'), 'compute-2')).toBe(false);
  });

  it('that keeps them together may begin anywhere', () => {
    expect(allows(of('affinity', {}), 'compute-3')).toBe(true);
    expect(allows(joined(of('affinity', {}), 'compute-3'), 'compute-4')).toBe(false);
  });

  it('that has only wishes allows all', () => {
    expect(allows(of('soft-affinity', { a: 'compute-2' }), 'compute-3')).toBe(true);
  });
});

describe('a group whose host is dead', () => {
  it('that must stay together is held there by Nova', () => {
    expect(heldTogether(of('affinity', {}))).toMatch(/Nova lets no member of it leave the failed host$/);
  });

  it('is held no more once one of them is elsewhere', () => {
    expect(heldTogether(of('affinity', { a: 'compute-2' }))).toBeUndefined();
  });

  it.each([undefined, of('anti-affinity', {}), of('soft-affinity', {})])('and %j is not held', (group) => {
    expect(heldTogether(group)).toBeUndefined();
  });
});

describe('the groups of an incident’s tasks', () => {
  const read = { id: 'g', policy: 'anti-affinity' as const, maxPerHost: 1, on: { 'compute-9': 1 } };
  const signs = { image: null, aggregates: [], group: read };
  const member = (instanceId: string) => ({ instanceId, signs });
  const arrived = aTask('ended', { outcome: 'recovered', destination: 'compute-2' }, member('a'));
  const onItsWay = aTask('accepted', { attempt: anAttempt({ destination: 'compute-3' }) }, member('b'));
  const waits = aTask('waiting', {}, member('c'));
  const alone = aTask('waiting', {}, { instanceId: 'd' });

  it('hold what was read, where their members have come to, and where they are on their way to', () => {
    expect(groupsOfTasks([arrived, onItsWay, waits, alone])).toEqual([
      {
        ...read,
        members: ['a', 'b', 'c'],
        on: { 'compute-9': 1, 'compute-2': 1, 'compute-3': 1 },
      },
    ]);
  });

  it('hold what was read since, instead', () => {
    expect(groupsOfTasks([waits], new Map([['g', { ...read, on: { 'compute-8': 1 } }]]))).toMatchObject([
      { on: { 'compute-8': 1 } },
    ]);
  });
});
