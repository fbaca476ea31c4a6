import { describe, expect, it } from 'vitest';
import { leavingTasks } from '#shared/domain/leaving-tasks.ts';
import { closedUntouched } from '#shared/domain/reports.ts';
import { headsOf } from '#shared/domain/verify.ts';
import { anIncident, aTask, NOW_MS, uuid } from '#test/support/builders.ts';

const OTHER = uuid(3, 2);

describe('an incident that ends untouched', () => {
  const closed = closedUntouched('it has come back', NOW_MS, null);
  const tasks = [aTask('waiting'), aTask('waiting', {}, { instanceId: OTHER })];

  it('commits the tasks that were planned, and says that they stay', () => {
    const read = { type: 'power-read', power: 'on', systemUuid: null, detail: '', durationMs: 1 } as const;
    expect(leavingTasks([read, closed], tasks, null)).toEqual([
      read,
      {
        ...closed,
        because: 'it has come back; 2 instances that tasks were planned for stay where they are',
        counts: { left: 2 },
        taskHeads: headsOf(tasks),
      },
    ]);
  });

  it('says which reserved hosts were enabled for them', () => {
    const use = { serviceId: '', reason: 'reserved', askedAtMs: NOW_MS, tries: 1 } as const;
    const reserved = {
      'spare-1': { ...use, act: 'enable', answer: 'accepted' },
      'spare-2': { ...use, act: 'disable', answer: 'accepted' },
    } as const;
    const because = 'it has come back; 2 instances that tasks were planned for stay where they are';
    expect(leavingTasks([closed], tasks, anIncident('fencing', { reserved }))).toMatchObject([
      { because: `${because}; reserved hosts that were enabled for them: spare-1` },
    ]);
  });

  it('is as it was without tasks, and so is one whose tasks have ended', () => {
    expect(leavingTasks([closed], [], null)).toEqual([closed]);
    const committed = { ...closed, taskHeads: 'of the end' };
    expect(leavingTasks([committed as typeof closed], tasks, null)).toEqual([committed]);
  });
});
