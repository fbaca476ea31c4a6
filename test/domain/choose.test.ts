import { describe, expect, it } from 'vitest';
import { choose, contending } from '#shared/domain/choose.ts';
import type { Candidate, Wanting } from '#shared/domain/destinations.ts';
import { aSegment, type SegmentInput } from '#test/support/builders.ts';

type Input = NonNullable<SegmentInput['destinations']>;
const reservedHosts = { names: ['spare-1', 'spare-2'] };
const destinationsOf = (over: Input) => aSegment({ destinations: { reservedHosts, ...over } }).destinations;
const aHost = (host: string, over: Partial<Candidate> = {}): Candidate => ({
  host,
  inFlight: 0,
  freeMemoryMb: 4096,
  ...over,
});
const usual = aHost('compute-2');
const full = aHost('compute-2', { freeMemoryMb: 0 });
const awake = aHost('spare-1', { reserved: true, inFlight: 1 });
const spare = aHost('spare-2', { reserved: true });
const wanting = { memoryMb: 2048, notAt: [] };
const chosen = (candidates: readonly Candidate[], asleep: readonly Candidate[], over: Input) =>
  choose({ candidates, asleep }, wanting, 10, destinationsOf(over));

describe('by the method', () => {
  const to = (host: string) => ({ to: 'host', host });
  const waking = (host: string) => ({ to: 'reserved-host', host });
  it.each<[Input['method'], candidates: readonly Candidate[], asleep: readonly Candidate[], expected: object]>([
    ['auto', [usual, awake], [spare], to('compute-2')],
    ['auto', [full, awake], [spare], to('spare-1')],
    ['auto', [full], [spare], { to: 'scheduler', because: 'no host has room for 2048 MB' }],
    ['auto_priority', [usual], [spare], to('compute-2')],
    ['auto_priority', [full], [spare], waking('spare-2')],
    ['auto_priority', [full], [], { to: 'scheduler', because: 'no host has room for 2048 MB' }],
    ['rh_priority', [usual, awake], [spare], to('spare-1')],
    ['rh_priority', [usual], [spare], waking('spare-2')],
    ['rh_priority', [usual], [], to('compute-2')],
    ['rh_priority', [full], [], { to: 'scheduler', because: 'no host has room for 2048 MB' }],
    ['reserved_host', [usual, awake], [spare], to('spare-1')],
    ['reserved_host', [usual], [spare], waking('spare-2')],
    ['reserved_host', [usual], [], { to: 'nowhere', because: 'no other host is healthy' }],
  ])('%s', (method, candidates, asleep, expected) => {
    expect(chosen(candidates, asleep, { method })).toEqual(expected);
  });

  it('a host that is only busy is waited for, and no reserved one is woken for it', () => {
    const busy = aHost('compute-2', { inFlight: 10 });
    expect(chosen([busy], [spare], { method: 'auto_priority' })).toEqual({ to: 'full' });
  });
});

it('the scheduler is not asked where the policy says so', () => {
  expect(chosen([full], [], { otherwise: 'wait' })).toEqual({ to: 'nowhere', because: 'no host has room for 2048 MB' });
});

describe('after two refusals', () => {
  const refused: Wanting = { ...wanting, notAt: ['compute-2', 'compute-3'], refusedBy: ['compute-2', 'compute-3'] };
  const candidates = ['compute-2', 'compute-3', 'compute-4'].map((host) => aHost(host));
  const behind = (over: Input, wanted = refused) =>
    choose({ candidates, asleep: [spare] }, wanted, 10, destinationsOf(over));

  it('the scheduler is asked, which looks at more than salvor does', () => {
    expect(behind({})).toEqual({ to: 'scheduler', because: 'Nova refused compute-2, compute-3' });
    expect(behind({ method: 'auto_priority' })).toMatchObject({ to: 'scheduler' });
  });

  it('another host is, where the policy leaves nothing to the scheduler', () => {
    expect(behind({ otherwise: 'wait' })).toEqual({ to: 'host', host: 'compute-4' });
    expect(behind({ method: 'reserved_host' })).toEqual({ to: 'reserved-host', host: 'spare-2' });
  });

  it('and after one of them another host', () => {
    const once: Wanting = { ...wanting, notAt: ['compute-2'], refusedBy: ['compute-2'] };
    expect(behind({}, once)).toEqual({ to: 'host', host: 'compute-3' });
  });
});

describe('what is kept of the hosts', () => {
  const hosts = [
    aHost('compute-2', { freeMemoryMb: 0 }),
    aHost('compute-3', { freeMemoryMb: 10 }),
    aHost('compute-4', { inFlight: 3 }),
    aHost('compute-5', { inFlight: 1 }),
    aHost('compute-6', { inFlight: 2 }),
    awake,
  ];
  const kept = [{ ...spare, serviceId: 'id', reason: 'reserved' }];
  const methods = ['auto', 'reserved_host', 'auto_priority', 'rh_priority'] as const;
  const wants: readonly [string, Wanting][] = [
    ['any', wanting],
    ['one that failed at the best', { ...wanting, notAt: ['compute-5', 'spare-1'] }],
    ['a big one', { ...wanting, memoryMb: 8192 }],
  ];

  it.each(methods.flatMap((method) => wants.map(([what, wanted]) => [method, what, wanted] as const)))(
    'tells the same choice by %s for %s',
    (method, _, wanted) => {
      const destinations = destinationsOf({ method });
      const few = contending({ candidates: hosts, asleep: kept }, wanted, 10, destinations);
      expect(choose(few, wanted, 10, destinations)).toEqual(
        choose({ candidates: hosts, asleep: kept }, wanted, 10, destinations),
      );
      expect(few.candidates.length).toBeLessThan(hosts.length);
    },
  );
});

it('a method that takes reserved hosts needs some', () => {
  expect(() => aSegment({ destinations: { method: 'rh_priority' } })).toThrow(/needs reservedHosts/);
});
