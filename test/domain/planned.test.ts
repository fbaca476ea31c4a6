import { describe, expect, it } from 'vitest';
import { planned, planningFailed } from '#shared/domain/planned.ts';
import { aTask, NOW_MS, seconds } from '#test/support/builders.ts';

describe('a plan', () => {
  it('tells how many are to be evacuated', () => {
    const tasks = [aTask('waiting'), aTask('accepted'), aTask('ended')];
    expect(planned(tasks, NOW_MS)).toEqual({
      type: 'planned',
      instances: 3,
      toEvacuate: 2,
      leftAlone: 1,
      atMs: NOW_MS,
    });
  });

  it('that failed is made again after five seconds', () => {
    expect(planningFailed('503', NOW_MS)).toEqual({
      type: 'planning-failed',
      because: '503',
      retryAtMs: NOW_MS + seconds(5),
    });
  });
});
