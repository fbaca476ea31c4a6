import { Command } from 'commander';
import type { InstanceIncident } from '#shared/domain/instance-recovery/instance.ts';
import { type InstanceEntry, listInstanceIncidents, loadInstance, openInstances } from '#shared/state/instances.ts';
import { print, printJson, table } from '../output.ts';
import { withState } from './read-state.ts';

/** `salvor instances`: every incident of an instance whose host lived, oldest first; of the open ones where they stand. */
export function instancesCommand(): Command {
  return new Command('instances')
    .description('list the instances that failed on hosts that lived, and where the open ones stand')
    .option('--open', 'only those that are open')
    .option('--json', 'print JSON')
    .action(async ({ open: onlyOpen, json }, command: Command) => {
      const { entries, open } = await withState(command, async (state) => {
        const now = new Map<string, InstanceIncident>();
        for (const { instanceId } of await openInstances(state)) {
          const { incident } = (await loadInstance(state, instanceId)).value;
          if (incident !== null) now.set(incident.id, incident);
        }
        return { entries: await Array.fromAsync(listInstanceIncidents(state)), open: now };
      });
      const shown = entries.filter(({ outcome }) => outcome === null || onlyOpen !== true);
      if (json) printJson(shown.map((each) => ({ ...each, now: open.get(each.id) ?? null })));
      else if (shown.length === 0) print('no instances');
      else
        print(
          table(
            ['INCIDENT', 'INSTANCE', 'HOST', 'OPENED', 'STATE', 'WHY'],
            shown.flatMap((each) => rows(each, open.get(each.id))),
          ),
        );
    });
}

/** One row, and one more for each further hold. */
function rows(
  { id, instanceId, host, openedAtMs, outcome, because }: InstanceEntry,
  incident: InstanceIncident | undefined,
): readonly (readonly string[])[] {
  const [first = because, ...more] = incident === undefined ? [] : whyThere(incident);
  const state = outcome ?? incident?.status ?? 'open';
  return [
    [id, instanceId, host, new Date(openedAtMs).toISOString(), state, first],
    ...more.map((why) => ['', '', '', '', '', why]),
  ];
}

function whyThere(incident: InstanceIncident): readonly string[] {
  if (incident.status === 'suspected') return [];
  if (incident.status === 'held') return incident.holds.map(({ hold, because }) => `${hold}: ${because}`);
  const { ask, number, action } = incident.request;
  return [`${action}: ${ask} (request ${number})`];
}
