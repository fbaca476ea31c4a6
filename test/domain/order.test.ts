import { describe, expect, it } from 'vitest';
import { groupPriorities, inOrder, orderKeys, type Rank, rankOf } from '#shared/domain/order.ts';
import type { Server } from '#shared/ports.ts';
import { aSegment, aServer, type SegmentInput } from '#test/support/builders.ts';

const orderOf = (order: SegmentInput['order'] = {}) => aSegment({ order }).order;
const rank = (server: Partial<Server>, order: SegmentInput['order'] = {}): Rank =>
  rankOf(aServer(server), null, orderOf(order));

const PRIORITY = 'instanceha:restart_priority';
const GROUP = 'instanceha:restart_group';
const STARLINGX = 'sw:wrs:recovery_priority';

describe('the priority of an instance', () => {
  it.each<[what: string, server: Partial<Server>, priority: number]>([
    ['that says nothing', {}, 500],
    ['is that of its metadata', { metadata: { [PRIORITY]: '900' } }, 900],
    ['is that of its flavor', { extraSpecs: { [PRIORITY]: '900' } }, 900],
    ['is its own before that of its flavor', { metadata: { [PRIORITY]: '1' }, extraSpecs: { [PRIORITY]: '900' } }, 1],
    ['is 1 at least', { metadata: { [PRIORITY]: '-7' } }, 1],
    ['is 1000 at most', { metadata: { [PRIORITY]: '1001' } }, 1000],
    ['is the usual one when it is no number', { metadata: { [PRIORITY]: 'high' } }, 500],
    ['is the usual one when it is no whole number', { metadata: { [PRIORITY]: '7.5' } }, 500],
    ['is the usual one when it is empty', { metadata: { [PRIORITY]: ' ' } }, 500],
    ['may have spaces', { metadata: { [PRIORITY]: ' 7 ' } }, 7],
    ['that is StarlingX’s first', { metadata: { [STARLINGX]: '1' } }, 1000],
    ['that is StarlingX’s last is above nothing', { extraSpecs: { [STARLINGX]: '10' } }, 550],
    ['that is none of StarlingX’s', { metadata: { [STARLINGX]: '11' } }, 500],
    ['that is none of StarlingX’s either', { metadata: { [STARLINGX]: '0' } }, 500],
    ['is its own name’s before StarlingX’s', { metadata: { [STARLINGX]: '1', [PRIORITY]: '5' } }, 5],
  ])('%s', (_, server, priority) => {
    expect(rank(server).priority).toBe(priority);
  });

  it('is read from the key that the policy names', () => {
    expect(rank({ metadata: { p: '7', [PRIORITY]: '9' } }, { priorityKey: 'p' }).priority).toBe(7);
  });

  it('is the flavor’s where owners have no word', () => {
    const server = { metadata: { [PRIORITY]: '1000' }, extraSpecs: { [PRIORITY]: '3' } };
    expect(rank(server, { byOwners: false }).priority).toBe(3);
    expect(rank({ metadata: { [PRIORITY]: '1000' } }, { byOwners: false }).priority).toBe(500);
  });

  it('is the best one of its group', () => {
    expect(rankOf(aServer({ metadata: { [PRIORITY]: '1' } }), 700, orderOf()).priority).toBe(700);
  });
});

describe('the tier of an instance', () => {
  it.each([
    ['1', 1],
    ['1000', 1000],
    ['0', null],
    ['1001', null],
    ['first', null],
    [undefined, null],
  ])('that says %s is %s', (value, tier) => {
    expect(rank({ metadata: value === undefined ? {} : { 'salvor:tier': value } }).tier).toBe(tier);
  });
});

describe('a group', () => {
  const member = (priority: string, group: string, projectId = 'a') =>
    aServer({ projectId, metadata: { [PRIORITY]: priority, [GROUP]: group } });

  it('has the largest priority of its members, in one project', () => {
    const servers = [member('7', 'db'), member('900', 'db'), member('30', 'web'), member('5', 'db', 'b'), aServer()];
    expect(groupPriorities(servers, orderOf())).toEqual([900, 900, 30, 5, null]);
  });

  it('without a name is none', () => {
    expect(groupPriorities([member('7', '')], orderOf())).toEqual([null]);
  });
});

describe('the order', () => {
  it('is by tier, what has none behind, then the larger priority; equal ones stay', () => {
    const ranks: (Rank & { readonly name: string })[] = [
      { name: 'a', priority: 500, tier: null },
      { name: 'b', priority: 900, tier: null },
      { name: 'c', priority: 1, tier: 1 },
      { name: 'd', priority: 1000, tier: 2 },
      { name: 'e', priority: 7, tier: 1 },
      { name: 'f', priority: 500, tier: null },
    ];
    expect(ranks.toSorted(inOrder).map(({ name }) => name)).toEqual(['e', 'c', 'd', 'b', 'a', 'f']);
  });

  it('is read from these keys', () => {
    expect(orderKeys(orderOf({ tierKey: 't' }))).toEqual([PRIORITY, GROUP, 't', STARLINGX]);
  });
});
