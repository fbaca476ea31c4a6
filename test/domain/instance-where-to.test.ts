/** Where a single instance is moved to: by the chooser of evacuations, under the same policy. */
import { describe, expect, it } from 'vitest';
import type { Candidate } from '#shared/domain/destinations.ts';
import { contendingFor, type MoveHosts, mayBegin, whereTo } from '#shared/domain/instance-recovery/where-to.ts';
import { aPolicy, aSegment, type SegmentInput } from '#test/support/builders.ts';

const SERVER = { memoryMb: 2048, vcpus: 1 };
const host = (name: string, over: Partial<Candidate> = {}): Candidate => ({
  host: name,
  inFlight: 0,
  freeMemoryMb: 8192,
  ...over,
});
const to = (hosts: MoveHosts | undefined, segment: Partial<SegmentInput> = {}, refusedBy: readonly string[] = []) =>
  whereTo(SERVER, hosts, refusedBy, aSegment(segment));

describe('a move goes', () => {
  it('to the least busy host, of those to the one with most room', () => {
    const candidates = [host('a', { inFlight: 1, freeMemoryMb: 90_000 }), host('b'), host('c', { freeMemoryMb: 9000 })];
    expect(to({ candidates })).toEqual({ destination: 'c', because: 'to c' });
  });

  it('to a host of which nobody knows the room, and to the same one when it is decided again from the log', () => {
    const hosts = { candidates: [host('a'), host('b', { freeMemoryMb: Number.POSITIVE_INFINITY })] };
    const again = JSON.parse(JSON.stringify(contendingFor(SERVER, hosts, [], aSegment({})))) as MoveHosts;
    expect(to(hosts)).toMatchObject({ destination: 'b' });
    expect(to(again)).toMatchObject({ destination: 'b' });
  });

  it('where its server group lets it', () => {
    const group = { id: 'g', policy: 'anti-affinity', maxPerHost: 1, on: { b: 1 } } as const;
    const candidates = [host('a', { freeMemoryMb: 3000 }), host('b')];
    expect(to({ candidates, group })).toMatchObject({ destination: 'a' });
  });

  it("to the scheduler's choice when no host that salvor knows will do, and says why", () => {
    expect(to({ candidates: [host('a', { freeMemoryMb: 1 })] })).toEqual({
      destination: null,
      because: "to where Nova's scheduler says: no host has room for 2048 MB",
    });
  });

  it('to another host than those that Nova refused, and after two of them to where the scheduler says', () => {
    const candidates = [host('a'), host('b'), host('c')];
    expect(to({ candidates }, {}, ['a'])).toMatchObject({ destination: 'b' });
    expect(to({ candidates }, {}, ['a', 'b'])).toMatchObject({ destination: null });
    expect(to({ candidates }, { destinations: { otherwise: 'wait' } }, ['a', 'b'])).toMatchObject({ destination: 'c' });
  });
});

describe('a move waits', () => {
  it.each<[string, MoveHosts | undefined, Partial<SegmentInput>, string]>([
    ['for room', { candidates: [] }, { destinations: { otherwise: 'wait' } }, 'no other host is healthy'],
    [
      'for its turn',
      { candidates: [host('a', { inFlight: 10 })] },
      {},
      'each host that would do has as many instances on their way to it as the policy allows',
    ],
    [
      'where only reserved hosts would do: none is enabled for one instance',
      { candidates: [host('a')] },
      { destinations: { method: 'reserved_host', reservedHosts: { names: ['r'] } } },
      'no other host is healthy',
    ],
    ['when nobody has looked', undefined, {}, 'nobody has looked where it may go'],
  ])('%s', (_name, hosts, segment, waits) => {
    expect(to(hosts, segment)).toEqual({ waits });
  });
});

it('goes to a reserved host that is enabled, where those come first', () => {
  const destinations = {
    method: 'rh_priority',
    reservedHosts: { names: ['r'] },
  } satisfies SegmentInput['destinations'];
  const candidates = [host('a', { freeMemoryMb: 90_000 }), host('r', { reserved: true })];
  expect(to({ candidates }, { destinations })).toMatchObject({ destination: 'r' });
});

it('is for a person where its server group must stay together, and is nowhere else', () => {
  const group = { id: 'g', policy: 'affinity', maxPerHost: 1, on: {} } as const;
  expect(to({ candidates: [host('a')], group })).toEqual({
    person: 'its server group must stay together, and Nova lets no member of it leave its host',
  });
});

it('is decided alike by what is recorded of the hosts', () => {
  const candidates = ['a', 'b', 'c', 'd'].map((name, index) => host(name, { inFlight: index }));
  const all = { candidates };
  for (const refusedBy of [[], ['a'], ['a', 'b', 'c', 'd']]) {
    const segment = aSegment({ destinations: { otherwise: 'wait' } });
    const kept = contendingFor(SERVER, all, refusedBy, segment);
    expect(kept.candidates.length).toBeLessThan(candidates.length);
    expect(whereTo(SERVER, kept, refusedBy, segment)).toEqual(whereTo(SERVER, all, refusedBy, segment));
  }
});

describe('hosts are looked for', () => {
  const recovery = (given: SegmentInput['instanceRecovery']) => {
    const found = aPolicy({}, { instanceRecovery: given }).segments[0]?.instanceRecovery;
    if (found === undefined) throw new Error('it was given');
    return found;
  };

  it.each([
    ['suspected', null, { thenMove: true }, true],
    ['held', null, { ioError: { do: 'move' } }, true],
    ['held', 'reset-state', {}, true],
    ['held', 'migrate', { thenMove: true }, false],
    ['held', null, {}, false],
    ['accepted', null, { thenMove: true }, false],
  ] as const)('%s, moved %s, %j: %s', (status, moved, given, looks) => {
    expect(mayBegin({ status, moved }, recovery(given))).toBe(looks);
  });
});
