import { Command } from 'commander';
import type { Incident } from '#shared/domain/host.ts';
import { disarmedAmong } from '#shared/state/guards.ts';
import { type IncidentEntry, listIncidents, MAX_DUE } from '#shared/state/hosts.ts';
import { openIncidents } from '../operator/find-incident.ts';
import { print, printJson, table } from '../output.ts';
import { switchLine } from '../switch-line.ts';
import { withState } from './read-state.ts';

/** `salvor incidents`: what is switched off, and every incident, oldest first; of the open ones where they stand. */
export function incidentsCommand(): Command {
  return new Command('incidents')
    .description('list the incidents, where the open ones stand, and what is disarmed')
    .option('--json', 'print JSON')
    .action(async ({ json }, command: Command) => {
      const { incidents, open, switches } = await withState(command, async (state) => ({
        incidents: await Array.fromAsync(listIncidents(state)),
        open: new Map((await Array.fromAsync(openIncidents(state))).map(({ incident }) => [incident.id, incident])),
        switches: disarmedAmong(await state.due(Number.MAX_SAFE_INTEGER, MAX_DUE), Date.now()).values,
      }));
      if (json) {
        printJson({
          disarmed: switches,
          incidents: incidents.map((each) => ({ ...each, now: open.get(each.id) ?? null })),
        });
        return;
      }
      for (const each of switches) print(switchLine(each));
      if (incidents.length === 0) print('no incidents');
      else
        print(
          table(
            ['INCIDENT', 'HOST', 'OPENED', 'STATE', 'WHY'],
            incidents.flatMap((each) => rows(each, open.get(each.id))),
          ),
        );
    });
}

const iso = (unixMs: number): string => new Date(unixMs).toISOString();

/** One row, and one more for each closed gate. */
function rows(
  { id, host, openedAtMs, outcome, because }: IncidentEntry,
  incident: Incident | undefined,
): readonly (readonly string[])[] {
  const [first = because, ...more] = incident === undefined ? [] : whyThere(incident);
  return [
    [id, host, iso(openedAtMs), outcome ?? incident?.status ?? 'open', first],
    ...more.map((why) => ['', '', '', '', why]),
  ];
}

/** Why an open incident stands where it does; nothing where its status says it. */
function whyThere(incident: Incident): readonly string[] {
  if (incident.pausedBy !== null) return [`waits: ${incident.pausedBy}`];
  switch (incident.status) {
    case 'held':
      return incident.failedGates.map(({ gate, because }) => `${gate}: ${because}`);
    case 'stopped':
    case 'handing-over':
      return [incident.reason];
    case 'fencing':
    case 'forcing-down':
      return incident.lastFailure === null ? [] : [incident.lastFailure];
    default:
      return [];
  }
}
