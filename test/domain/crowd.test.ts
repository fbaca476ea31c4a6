/** What is told of several at once: when, of whom, and that none is left out. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ALONE,
  type Crowded,
  endedThreads,
  type OpenThread,
  split,
  type Thing,
  withNews,
} from '#shared/domain/notify/crowd.ts';
import type { Notice } from '#shared/domain/notify/notice.ts';
import { NOW_MS, seconds } from '#test/support/builders.ts';

const aNews = (of: string, over: Partial<Notice> = {}): Notice => ({
  id: `${of}/${over.kind ?? 'held'}/1`,
  thread: of,
  state: 'open',
  kind: 'held',
  severity: 'critical',
  atMs: NOW_MS,
  title: `${of} is down and not recovered: it is held`,
  body: 'segment-storm: 37 hosts are down.',
  incidentId: of,
  host: of,
  segment: 'az1',
  ask: { act: 'release', hostKey: of, gates: [] },
  ...over,
});
const aThing = (id: string, waiting: readonly Notice[] = [aNews(id)], crowd: Partial<Crowded> = {}): Thing => ({
  id,
  of: 'host',
  name: id,
  segment: 'az1',
  isOpen: true,
  channels: [],
  crowd: { ...ALONE, sinceMs: NOW_MS, waiting, ...crowd },
});
const things = (count: number): readonly Thing[] =>
  Array.from({ length: count }, (_, index) => aThing(`compute-${index}`));
const at = (all: readonly Thing[], nowMs = NOW_MS, open: readonly OpenThread[] = []) =>
  split(all, open, { nowMs, from: 5, most: 99 });
const LATER_MS = NOW_MS + seconds(30);

describe('what is told together', () => {
  it('few are told each by itself, at once, as ever', () => {
    const { things: told, together } = at(things(4));
    expect(together).toEqual([]);
    expect([...told.values()].map(({ alone }) => alone)).toEqual(things(4).map(({ crowd }) => crowd.waiting));
    expect([...told.values()].every(({ crowd }) => crowd.waiting.length === 0)).toBe(true);
  });

  it('many gather for half a minute, and are one notice, which names some and counts all', () => {
    expect(at(things(37), LATER_MS - 1)).toMatchObject({ together: [] });
    const { together, things: told } = at(things(37), LATER_MS);
    expect(together.map(({ notice, members }) => [notice.title, members.length])).toEqual([
      ['37 hosts of segment az1 are down and not recovered: they are held', 37],
    ]);
    expect(together[0]?.notice).toMatchObject({
      kind: 'held',
      severity: 'critical',
      state: 'open',
      ask: null,
      host: null,
    });
    expect(together[0]?.notice.body).toContain(
      'and 27 more. 37 hosts of it are in trouble now. compute-0: segment-storm',
    );
    expect([...told.values()].every(({ alone, crowd }) => alone.length === 0 && crowd.waiting.length === 0)).toBe(true);
  });

  it('each kind is a notice of its own, since routes go by kinds; one of a kind is told by itself, with its link', () => {
    const all = things(10).map((each, index) =>
      index < 3 ? { ...each, crowd: { ...each.crowd, waiting: [aNews(each.id, { kind: 'needs-a-person' })] } } : each,
    );
    expect(at(all, LATER_MS).together.map(({ notice, members }) => [notice.kind, members.length])).toEqual([
      ['held', 7],
      ['needs-a-person', 3],
    ]);
    const one = all.slice(2);
    const found = at(one, LATER_MS);
    expect(found.together.map(({ notice }) => notice.kind)).toEqual(['held']);
    expect(found.things.get('compute-2')?.alone).toMatchObject([{ kind: 'needs-a-person', ask: { act: 'release' } }]);
  });

  it('hosts of another segment, and instances, are no part of it', () => {
    const others = [
      { ...aThing('other'), segment: 'az2' },
      { ...aThing('vm'), of: 'instance' as const },
    ];
    const { things: told } = at([...things(5), ...others]);
    expect([...told].flatMap(([id, { alone }]) => (alone.length > 0 ? [id] : []))).toEqual(['other', 'vm']);
  });

  it('those that follow wait: a minute where they wake people, five else', () => {
    const opened = (each: Thing): Thing => ({
      ...each,
      crowd: { ...each.crowd, waiting: [aNews(each.id, { kind: 'opened', severity: 'warning' })] },
    });
    const before = things(6).map((each) => aThing(each.id, [], { newsAtMs: NOW_MS, togetherAtMs: NOW_MS }));
    const more = things(9).slice(6);
    const count = (all: readonly Thing[], after: number) => at(all, NOW_MS + seconds(after)).together.length;
    expect([count([...before, ...more], 59), count([...before, ...more], 60)]).toEqual([0, 1]);
    expect([count([...before, ...more.map(opened)], 299), count([...before, ...more.map(opened)], 300)]).toEqual([
      0, 1,
    ]);
  });

  it('the end of what was told by itself is told by itself, of what was told together together', () => {
    const over = (id: string) => aNews(id, { kind: 'closed', state: 'over', severity: 'info' });
    const open = [{ thread: 't', of: 'host', segment: 'az1', title: '', isCritical: true, channels: [] } as const];
    const ended = (index: number, given: Partial<Thing>, threads: readonly string[]): Thing => ({
      ...aThing(`compute-${index}`, [over(`compute-${index}`)], { threads }),
      isOpen: false,
      ...given,
    });
    const all = [ended(0, { channels: ['chat'] }, ['t']), ended(1, {}, ['t']), ended(2, {}, ['t'])];
    const first = at(all, NOW_MS, open);
    expect([...first.things].map(([id, { alone }]) => [id, alone.length])).toEqual([
      ['compute-0', 1],
      ['compute-1', 0],
      ['compute-2', 0],
    ]);
    const { together } = at(all.slice(1), NOW_MS + seconds(300), open);
    expect(together.map(({ notice }) => [notice.title, notice.state])).toEqual([
      ['2 hosts of segment az1 have ended', 'over'],
    ]);
  });

  it('instances that were restarted are a crowd too, though nothing was told of them before', () => {
    const back = (id: string) => aNews(id, { kind: 'instance', state: 'over', severity: 'info' });
    const all = things(20).map(
      (each): Thing => ({ ...each, of: 'instance', isOpen: false, crowd: { ...each.crowd, waiting: [back(each.id)] } }),
    );
    expect(at(all.slice(0, 4)).things.get('compute-3')?.alone).toHaveLength(1);
    const [first] = at(all, LATER_MS + seconds(300)).together;
    expect(first?.notice.title).toBe('20 instances of segment az1 are back, or not in trouble any more');
    const told = all.slice(0, 4).map((each) => ({ ...each, crowd: { ...ALONE, newsAtMs: NOW_MS } }));
    expect(at([...told, ...all.slice(4, 5)]).things.get('compute-4')?.alone).toEqual([]);
  });

  it('that a person acts acknowledges what he was called for', () => {
    const open = [{ thread: 't', of: 'host', segment: 'az1', title: '', isCritical: true, channels: ['p'] } as const];
    const acted = aNews('compute-0', { kind: 'person-acted', state: 'acknowledged', severity: 'info' });
    const thing = { ...aThing('compute-0', [acted], { threads: ['t'], togetherAtMs: NOW_MS }), channels: ['chat'] };
    expect(at([thing], NOW_MS + seconds(59), open).things.get('compute-0')?.alone).toEqual([]);
    const { together } = at([thing], NOW_MS + seconds(60), open);
    expect(together.map(({ notice }) => [notice.thread, notice.state])).toEqual([['t', 'acknowledged']]);
  });

  it('each notice has an id of its own, though they are of one kind and one moment', () => {
    const thread = (name: string) =>
      ({ thread: name, of: 'host', segment: 'az1', title: '', isCritical: true, channels: [] }) as const;
    const acted = (id: string) => aNews(id, { kind: 'person-acted', state: 'acknowledged', severity: 'info' });
    const all = ['t', 'u'].map((name) => aThing(name, [acted(name)], { threads: [name] }));
    const { together } = at(all, LATER_MS, [thread('t'), thread('u')]);
    expect(together.map(({ notice }) => notice.thread)).toEqual(['t', 'u']);
    expect(new Set(together.map(({ notice }) => notice.id)).size).toBe(2);
  });

  it('a thread ends with the last of its things, once nothing waits of it', () => {
    const open = [{ thread: 't', of: 'host', segment: 'az1', title: '', isCritical: true, channels: [] } as const];
    const thing = (isOpen: boolean, waiting: readonly Notice[] = []) => ({
      ...aThing('a', waiting, { threads: ['t'] }),
      isOpen,
    });
    expect(endedThreads(open, [thing(true)])).toEqual([]);
    expect(endedThreads(open, [thing(false, [aNews('a')])])).toEqual([]);
    expect(endedThreads(open, [thing(false)])).toEqual(open);
  });
});

/** Steps of some hosts, at some times: what came of each, by itself or with others, newest of its kind. */
it('whatever comes when, none is left out, and none is told twice', () => {
  const kinds = [
    { kind: 'opened', severity: 'warning' },
    { kind: 'held', severity: 'critical' },
    { kind: 'needs-a-person', severity: 'critical' },
    { kind: 'fenced', severity: 'info' },
  ] as const;
  const step = fc.record({
    host: fc.integer({ min: 0, max: 11 }),
    kind: fc.integer({ min: 0, max: 3 }),
    after: fc.integer({ min: 0, max: 400 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let nowMs = NOW_MS;
      const wanted = new Set<string>();
      const told: string[] = [];
      let all = things(12).map((each) => ({ ...each, crowd: ALONE as Crowded }));
      const look = (): void => {
        const found = at(all, nowMs);
        all = all.map((each) => ({ ...each, crowd: found.things.get(each.id)?.crowd ?? each.crowd }));
        for (const { alone } of found.things.values()) told.push(...alone.map(({ id }) => id));
        for (const { members } of found.together) told.push(...members.map(({ notice }) => notice.id));
      };
      for (const [index, { host, kind, after }] of steps.entries()) {
        nowMs += seconds(after);
        look();
        const given = kinds[kind] ?? kinds[0];
        const news = aNews(`compute-${host}`, { ...given, id: `compute-${host}/${given.kind}/${index}` });
        // While it waits the newest of its kind is told in the place of those before.
        const waiting = all[host]?.crowd.waiting.filter((each) => each.kind === given.kind) ?? [];
        for (const { id } of waiting) wanted.delete(id);
        wanted.add(news.id);
        all = all.map((each, place) =>
          place === host ? { ...each, crowd: withNews(each.crowd, [news], nowMs) } : each,
        );
        look();
      }
      for (let looks = 0; looks < 10; looks += 1) {
        nowMs += seconds(300);
        look();
      }
      expect(new Set(told).size).toBe(told.length);
      expect([...wanted].filter((id) => !told.includes(id))).toEqual([]);
    }),
  );
});
