import { Command } from 'commander';
import type { ProcessIncident } from '#shared/domain/process-recovery/process.ts';
import { listProcessIncidents, loadProcesses, openProcesses, type ProcessEntry } from '#shared/state/processes.ts';
import { print, printJson, table } from '../output.ts';
import { withState } from './read-state.ts';

/** `salvor processes`: every host on which processes have stopped while it lived, oldest first. */
export function processesCommand(): Command {
  return new Command('processes')
    .description('list the hosts on which processes have stopped, and where the open ones stand')
    .option('--json', 'print JSON')
    .action(async ({ json }, command: Command) => {
      const { entries, open } = await withState(command, async (state) => {
        const now = new Map<string, ProcessIncident>();
        for (const key of await openProcesses(state)) {
          const { incident } = (await loadProcesses(state, key)).value;
          if (incident !== null) now.set(incident.id, incident);
        }
        return { entries: await Array.fromAsync(listProcessIncidents(state)), open: now };
      });
      if (json) printJson(entries.map((each) => ({ ...each, now: open.get(each.id) ?? null })));
      else if (entries.length === 0) print('no processes');
      else
        print(
          table(
            ['INCIDENT', 'HOST', 'OPENED', 'STATE', 'WHY'],
            entries.map((each) => row(each, open.get(each.id))),
          ),
        );
    });
}

function row(
  { id, host, openedAtMs, outcome, because }: ProcessEntry,
  incident: ProcessIncident | undefined,
): readonly string[] {
  const why = incident === undefined ? because : whyThere(incident);
  return [id, host, new Date(openedAtMs).toISOString(), outcome ?? incident?.status ?? 'open', why];
}

function whyThere({ down, wellSinceMs, heldBy }: ProcessIncident): string {
  const is =
    wellSinceMs === null
      ? `down: ${Object.keys(down).join(', ')}`
      : `runs again since ${new Date(wellSinceMs).toISOString()}`;
  return heldBy === null ? is : `${is}; waits: ${heldBy}`;
}
