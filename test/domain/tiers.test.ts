import { describe, expect, it } from 'vitest';
import type { TaskState } from '#shared/domain/task.ts';
import {
  gateOf,
  guestAnswer,
  guestsToAsk,
  isHeldByTier,
  type TierSummary,
  tierGate,
  tiersBefore,
} from '#shared/domain/tiers.ts';
import { aSegment, aTask, NOW_MS, type SegmentInput, seconds, uuid } from '#test/support/builders.ts';

const orderOf = (order: SegmentInput['order'] = {}) => aSegment({ order }).order;
const ranges = ['10.0.0.0/8'];
const TCP = { by: 'tcp', port: 22, ranges } as const;

let made = 0;
const of = (tier: number | null, task: TaskState, over: Partial<TaskState> = {}): TaskState => {
  made += 1;
  const named = { instanceId: uuid(3, made), name: `vm-${made}`, plannedAtMs: NOW_MS - seconds(100) };
  return { ...task, ...named, projectId: 'a', tier, ...over };
};
const waiting = (tier: number | null, over: Partial<TaskState> = {}) => of(tier, aTask('waiting'), over);
const underWay = (tier: number, over: Partial<TaskState> = {}) => of(tier, aTask('accepted'), over);
const ended = (
  tier: number,
  outcome: 'recovered' | 'person' | 'gone' | 'left' | 'not-protected' | 'not-recoverable',
  agoSeconds = 10,
  over: Partial<TaskState> = {},
) => of(tier, aTask('ended', { outcome, atMs: NOW_MS - seconds(agoSeconds) }), over);

describe('the tiers before a task', () => {
  const summary = (task: TaskState, tasks: readonly TaskState[], order: SegmentInput['order'] = {}) =>
    tiersBefore(task, tasks, orderOf(order));

  it('are the earlier ones of its project, in their order, with what is left of them', () => {
    const tasks = [
      ended(2, 'recovered', 10, { upAtMs: NOW_MS - seconds(3) }),
      ended(2, 'recovered', 20),
      underWay(1, { plannedAtMs: NOW_MS - seconds(90) }),
      waiting(1),
      ended(1, 'recovered', 30),
      waiting(3),
      waiting(4),
      waiting(null),
      waiting(1, { projectId: 'b' }),
    ];
    expect(summary(waiting(3), tasks)).toEqual([
      {
        tier: 1,
        plannedAtMs: NOW_MS - seconds(100),
        open: 2,
        backAtMs: NOW_MS - seconds(30),
        unanswered: 1,
        answeredAtMs: null,
        lost: [],
      },
      {
        tier: 2,
        plannedAtMs: NOW_MS - seconds(100),
        open: 0,
        backAtMs: NOW_MS - seconds(10),
        unanswered: 1,
        answeredAtMs: NOW_MS - seconds(3),
        lost: [],
      },
    ]);
  });

  it('are those of the whole host where the policy says so', () => {
    const tasks = [waiting(1, { projectId: 'b' })];
    expect(summary(waiting(3), tasks)).toEqual([]);
    expect(summary(waiting(3), tasks, { tiersWithin: 'host' })).toMatchObject([{ tier: 1, open: 1 }]);
  });

  it('are none of a task without a tier', () => {
    expect(summary(waiting(null), [waiting(1)])).toEqual([]);
    expect(summary({ ...waiting(1), tier: undefined as never }, [waiting(1)])).toEqual([]);
  });

  it('tell what did not come back, three of them by name, and nothing of what nobody waits for', () => {
    const lost = [1, 2, 3, 4].map((index) =>
      ended(1, index % 2 ? 'person' : 'not-recoverable', 10, { name: `db-${index}` }),
    );
    const nobody = (['gone', 'left', 'not-protected'] as const).map((outcome) => ended(1, outcome));
    expect(summary(waiting(2), [...lost, ...nobody])).toMatchObject([
      { open: 0, backAtMs: null, unanswered: 0, lost: ['db-1', 'db-2', 'db-3'] },
    ]);
    expect(summary(waiting(2), nobody)).toEqual([]);
  });
});

