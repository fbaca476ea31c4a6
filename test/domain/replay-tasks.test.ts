import { describe, expect, it } from 'vitest';
import type { AuditRecord } from '#shared/domain/audit.ts';
import type { TaskBasis } from '#shared/domain/basis.ts';
import { planTasks } from '#shared/domain/plan.ts';
import type { Decision, TaskLog } from '#shared/domain/replay/log.ts';
import { replayTasks } from '#shared/domain/replay/tasks.ts';
import type { TaskFact } from '#shared/domain/task.ts';
import {
  aHost,
  aPolicy,
  aSegment,
  aServer,
  HOST_KEY,
  INCIDENT_ID,
  NOW_MS,
  seconds,
  uuid,
} from '#test/support/builders.ts';
import { OPENED } from '#test/support/host-facts.ts';

const later = (count: number): number => NOW_MS + seconds(count);
const ended: TaskFact = { type: 'task-ended', outcome: 'gone', because: 'deleted', destination: null, atMs: later(9) };

const recordOf = (seq: number, atMs: number, fact: object, basis?: TaskBasis, previousHash = ''): AuditRecord => ({
  stream: 's',
  seq,
  atMs,
  fact: fact as AuditRecord['fact'],
  ...(basis === undefined ? {} : { basis: { ...basis, version: 1, policy: 'p', host: 1 } }),
  previousHash,
  hash: `hash-${seq}`,
});

/** Planned at a moment, behind a record of its incident; with what came of it. */
function taskLog(number: number, atMs: number, follows: string, ...more: readonly AuditRecord[]): TaskLog {
  const instanceId = uuid(3, number);
  const [planned] = planTasks({
    incidentId: INCIDENT_ID,
    hostKey: HOST_KEY,
    servers: [aServer({ id: instanceId })],
    signs: new Map(),
    evacuations: [],
    otherMigrations: [],
    segment: aSegment(),
    nowMs: atMs,
  });
  if (planned === undefined) throw new Error('one is planned');
  return { instanceId, records: [recordOf(1, atMs, planned.facts[0] ?? {}, planned.basis, follows), ...more] };
}
const incidentRecords = [
  { ...recordOf(1, NOW_MS, OPENED), hash: 'opened' },
  { ...recordOf(2, NOW_MS, { type: 'planned' }), hash: 'planned' },
];
const replay = (tasks: readonly TaskLog[], records: readonly AuditRecord[] = incidentRecords) =>
  replayTasks(
    { id: INCIDENT_ID, records, tasks },
    HOST_KEY,
    () => aHost(),
    () => aPolicy(),
  );
const at = (atMs: number, seq: number): Decision => ({ stream: 's', seq, atMs, basis: undefined, facts: [] });

describe('the tasks of an incident', () => {
  const handOver: TaskBasis = { by: 'hand-over', atMs: later(9) };
  const both = () => replay([taskLog(2, later(5), 'planned'), taskLog(1, later(3), 'opened')]);

  it('are decided again in the order of their instances', () => {
    const { decisions, atEnd } = both();
    expect(decisions.map(({ by, atMs, cannot, difference }) => [by, atMs, cannot, difference])).toEqual([
      ['planning', later(3), null, null],
      ['planning', later(5), null, null],
    ]);
    expect(atEnd().map(({ instanceId }) => instanceId)).toEqual([uuid(3, 1), uuid(3, 2)]);
  });

  it('were there for a decision that came behind the record that they follow, at that time', () => {
    const tasks = both();
    const there = (atMs: number, seq: number) => tasks.before(at(atMs, seq)).map(({ instanceId }) => instanceId);
    expect(there(later(9), 3)).toEqual([uuid(3, 1), uuid(3, 2)]);
    expect(there(later(9), 2)).toEqual([uuid(3, 1)]);
    expect(there(later(9), 1)).toEqual([]);
    expect(there(later(5), 3)).toEqual([uuid(3, 1), uuid(3, 2)]);
    expect(there(later(5) - 1, 3)).toEqual([uuid(3, 1)]);
    expect(there(later(2), 3)).toEqual([]);
  });

  it('that follow no record of the incident were there from its beginning', () => {
    expect(replay([taskLog(1, later(3), 'another')]).before(at(later(3), 1))).toHaveLength(1);
  });

  it('were as they had become by then', () => {
    const tasks = replay([taskLog(1, later(3), 'planned', recordOf(2, later(9), ended, handOver))]);
    const statusAt = (atMs: number) => tasks.before(at(atMs, 3))[0]?.progress.status;
    expect(statusAt(later(8))).toBe('waiting');
    expect(statusAt(later(9))).toBe('ended');
    expect(tasks.atEnd()[0]).toMatchObject({ progress: { status: 'ended' }, endedAt: { seq: 2, hash: 'hash-2' } });
  });

  it('stay as they are where their facts can not follow, and say so', () => {
    const wrong = recordOf(2, later(9), { type: 'lost-answer', because: '', atMs: 0 }, handOver);
    const { decisions, atEnd } = replay([taskLog(1, later(3), 'planned', wrong)]);
    expect(decisions[1]).toMatchObject({
      by: 'hand-over',
      decided: null,
      difference: null,
      cannot: expect.stringMatching(/^its facts can't follow: task of \S+ is waiting, not requested/),
    });
    expect(atEnd()[0]?.progress.status).toBe('waiting');
  });

  it('are none that were never planned', () => {
    const tasks = replay([{ instanceId: uuid(3, 1), records: [recordOf(1, later(9), ended, handOver)] }]);
    expect(tasks.decisions).toMatchObject([{ cannot: 'it was not planned' }]);
    expect(tasks.before(at(later(9), 3))).toEqual([]);
    expect(tasks.atEnd()).toEqual([]);
  });

  it('can not be decided again without the incident that tells their segment', () => {
    expect(replay([taskLog(1, later(3), 'planned')], []).decisions).toMatchObject([
      { cannot: 'the policy has no segment ' },
    ]);
  });

  it('may have no records', () => {
    const tasks = replay([{ instanceId: uuid(3, 1), records: [] }]);
    expect([tasks.decisions, tasks.before(at(later(9), 3)), tasks.atEnd()]).toEqual([[], [], []]);
  });
});
