import { describe, expect, it } from 'vitest';
import type { RecordedBasis } from '#shared/domain/basis.ts';
import { CannotDecide } from '#shared/domain/replay/cannot-decide.ts';
import { firstDifference } from '#shared/domain/replay/compare.ts';
import { type Decision, decisionsOf, hostDecisions } from '#shared/domain/replay/log.ts';
import { evolved, replayed } from '#shared/domain/replay/replayed.ts';
import { HOST_KEY, INCIDENT_ID, NOW_MS } from '#test/support/builders.ts';

describe('the first difference between what was recorded and what is decided', () => {
  it.each<[string, unknown, unknown, string | undefined]>([
    ['none', [{ a: 1, b: { c: [2] } }], [{ b: { c: [2] }, a: 1 }], undefined],
    ['none where JSON has nothing', [{ a: 1, b: undefined }], [{ a: 1 }], undefined],
    ['a value', [{ a: 1 }, { b: 1 }], [{ a: 1 }, { b: 2 }], 'facts[1].b'],
    ['a fact more', [], [{ a: 1 }], 'facts[0]'],
    ['a fact less', [{ a: 1 }], [], 'facts[0]'],
    ['a field more', [{}], [{ a: 1 }], 'facts[0].a'],
    ['deep inside', [{ a: { b: [0, { c: 1 }] } }], [{ a: { b: [0, { c: 2 }] } }], 'facts[0].a.b[1].c'],
    ['a list where an object was', [{ a: { 0: 1 } }], [{ a: [2] }], 'facts[0].a'],
    ['null where an object was', [{ a: {} }], [{ a: null }], 'facts[0].a'],
    ['an object where null was', [{ a: null }], [{ a: {} }], 'facts[0].a'],
    ['an object where a word was', [{ a: 'b' }], [{ a: { b: 1 } }], 'facts[0].a'],
  ])('%s', (_, recorded, decided, at) => {
    expect(firstDifference(recorded, decided)?.at).toBe(at);
  });

  it('tells both sides, undefined where there is none', () => {
    expect(firstDifference([{ a: 1 }], [])).toEqual({ at: 'facts[0]', recorded: { a: 1 }, decided: undefined });
  });
});

const basis = (version: number): RecordedBasis => ({ by: 'gates', atMs: NOW_MS, version, policy: 'p' });
const record = (stream: string, seq: number, type: string, version?: number) => ({
  stream,
  seq,
  atMs: NOW_MS + seq,
  fact: { type },
  previousHash: '',
  hash: '',
  ...(version === undefined ? {} : { basis: basis(version) }),
});
const decision: Decision = { stream: 's', seq: 7, atMs: NOW_MS, basis: basis(3), facts: [{ type: 'a' }] };

describe('the decisions of a log', () => {
  it('begin with each record that has a basis, and with the first', () => {
    const records = [record('s', 1, 'a'), record('s', 2, 'b'), record('s', 3, 'c', 4), record('s', 4, 'd')];
    expect(decisionsOf(records)).toEqual([
      { stream: 's', seq: 1, atMs: NOW_MS + 1, basis: undefined, facts: [{ type: 'a' }, { type: 'b' }] },
      { stream: 's', seq: 3, atMs: NOW_MS + 3, basis: basis(4), facts: [{ type: 'c' }, { type: 'd' }] },
    ]);
  });

  it('about a host are in the order of its versions; what one wrote to two streams is one', () => {
    const incidents = [
      { id: INCIDENT_ID, records: [record('incident', 1, 'opened', 1), record('incident', 2, 'held', 3)], tasks: [] },
    ];
    const records = [record('host', 1, 'reported', 1), record('host', 2, 'reported', 2), record('host', 3, 'again', 4)];
    const course = hostDecisions({ key: HOST_KEY, records, incidents });
    expect(course.map(({ version, stream, facts }) => [version, stream, facts.map(({ type }) => type)])).toEqual([
      [1, 'host', ['reported', 'opened']],
      [2, 'host', ['reported']],
      [3, 'incident', ['held']],
      [4, 'host', ['again']],
    ]);
  });

  it('of a salvor that recorded no basis are told under no version', () => {
    const course = hostDecisions({ key: HOST_KEY, records: [record('host', 1, 'reported')], incidents: [] });
    expect(course).toMatchObject([{ version: 0, seq: 1 }]);
  });
});

describe('a decision made again', () => {
  const common = { stream: 's', seq: 7, atMs: NOW_MS, by: 'gates', recorded: [{ type: 'a' }] };

  it('is told beside what was recorded', () => {
    expect(replayed(decision, () => [{ type: 'a' }])).toEqual({
      ...common,
      decided: [{ type: 'a' }],
      cannot: null,
      difference: null,
    });
    expect(replayed(decision, () => [{ type: 'b' }]).difference).toMatchObject({ at: 'facts[0].type', decided: 'b' });
  });

  it('that can not be made says why', () => {
    const again = replayed({ ...decision, basis: undefined }, () => {
      throw new CannotDecide('nothing is recorded');
    });
    expect(again).toEqual({ ...common, by: null, decided: null, cannot: 'nothing is recorded', difference: null });
  });

  it('hides no defect', () => {
    const again = () =>
      replayed(decision, () => {
        throw new TypeError('a defect');
      });
    expect(again).toThrow(TypeError);
  });

  it('leads to a state, or leaves it when its facts can not follow', () => {
    const count = (state: number, { type }: { readonly type: string }) => {
      if (state > 1) throw new Error(`no ${type} after ${state}`);
      return state + 1;
    };
    expect(evolved(1, decision, count)).toEqual({ state: 2, impossible: null });
    expect(evolved(2, decision, count)).toEqual({ state: 2, impossible: "its facts can't follow: no a after 2" });
    const throwsText = () => {
      throw 'a text';
    };
    expect(evolved(2, decision, throwsText).impossible).toBe("its facts can't follow: a text");
  });
});
