/** What is asked for an instance that is restarted from a snapshot, and everything for which it is not started. */
import { describe, expect, it } from 'vitest';
import {
  decideRestoreRequest,
  foldRestoreAnswer,
  lookAtRestoring,
  type RestoreSight,
} from '#shared/domain/restore/decide.ts';
import type { AskedRestore, Restoring } from '#shared/domain/restore/restoring.ts';
import { evolveTask, type TaskFact, type TaskState } from '#shared/domain/task.ts';
import { aServer, aTask, NOW_MS, seconds } from '#test/support/builders.ts';

const SNAPSHOT = { id: 'snapshot-1', kind: 'snapshot', createdAtMs: NOW_MS - seconds(7200), ageSeconds: 7200 } as const;
const SETTLE = { settleSeconds: 120 };

const asked = (phase: AskedRestore['phase'], agoSeconds = 5): Partial<Restoring> => ({
  asked: { phase, sinceMs: NOW_MS - seconds(agoSeconds), lastActionId: 'req-evacuate' },
});

function task(over: Partial<Restoring> = {}): TaskState & { readonly progress: Restoring } {
  const made = aTask('restoring', { snapshot: SNAPSHOT, ...over }, { restore: SNAPSHOT });
  return made as TaskState & { readonly progress: Restoring };
}

const EVACUATE = { action: 'evacuate', requestId: 'req-evacuate', userId: 'salvor' };
const done = (action: string, requestId = 'req-new') => [{ action, requestId, userId: 'salvor' }, EVACUATE];

/** Stopped on its new host, on a disk of its original image. */
const sight = (
  server: Partial<NonNullable<RestoreSight['server']>> = {},
  over: Partial<RestoreSight> = {},
): RestoreSight => ({
  server: { ...aServer({ host: 'compute-2', vmState: 'stopped' }), imageId: 'image-1', ...server },
  actions: [EVACUATE],
  service: { state: 'up', forcedDown: false },
  hostIncident: null,
  hindered: null,
  ...over,
});
const MADE = { imageId: SNAPSHOT.id };

const look = (of: ReturnType<typeof task>, seen: RestoreSight = sight(), nowMs = NOW_MS) =>
  lookAtRestoring(of.progress, seen, SETTLE, nowMs);
const inShort = ([fact]: readonly TaskFact[]): string => {
  if (fact === undefined) return 'nothing';
  if (fact.type === 'task-ended') return `${fact.outcome}: ${fact.because}`;
  if (fact.type === 'restore-settled') return `${fact.step} ${fact.as}`;
  if (fact.type === 'restore-granted') return `${fact.step} granted, ${fact.number}`;
  return fact.type === 'restore-waits' ? `waits: ${fact.because}` : fact.type;
};
const become = (of: TaskState, facts: readonly TaskFact[]) => facts.reduce(evolveTask, of).progress;