const aTier = (over: Partial<TierSummary> = {}): TierSummary => ({
  tier: 1,
  plannedAtMs: NOW_MS - seconds(100),
  open: 0,
  backAtMs: NOW_MS - seconds(10),
  unanswered: 1,
  answeredAtMs: null,
  lost: [],
  ...over,
});
const OPEN = { gate: 'open', because: null };
const SHUT = { gate: 'shut', because: 'tier 1 must be up first' };

describe('the gate before a tier', () => {
  const gate = (before: readonly TierSummary[], order: SegmentInput['order'] = {}, atMs = NOW_MS) =>
    tierGate(before, orderOf(order), atMs);

  it('is open when there is none before it', () => {
    expect(gate([])).toEqual(OPEN);
  });

  it.each<[what: string, tier: Partial<TierSummary>, order: SegmentInput['order'], expected: object]>([
    ['active: all of it is back', {}, {}, OPEN],
    ['active: some of it is not', { open: 1 }, {}, SHUT],
    ['active: none of it is', { open: 1, backAtMs: null }, {}, SHUT],
    ['time: not long enough', {}, { gate: { by: 'time', seconds: 11 } }, SHUT],
    ['time: long enough', {}, { gate: { by: 'time', seconds: 10 } }, OPEN],
    ['time: some of it is not back', { open: 1 }, { gate: { by: 'time', seconds: 0 } }, SHUT],
    ['tcp: it has not answered', {}, { gate: TCP }, SHUT],
    ['tcp: it has', { unanswered: 0, answeredAtMs: NOW_MS }, { gate: TCP }, OPEN],
    ['http: it has not answered', {}, { gate: { ...TCP, by: 'http' } }, SHUT],
    ['a gate of its own', {}, { gates: { '1': TCP, '2': {} } }, SHUT],
    ['a gate of another tier', {}, { gates: { '2': TCP } }, OPEN],
  ])('%s', (_, tier, order, expected) => {
    expect(gate([aTier(tier)], order)).toEqual(expected);
  });

  const late = { open: 1, plannedAtMs: NOW_MS - seconds(600) };

  it('is opened by the deadline, which is said; or never, where the policy says so', () => {
    const because = 'tier 1 was not up within 600 s';
    expect(gate([aTier({ ...late, plannedAtMs: late.plannedAtMs + 1 })])).toEqual(SHUT);
    expect(gate([aTier(late)])).toEqual({ gate: 'open', because });
    expect(gate([aTier(late)], { ifNotUp: 'stop' })).toEqual({ gate: 'never', because });
  });

  it('waits for what is left of a tier that has lost some, and then goes on or stops', () => {
    const because = 'tier 1 is not up: db-1, db-2 did not come back';
    const lost = ['db-1', 'db-2'];
    expect(gate([aTier({ lost, open: 1 })])).toEqual(SHUT);
    expect(gate([aTier({ lost })])).toEqual({ gate: 'open', because });
    expect(gate([aTier({ lost, backAtMs: null, unanswered: 0 })], { gate: TCP, ifNotUp: 'stop' })).toEqual({
      gate: 'never',
      because,
    });
  });

  it('counts the time of each tier from when it could start', () => {
    const first = aTier({ plannedAtMs: NOW_MS - seconds(1000), backAtMs: NOW_MS - seconds(500) });
    const second = aTier({ tier: 2, plannedAtMs: NOW_MS - seconds(1000), open: 1 });
    const order = { gate: { deadlineSeconds: 500 } };
    expect(gate([first, second], order)).toEqual({ gate: 'open', because: 'tier 2 was not up within 500 s' });
    expect(gate([first, second], { gate: { deadlineSeconds: 501 } })).toEqual({
      gate: 'shut',
      because: 'tier 2 must be up first',
    });
  });

  it('gives the tier behind one that missed its time a time of its own', () => {
    const first = aTier({ open: 1, plannedAtMs: NOW_MS - seconds(300) });
    const second = aTier({ tier: 2, open: 1, plannedAtMs: NOW_MS - seconds(300) });
    const order = (deadlineSeconds: number) => ({ gate: { deadlineSeconds } });
    expect(gate([first, second], order(151)).gate).toBe('shut');
    expect(gate([first, second], order(150))).toEqual({
      gate: 'open',
      because: 'tier 1 was not up within 150 s; tier 2 was not up within 150 s',
    });
  });

  it('does not take a tier for up that was so only behind its time', () => {
    const order = { gate: { ...TCP, deadlineSeconds: 60 } };
    const tier = aTier({ unanswered: 0, answeredAtMs: NOW_MS });
    expect(gate([tier], order)).toEqual({ gate: 'open', because: 'tier 1 was not up within 60 s' });
  });
});

