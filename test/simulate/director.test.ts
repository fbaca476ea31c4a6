import { describe, expect, it } from 'vitest';
import { chanceFor } from '#cli/simulate/engine/chance.ts';
import { Director, type Strike } from '#cli/simulate/engine/director.ts';
import { States } from '#cli/simulate/engine/states.ts';
import type { PlannedFault, StateName } from '#cli/simulate/faults.ts';

const HOST = 'compute-1';
const planned = (fault: Partial<PlannedFault> & Pick<PlannedFault, 'kind' | 'during'>): PlannedFault => ({
  host: HOST,
  fromMs: 0,
  skip: 0,
  afterMs: 0,
  times: 1,
  forMs: 0,
  sizeMs: 0,
  ...fault,
});

function aDirector(...faults: readonly PlannedFault[]) {
  const states = new States(() => HOST);
  const strikes: Strike[] = [];
  let nowMs = 0;
  const director = new Director({
    faults,
    noise: {},
    states,
    now: () => nowMs,
    startMs: 0,
    onStrike: (strike) => strikes.push(strike),
  });
  const enter = (status: StateName): void =>
    states.follow([
      { kind: 'put', partition: 'host#1', sort: 'state', expect: 'absent', body: { incident: { id: 'i', status } } },
    ]);
  const call = (kind: PlannedFault['kind']) => director.pick([kind], { hosts: [HOST] }, chanceFor(1, 'test'));
  const at = (ms: number): void => {
    nowMs = ms;
  };
  return { director, strikes, enter, call, at };
}

describe('a fault of calls', () => {
  it('waits for its state, and strikes as often as planned', () => {
    const { enter, call, strikes } = aDirector(planned({ kind: 'nova-slow', during: 'held', times: 2 }));
    expect(call('nova-slow')).toBeUndefined();
    enter('held');
    expect([call('nova-slow'), call('nova-slow'), call('nova-slow')].map((each) => each?.kind)).toEqual([
      'nova-slow',
      'nova-slow',
      undefined,
    ]);
    expect(strikes.map(({ fresh }) => fresh)).toEqual([['held'], ['held']]);
  });

  it('that lasts strikes every call, and counts once in each state', () => {
    const { enter, call, strikes, at } = aDirector(planned({ kind: 'bmc-hangs', during: 'fencing', forMs: 1000 }));
    enter('fencing');
    for (const ms of [1, 500, 900]) {
      at(ms);
      if (ms === 900) enter('forcing-down');
      expect(call('bmc-hangs')).toBeDefined();
    }
    at(1001);
    expect(call('bmc-hangs')).toBeUndefined();
    expect(strikes.map(({ fresh }) => fresh)).toEqual([['fencing'], [], ['forcing-down']]);
  });
});

describe('an event', () => {
  it('is told once in its state, and again when it waits for the next time', () => {
    const event = planned({ kind: 'false-up', during: 'fencing' });
    const { director, enter } = aDirector(event);
    expect(director.takeEvents([HOST])).toEqual([]);
    enter('fencing');
    expect(director.takeEvents([HOST])).toEqual([event]);
    expect(director.takeEvents([HOST])).toEqual([]);
    director.waits(event);
    enter('planning');
    expect(director.takeEvents([HOST])).toEqual([]);
    enter('fencing');
    expect(director.takeEvents([HOST])).toEqual([event]);
  });
});
