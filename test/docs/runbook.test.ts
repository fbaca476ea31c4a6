/** docs/runbook.md has a row for everything that salvor can show a person, and says of each gate whether it may be released. */
import { describe, expect, it } from 'vitest';
import { WHAT } from '#shared/domain/doctor/symptom.ts';
import { GATES } from '#shared/domain/gates/gate.ts';
import { isReleasable } from '#shared/domain/gates/release.ts';
import type { HostState, IncidentOutcome, IncidentStatus } from '#shared/domain/host.ts';
import type { HoldName } from '#shared/domain/instance-recovery/instance.ts';
import { needsOf } from '#shared/domain/now/needs.ts';
import type { OpenNow } from '#shared/domain/now/progress.ts';
import type { Tile } from '#shared/domain/now/tile.ts';
import type { CheckName } from '#shared/domain/return/returning.ts';
import type { TaskOutcome } from '#shared/domain/task.ts';
import { codeBlocksOf, namedIn, readPage, tablesOf, tableWith } from './markdown.ts';

const page = readPage('docs/runbook.md');

/** Of a type all names: one that is missing here, or is no more, does not compile. */
const namesOf = <T extends string>(names: Readonly<Record<T, true>>): readonly string[] => Object.keys(names).sort();
const column = (title: string): readonly string[] => tableWith(page, title).map((row) => row[title] ?? '');

const STATUSES = namesOf<IncidentStatus>({
  ...{ suspected: true, held: true, fencing: true, 'forcing-down': true, planning: true, evacuating: true },
  ...{ 'handing-over': true, stopped: true },
});
const ENDS = namesOf<IncidentOutcome>({
  ...{ 'stood-down': true, dismissed: true, shadow: true, recovered: true, 'partly-recovered': true },
});
const TASK_ENDS = namesOf<TaskOutcome>({
  ...{ recovered: true, 'restarted-from-snapshot': true, gone: true, 'not-protected': true, left: true },
  ...{ 'not-recoverable': true, person: true },
});
const HOLDS = namesOf<HoldName>({
  ...{
    sources: true,
    'host-incident': true,
    'host-service': true,
    'nova-answers': true,
    'no-effect': true,
    task: true,
  },
  ...{ armed: true, destination: true, 'segment-not-stopped': true, 'host-storm': true, 'segment-storm': true },
});
const CHECKS = namesOf<CheckName>({
  ...{ 'nova-answers': true, armed: true, protected: true, 'in-service': true, 'not-quarantined': true },
  ...{ 'evacuations-ended': true, 'power-off-ended': true, 'not-awaited-elsewhere': true, 'no-person': true },
  ...{ 'own-device': true, switchable: true, starts: true, reports: true, cleaned: true, 'not-said-down': true },
  'sees-it-up': true,
});

describe('the runbook has a row for', () => {
  it.each([
    ['each status of an incident', 'status', STATUSES],
    ['each gate', 'gate', [...GATES].sort()],
    ['each end of an incident', 'incident', ENDS],
    ['each end of an instance', 'instance', TASK_ENDS],
    ['each hold of a single instance', 'held by', HOLDS],
    ['each check of a return', 'waits for', CHECKS],
    ['each finding of the doctor', 'what', Object.keys(WHAT).sort()],
  ] as const)('%s', (_, title, names) => {
    expect([...column(title)].sort()).toEqual(names);
  });
});

it('says of each gate whether a person may release it, as the code has it', () => {
  const said = tableWith(page, 'gate').map(({ gate = '', release = '' }) => [gate, release.startsWith('yes')]);
  expect(said).toEqual(said.map(([gate]) => [gate, isReleasable(String(gate))]));
});

it('has a row, and what to type, for all that `salvor status` shows under NEEDS YOU', () => {
  const host = (name: string, of: object) => ({ name, ...of }) as unknown as HostState;
  const needs = needsOf(
    [
      host('a', { incident: { status: 'stopped', reason: 'a device contradicts' } }),
      host('b', { incident: { status: 'held', failedGates: [{ gate: 'reporters' }] } }),
      host('c', { incident: { status: 'fencing', lastFailure: 'no answer', failures: 3, offConfirmed: null } }),
      host('d', {
        incident: { status: 'fencing', lastFailure: 'none', failures: 3, offConfirmed: { complete: false } },
      }),
      host('e', { incident: null, returning: { quarantine: { untilMs: null }, askedFor: null } }),
    ],
    [{ host: 'f', id: '1', counts: { person: 2 } } as unknown as OpenNow],
    [{ host: 'g', fence: 'not-ready', state: 'in-service' } as unknown as Tile],
    { due: 2, incidents: 1 },
  );
  const rows = tablesOf(page).flatMap((table) =>
    table.flatMap((row) => [Object.values(row)[0] ?? '', row.status ?? '']),
  );
  const shown = (says: string) =>
    rows.some(
      (row) => row !== '' && (says.startsWith(row) || row.split('…').every((part) => says.includes(part.trim()))),
    );
  const heldOrStopped = (says: string) => /held by|^stopped/.test(says);
  expect(needs.filter(({ says }) => !heldOrStopped(says) && !shown(says.split('; ').at(-1) ?? ''))).toEqual([]);
  expect(needs).toHaveLength(9);
  const typed = [...namedIn(page), ...codeBlocksOf(page).map(({ text }) => text)].join('\n');
  for (const { commands } of needs)
    for (const command of commands) expect(typed).toContain(command.split(' ').slice(0, 2).join(' '));
});