describe('nothing is under way', () => {
  it.each<[string, Partial<Restoring>, RestoreSight, string]>([
    ['it has just come', {}, sight(), 'rebuild granted, 2'],
    ['its disk is made', { step: 'start', number: 2 }, sight(MADE), 'start granted, 3'],
    [
      'somebody has started it meanwhile',
      { step: 'start' },
      sight({ ...MADE, vmState: 'active' }),
      'restarted-from-snapshot: restarted from its snapshot snapshot-1 of 2026',
    ],
    ['a lost rebuild has come true', { failures: 1 }, sight(MADE, { actions: done('rebuild') }), 'rebuild done'],
    ['its pause runs', { notBeforeMs: NOW_MS + 1 }, sight(), 'nothing'],
    ['Nova is at work on it', {}, sight({ taskState: 'powering-off' }), 'waits: Nova is at work on it: powering-off'],
    [
      'its new host is suspected',
      {},
      sight({}, { hostIncident: 'suspected' }),
      'waits: its new host has an incident, which is suspected',
    ],
    [
      'its new host is down by Nova',
      {},
      sight({}, { service: { state: 'down', forcedDown: false } }),
      'waits: Nova sees its new host down',
    ],
    [
      'its new host is unknown',
      {},
      sight({}, { service: null }),
      'waits: Nova knows no nova-compute service of its new host',
    ],
    ['salvor is switched off', {}, sight({}, { hindered: 'disarmed by ann' }), 'waits: disarmed by ann'],
    ['the same is said once', { because: 'disarmed by ann' }, sight({}, { hindered: 'disarmed by ann' }), 'nothing'],
    ['it was deleted', {}, { ...sight(), server: null }, 'gone: it was deleted'],
  ])('%s', (_name, progress, seen, what) => {
    expect(inShort(look(task(progress), seen))).toContain(what);
  });

  it.each<[string, Partial<Restoring>, RestoreSight, RegExp]>([
    [
      'it runs',
      {},
      sight({ vmState: 'active' }),
      /^person: rebuild: it is active, from its original image, and was left stopped/,
    ],
    [
      'it runs, and is to be started',
      { step: 'start' },
      sight({ vmState: 'active' }),
      /^person: start: it is active, from its original image/,
    ],
    [
      'it is in ERROR',
      {},
      sight({ vmState: 'error', fault: 'no disk' }),
      /^person: rebuild: it is error, .*: no disk; it is to be rebuilt from snapshot-1/,
    ],
    ['it is elsewhere', {}, sight({ host: 'compute-9' }), /^person: it is on compute-9 by now/],
    [
      'its disk is of another image',
      { step: 'start' },
      sight({ imageId: 'image-9' }),
      /^person: its disk is of image image-9/,
    ],
    [
      'its owner has done something to it',
      {},
      sight({}, { actions: done('rebuild') }),
      /^person: somebody has done something to it since it was evacuated: rebuild/,
    ],
    [
      'its new host is fenced',
      {},
      sight({}, { hostIncident: 'fencing' }),
      /^person: its new host compute-2 has failed as well/,
    ],
    [
      'its new host was fenced',
      {},
      sight({}, { service: { state: 'down', forcedDown: true } }),
      /^person: its new host compute-2 has failed as well/,
    ],
    [
      'three requests had no effect',
      { failures: 3, because: 'rebuild: 400 no' },
      sight(),
      /^person: 3 requests in a row had no effect; the last: rebuild: 400 no; it is stopped on compute-2, on an empty disk/,
    ],
  ])('a person must look when %s', (_name, progress, seen, what) => {
    expect(inShort(look(task(progress), seen))).toMatch(what);
  });
});

