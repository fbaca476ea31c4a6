/** What people are told of single instances and of processes, by their records. */
import { describe, expect, it } from 'vitest';
import { type AuditRecord, appendFacts, FIRST, type Head } from '#shared/domain/audit.ts';
import type { InstanceFact, InstanceOutcome } from '#shared/domain/instance-recovery/instance.ts';
import { noticesOfSingle } from '#shared/domain/notify/of-single.ts';
import { singleNotToldYet, type ToldSingle } from '#shared/domain/notify/told-single.ts';
import type { ProcessFact } from '#shared/domain/process-recovery/process.ts';
import { NOW_MS, seconds } from '#test/support/builders.ts';

type Fact = InstanceFact | ProcessFact;
const HOUR = 3600;

/** Facts at seconds from now, and looks behind each; what was told, and when. */
function play(of: ToldSingle['of'], steps: readonly (readonly [at: number, ...facts: readonly Fact[]])[]) {
  let head: Head = FIRST;
  let told = singleNotToldYet({
    of,
    key: 'k',
    host: 'compute-1',
    segment: 'az1',
    incidentId: 'i0',
    openedAtMs: NOW_MS,
  });
  const records: AuditRecord[] = [];
  const said: (readonly [number, string, string, string])[] = [];
  const ids: string[] = [];
  for (const [at, ...facts] of steps) {
    const nowMs = NOW_MS + seconds(at);
    const added = appendFacts('s', head, facts, nowMs);
    records.push(...added.records);
    head = added.head;
    const behind = records.filter(({ seq }) => seq > told.seq);
    const found = noticesOfSingle(told, behind, { nowMs, restartAttempts: 3, most: 9 });
    told = found.next;
    for (const { id, kind, severity, state } of found.notices) {
      said.push([at, kind, severity, state]);
      ids.push(id);
    }
  }
  expect(new Set(ids).size).toBe(ids.length);
  return { said, told };
}

const opened = (incidentId = 'i0'): Fact => ({
  type: 'instance-incident-opened',
  incidentId,
  instanceId: 'k',
  segment: 'az1',
  host: 'compute-1',
  hostKey: 'h',
  because: 'process-gone',
  atMs: NOW_MS,
  confirmUntilMs: NOW_MS,
});
const closed = (outcome: InstanceOutcome): Fact => ({
  type: 'instance-incident-closed',
  outcome,
  because: 'so it is',
  host: 'compute-1',
  atMs: NOW_MS,
});
const stormed: Fact = {
  type: 'instance-held',
  holds: [{ hold: 'host-storm', because: '6 instances of compute-1' }],
  atMs: NOW_MS,
  nextLookAtMs: NOW_MS,
};

