import { Command } from 'commander';
import { waitsOf } from '#shared/domain/follow.ts';
import type { Incident } from '#shared/domain/host.ts';
import { whyThere } from '#shared/domain/now/why-there.ts';
import type { StateReader } from '#shared/ports.ts';
import { disarmedAmong } from '#shared/state/guards.ts';
import { type IncidentEntry, listIncidents, MAX_DUE } from '#shared/state/hosts.ts';
import { loadTasks } from '#shared/state/tasks.ts';
import { type OpenIncident, openIncidents } from '../operator/find-incident.ts';
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
        open: new Map(await Promise.all((await Array.fromAsync(openIncidents(state))).map(withWaits(state)))),
        switches: disarmedAmong(await state.due(Number.MAX_SAFE_INTEGER, MAX_DUE), Date.now()).values,
      }));
      if (json) {
        printJson({
          disarmed: switches,
          incidents: incidents.map((each) => {
            const now = open.get(each.id);
            return now === undefined ? { ...each, now: null } : { ...each, now: now.incident, waits: now.waits };
          }),
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

interface Open {
  readonly incident: Incident;
  /** What its evacuation tasks wait for. */
  readonly waits: readonly string[];
}

const withWaits =
  (state: StateReader) =>
  async ({ incident }: OpenIncident): Promise<readonly [string, Open]> => [
    incident.id,
    { incident, waits: waitsOf((await loadTasks(state, incident.id)).map(({ value }) => value)) },
  ];

/** One row, and one more for each further reason. */
function rows(
  { id, host, openedAtMs, outcome, because }: IncidentEntry,
  open: Open | undefined,
): readonly (readonly string[])[] {
  const [first = because, ...more] = open === undefined ? [] : [...whyThere(open.incident), ...open.waits];
  return [
    [id, host, iso(openedAtMs), outcome ?? open?.incident.status ?? 'open', first],
    ...more.map((why) => ['', '', '', '', why]),
  ];
}
