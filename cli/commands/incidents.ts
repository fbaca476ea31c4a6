import { Command } from 'commander';
import { type IncidentEntry, listIncidents } from '#shared/state/hosts.ts';
import { print, printJson, table } from '../output.ts';
import { withState } from './read-state.ts';

/** `salvor incidents`: every incident, oldest first. */
export function incidentsCommand(): Command {
  return new Command('incidents')
    .description('list the incidents')
    .option('--json', 'print JSON')
    .action(async ({ json }, command: Command) => {
      const incidents = await withState(command, (state) => Array.fromAsync(listIncidents(state)));
      if (json) printJson(incidents);
      else
        print(
          incidents.length === 0
            ? 'no incidents'
            : table(['INCIDENT', 'HOST', 'OPENED', 'OUTCOME', 'WHY'], incidents.map(row)),
        );
    });
}

const row = ({ id, host, openedAtMs, outcome, because }: IncidentEntry): readonly string[] => [
  id,
  host,
  new Date(openedAtMs).toISOString(),
  outcome ?? 'open',
  because,
];