describe('an instance', () => {
  it.each([
    ['person', ['needs-a-person', 'critical', 'open']],
    ['restarted', ['instance', 'info', 'over']],
    ['moved', ['instance', 'info', 'over']],
    ['left', undefined],
    ['stood-down', undefined],
    ['taken-over', undefined],
    ['shadow', undefined],
  ] as const)('that ends as %s is told as %j', (outcome, told) => {
    expect(
      play('instance', [
        [0, opened()],
        [5, closed(outcome)],
      ]).said,
    ).toEqual(told === undefined ? [] : [[5, ...told]]);
  });

  it('that is restarted again and again is told once, and an hour later how often', () => {
    const again = Array.from(
      { length: 20 },
      (_, index) => [60 * index, opened(`i${index}`), closed('restarted')] as const,
    );
    const { said } = play('instance', [...again, [HOUR - 1], [HOUR], [HOUR + 1]]);
    expect(said.map(([at]) => at)).toEqual([0, HOUR]);
  });

  it('that needs a person is told at once though it was restarted a moment before, and its end whatever it is', () => {
    const { said } = play('instance', [
      [0, opened('i0'), closed('restarted')],
      [60, opened('i1'), closed('person')],
      [120, opened('i2'), closed('left')],
      [180, opened('i3'), closed('person')],
    ]);
    expect(said).toEqual([
      [0, 'instance', 'info', 'over'],
      [60, 'needs-a-person', 'critical', 'open'],
      [120, 'instance', 'info', 'over'],
      [180, 'needs-a-person', 'critical', 'open'],
    ]);
  });

  it('that needs a person again, and was not well in between, is told again an hour later', () => {
    const { said } = play('instance', [
      [0, opened('i0'), closed('person')],
      [600, opened('i1'), closed('person')],
      [700],
      [HOUR],
    ]);
    expect(said.map(([at, kind]) => [at, kind])).toEqual([
      [0, 'needs-a-person'],
      [HOUR, 'needs-a-person'],
    ]);
  });

  it('that a storm holds is told once of each incident, and then that a person must look', () => {
    const { said } = play('instance', [
      [0, opened()],
      [1, stormed],
      [2, stormed],
      [1800, closed('person')],
    ]);
    expect(said.map(([at, kind]) => [at, kind])).toEqual([
      [1, 'held'],
      [1800, 'needs-a-person'],
    ]);
  });

  it('is told from the incident with which it is followed, not of those before', () => {
    const before = [opened('old'), closed('person'), opened('i0'), closed('restarted')];
    expect(play('instance', [[0, ...before]]).said).toEqual([[0, 'instance', 'info', 'over']]);
  });

  it('of which a record can not be read is told that, once, and what is behind it', () => {
    const unreadable = { type: 'unreadable' } as never;
    const broken = { type: 'instance-held', holds: 7 } as never;
    const { said } = play('instance', [
      [0, opened(), unreadable, broken],
      [9, closed('restarted')],
    ]);
    expect(said.map(([at, kind]) => [at, kind])).toEqual([
      [0, 'needs-a-person'],
      [9, 'instance'],
    ]);
  });
});

const stopped: Fact = {
  type: 'process-incident-opened',
  incidentId: 'i0',
  hostKey: 'k',
  host: 'compute-1',
  segment: 'az1',
  because: 'libvirtd has stopped',
  atMs: NOW_MS,
};
const intended = (attempt: number): Fact => ({
  type: 'restart-intended',
  process: 'libvirtd',
  attempt,
  atMs: NOW_MS,
  dueAtMs: NOW_MS,
});
const answered = (answer: 'restarted' | 'failed'): Fact => ({
  type: 'restart-answered',
  process: 'libvirtd',
  answer,
  detail: 'exit status 1',
  atMs: NOW_MS,
  nextLookAtMs: NOW_MS,
});
const well: Fact = { type: 'processes-well', because: '', heardAtMs: null, atMs: NOW_MS, nextLookAtMs: NOW_MS };
const ended: Fact = { type: 'process-incident-closed', outcome: 'recovered', because: 'they run', atMs: NOW_MS };
const escalated: Fact = { type: 'escalated', because: 'libvirtd down for 600 s', atMs: NOW_MS, nextLookAtMs: NOW_MS };

describe('processes', () => {
  it('that the worker has started are told once they are well, as info', () => {
    const { said } = play('process', [
      [0, stopped, intended(1)],
      [5, answered('restarted'), well],
      [400, ended],
    ]);
    expect(said).toEqual([[400, 'process', 'info', 'over']]);
  });

  it('that can not be started are told at the last try, then that they last and that they are escalated, and their end', () => {
    const { said } = play('process', [
      [0, stopped],
      [10, intended(1), answered('failed'), intended(2), answered('failed')],
      [20, intended(3), answered('failed')],
      [299],
      [300],
      [301],
      [600, escalated],
      [700, well],
      [900, ended],
    ]);
    expect(said).toEqual([
      [20, 'process', 'warning', 'open'],
      [300, 'process', 'warning', 'open'],
      [600, 'process', 'warning', 'open'],
      [900, 'process', 'info', 'over'],
    ]);
  });

  it('that nobody starts are told after five minutes', () => {
    expect(play('process', [[0, stopped], [299], [300], [900]]).said).toEqual([[300, 'process', 'warning', 'open']]);
  });
});
