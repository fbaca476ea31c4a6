import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldAnswer } from '#shared/domain/evacuate.ts';
import { evolveTask } from '#shared/domain/task.ts';
import { anAttempt, aSegment, aTask, NOW_MS } from '#test/support/builders.ts';
import { FATES, type Op, TaskWorld } from '#test/support/task-world.ts';

const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ op: 'look' } as const) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('deliver' as const), which: fc.nat({ max: 9 }) }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('send' as const), fate: fc.constantFrom(...FATES) }) },
  { weight: 4, arbitrary: fc.constant({ op: 'answer' } as const) },
  {
    weight: 3,
    arbitrary: fc.record({ op: fc.constant('wait' as const), seconds: fc.constantFrom(1, 10, 30, 61, 125, 160) }),
  },
  { weight: 2, arbitrary: fc.constant({ op: 'land' } as const) },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('end' as const), status: fc.constantFrom('done', 'failed', 'error') }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('external', 'vanish', 'move', 'delete') }) },
);
const aStory = fc.array(op, { maxLength: 60 });
const aPause = fc.record({ op: fc.constant('wait' as const), seconds: fc.constantFrom(0, 2, 25, 55, 85, 125, 160) });
/** One attempt, perhaps with its answer still to come, with pauses between its steps, and whatever else falls in between. */
const aRound = fc
  .tuple(
    fc.constantFrom(...FATES),
    fc.array(op, { maxLength: 2 }),
    fc.array(op, { maxLength: 2 }),
    fc.tuple(aPause, aPause, aPause, aPause),
  )
  .map(([fate, before, between, [toSend, toLook, toLookAgain, toNext]]): readonly Op[] => [
    { op: 'look' },
    ...before,
    { op: 'deliver', which: 0 },
    toSend,
    { op: 'send', fate },
    ...between,
    ...(toLook.seconds === 2 ? [] : [{ op: 'answer' } as const]),
    toLook,
    { op: 'look' },
    { op: 'end', status: 'failed' },
    toLookAgain,
    { op: 'look' },
    toNext,
  ]);
/** Many attempts after one another. */
const aLongStory = fc.array(aRound, { minLength: 3, maxLength: 15 }).map((rounds) => rounds.flat());

describe('one instance of one incident, whatever happens to its messages, functions and requests', () => {
  it.each([
    ['any story', aStory],
    ['a long one', aLongStory],
  ])('never has two evacuations under way (S4): %s', (_, stories) => {
    fc.assert(
      fc.property(stories, (story) => {
        const world = new TaskWorld();
        for (const step of story) world.run(step);
        expect(world.overlaps).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  it('comes to an end once faults stop, at the latest by its deadline (L1)', () => {
    fc.assert(
      fc.property(aStory, (story) => {
        const world = new TaskWorld();
        for (const step of story) world.run(step);
        expect(world.settleDown()).toBeLessThan(55);
        expect(world.task.progress).toMatchObject({ status: 'ended' });
        expect(world.overlaps).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  it('has one request for a message that comes a hundred times', () => {
    const world = new TaskWorld();
    world.run({ op: 'look' });
    for (let time = 0; time < 100; time += 1) world.run({ op: 'deliver', which: 0 });
    for (let time = 0; time < 100; time += 1) world.run({ op: 'send', fate: 'accepted' });
    expect(world.requests).toBe(1);
  });

  it('is recovered by one request when nothing goes wrong', () => {
    const world = new TaskWorld();
    expect(world.settleDown()).toBe(2);
    expect(world.requests).toBe(1);
    expect(world.task.progress).toMatchObject({ status: 'ended', outcome: 'recovered' });
  });
});

describe('the model itself', () => {
  it('reaches further attempts, so that what it holds is not empty', () => {
    const reached = new Set<number>();
    for (const story of fc.sample(aLongStory, { numRuns: 500, seed: 1 })) {
      const world = new TaskWorld();
      for (const step of story) world.run(step);
      reached.add(world.requests);
    }
    expect(Math.max(...reached)).toBeGreaterThanOrEqual(4);
  });

  it('would notice a late refusal that freed the attempt after its own', () => {
    const task = aTask('requested', { attempt: anAttempt({ number: 2 }) });
    const refusal = { kind: 'refused', httpStatus: 409, message: '', requestId: null, durationMs: 1 } as const;
    const facts = foldAnswer(task, 1, refusal, aSegment(), NOW_MS, 0);
    expect(facts.reduce(evolveTask, task).progress.status).toBe('requested');
  });
});