describe('a task that waits for its tier', () => {
  const shut = 'tier 1 must be up first';
  it.each<[what: string, task: TaskState, held: boolean]>([
    ['and has said so', of(2, aTask('waiting', { because: shut })), true],
    ['and has not said so', waiting(2), false],
    ['is another tier’s', of(1, aTask('waiting', { because: shut })), false],
    ['has none', of(null, aTask('waiting', { because: shut })), false],
    ['is not waiting any more', underWay(2), false],
  ])('%s', (_, task, held) => {
    expect(isHeldByTier(task, [task, underWay(1)], orderOf(), NOW_MS)).toBe(held);
  });

  it('is held no more once the tier is up', () => {
    const task = of(2, aTask('waiting', { because: shut }));
    expect(isHeldByTier(task, [task, ended(1, 'recovered')], orderOf(), NOW_MS)).toBe(false);
  });
});

describe('guests that are asked', () => {
  const order = { gates: { '1': TCP } };
  const asked = (tasks: readonly TaskState[], over: SegmentInput['order'] = order) =>
    guestsToAsk(tasks, orderOf(over), NOW_MS).map(({ name }) => name);

  it('are those that are back, and have not answered, before a tier that waits', () => {
    const back = ended(1, 'recovered');
    const tasks = [
      back,
      ended(1, 'recovered', 10, { upAtMs: NOW_MS }),
      ended(1, 'recovered', 10, { projectId: 'b' }),
      ended(1, 'person'),
      underWay(1),
      waiting(2),
      waiting(2),
    ];
    expect(asked(tasks)).toEqual([back.name]);
  });

  it.each<[why: string, tasks: readonly TaskState[], order?: SegmentInput['order']]>([
    ['nobody waits for them', [ended(1, 'recovered'), underWay(2)]],
    ['only what has no tier waits', [ended(1, 'recovered'), waiting(null)]],
    ['their gate does not ask', [ended(1, 'recovered'), waiting(2)], { gates: { '1': {} } }],
    ['their time is over', [ended(1, 'recovered'), waiting(2)], { gates: { '1': { ...TCP, deadlineSeconds: 1 } } }],
  ])('are none when %s', (_, tasks, over) => {
    expect(asked(tasks, over)).toEqual([]);
  });

  it('are of any project where tiers are the host’s', () => {
    const tasks = [ended(1, 'recovered', 10, { projectId: 'b' }), waiting(2)];
    expect(asked(tasks)).toEqual([]);
    expect(asked(tasks, { ...order, tiersWithin: 'host' })).toHaveLength(1);
  });

  it.each([
    ['ACTIVE', null, 'tcp 22 at 10.0.0.7', 'it answers: tcp 22 at 10.0.0.7'],
    ['ACTIVE', 'no connection', 'tcp 22 at 10.0.0.7', undefined],
    ['ACTIVE', null, null, undefined],
    ['ERROR', null, null, undefined],
    ['SHUTOFF', null, null, 'nothing is to answer: it is SHUTOFF'],
    [null, null, null, 'nothing is to answer: it is deleted'],
  ])('that are %s and say %s, asked by %s: %s', (status, silent, where, detail) => {
    const facts = detail === undefined ? [] : [{ type: 'guest-answered', detail, atMs: NOW_MS }];
    expect(guestAnswer(status, silent, where, NOW_MS)).toEqual(facts);
  });
});

it('a tier has the gate that the policy gives it', () => {
  const order = orderOf({ gate: { by: 'time', seconds: 5 }, gates: { '7': TCP } });
  expect([gateOf(order, 7).by, gateOf(order, 8).by]).toEqual(['tcp', 'time']);
});