describe('a request', () => {
  it.each<[Partial<Restoring>, RestoreSight, string]>([
    [asked('granted', 29), sight(), 'nothing'],
    [asked('granted', 30), sight(), 'rebuild expired'],
    [asked('requested', 74), sight(), 'nothing'],
    [asked('requested', 75), sight(), 'rebuild missing'],
    [asked('unknown', 1), sight({}, { actions: done('rebuild') }), 'rebuild found'],
    [asked('unknown', 119), sight(), 'nothing'],
    [asked('unknown', 120), sight({ taskState: 'rebuilding' }), 'nothing'],
    [asked('unknown', 120), sight(), 'rebuild lost'],
    [{ ...asked('unknown', 1), step: 'start' }, sight(MADE, { actions: done('reboot') }), 'start found'],
    [{ ...asked('unknown', 1), step: 'start' }, sight(MADE, { actions: done('rebuild') }), 'nothing'],
    [asked('accepted'), sight({ taskState: 'rebuild_spawning', ...MADE }), 'nothing'],
    [asked('accepted'), sight(MADE, { actions: done('rebuild') }), 'rebuild done'],
    [asked('accepted'), sight(), 'rebuild failed'],
    [asked('accepted'), sight({ ...MADE, vmState: 'active' }), 'person: rebuild: it is active'],
    [asked('accepted'), sight({ ...MADE, vmState: 'error' }), 'person: rebuild: it is error'],
    [{ ...asked('accepted'), step: 'start' }, sight({ ...MADE, vmState: 'active' }), 'restarted-from-snapshot'],
    [{ ...asked('accepted'), step: 'start' }, sight(MADE), 'start failed'],
    [{ ...asked('accepted'), step: 'start' }, sight({ ...MADE, vmState: 'error' }), 'person: start: it is error'],
    [
      asked('accepted'),
      sight({ taskState: 'rebuilding' }, { hostIncident: 'fencing' }),
      'person: its new host compute-2 has failed',
    ],
  ])('%j: %#', (progress, seen, what) => {
    expect(inShort(look(task(progress), seen))).toContain(what);
  });

  it('is a fact of its own for each step, and a start comes behind a rebuild that is done', () => {
    let of = task();
    const took = (facts: readonly TaskFact[]) => {
      of = { ...of, progress: become(of, facts) as Restoring };
    };
    took(look(of));
    took(decideRestoreRequest(of.progress, 2, sight(), NOW_MS));
    expect(of.progress).toMatchObject({ step: 'rebuild', number: 2, asked: { phase: 'requested' } });
    took(foldRestoreAnswer(of.progress, { kind: 'accepted', requestId: 'r', durationMs: 1 }, NOW_MS, 0));
    took(look(of, sight(MADE, { actions: done('rebuild') })));
    expect(of.progress).toMatchObject({ step: 'start', number: 2, asked: null, failures: 0 });
    took(look(of, sight(MADE, { actions: done('rebuild') })));
    expect(of.progress).toMatchObject({ step: 'start', number: 3, asked: { phase: 'granted' } });
    expect(decideRestoreRequest(of.progress, 2, sight(MADE), NOW_MS)).toEqual([]);
    took(decideRestoreRequest(of.progress, 3, sight(MADE, { actions: done('rebuild') }), NOW_MS));
    expect(of.progress).toMatchObject({ asked: { phase: 'requested', lastActionId: 'req-new' } });
  });

  it.each<[string, RestoreSight, number]>([
    ['it is gone', { ...sight(), server: null }, 0],
    ['it runs', sight({ vmState: 'active' }), 0],
    ['its host is suspected', sight({}, { hostIncident: 'suspected' }), 0],
    ['salvor was switched off', sight({}, { hindered: 'disarmed' }), 0],
    ['somebody was faster', sight({}, { actions: done('start') }), 0],
    ['its time is over', sight(), 31],
  ])('does not leave when %s', (_name, seen, laterSeconds) => {
    const of = task({ ...asked('granted', 0), number: 2 });
    const facts = decideRestoreRequest(of.progress, 2, seen, NOW_MS + seconds(laterSeconds));
    expect(inShort(facts)).toBe('rebuild expired');
    expect(become(of, facts)).toMatchObject({ asked: null, failures: 0 });
  });

  it.each([
    [409, 1],
    [400, 1],
    [429, 0],
    [0, 0],
  ])('that is refused with %i counts as %i', (httpStatus, failures) => {
    const of = task({ ...asked('requested'), number: 2 });
    const answer = { kind: 'refused', httpStatus, message: 'no', requestId: null, durationMs: 1 } as const;
    const now = become(of, foldRestoreAnswer(of.progress, answer, NOW_MS, 0.5));
    expect(now).toMatchObject({ asked: null, failures, because: `rebuild: ${httpStatus} no` });
    expect((now as Restoring).notBeforeMs).toBeGreaterThan(NOW_MS);
  });

  it('whose answer comes behind its end changes nothing any more', () => {
    const answer = foldRestoreAnswer(task().progress, { kind: 'unknown', error: 'late', durationMs: 1 }, NOW_MS, 0);
    for (const of of [task(asked('accepted')), task({ ...asked('requested'), number: 9 }), aTask('ended')])
      expect(become(of, answer)).toEqual(of.progress);
  });
});

it('can not go another way than it does', () => {
  const settled = {
    type: 'restore-settled',
    step: 'rebuild',
    number: 2,
    because: '',
    requestId: null,
    atMs: NOW_MS,
  } as const;
  expect(() => become(task(), [{ ...settled, as: 'missing' }])).toThrow('is null, not requested');
  expect(() => become(aTask('waiting'), [{ ...settled, as: 'done' }])).toThrow('is waiting, not restoring');
  const begins = {
    type: 'restore-begins',
    destination: 'b',
    imageId: 'i',
    imageCreatedAt: '',
    because: '',
    atMs: NOW_MS,
  } as const;
  expect(() => become(aTask('accepted'), [begins])).toThrow('has no snapshot');
});
