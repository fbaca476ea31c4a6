import type { JsonObject, StoredItem } from '#shared/ports.ts';
import { Draft } from './draft.ts';
import type { OpenIncident } from './moves.ts';
import { incidentIn } from './normal.ts';
import type { State } from './state.ts';
import type { World } from './steps.ts';

const itemsOf = (world: World, state: State, prefix: string): readonly StoredItem[] =>
  [...new Draft(state, world.tables, world.runs).all()].filter(({ partition }) => partition.startsWith(prefix));

/** The open incidents, as an operator sees them. */
export const openIncidents = (world: World, state: State): readonly OpenIncident[] =>
  itemsOf(world, state, 'host#').flatMap((item) => {
    const incident = incidentIn(item);
    if (incident === null) return [];
    const closedGates = incident.failedGates?.map(({ gate }) => gate) ?? [];
    return [{ hostKey: String(item.body.key), incidentId: incident.id, closedGates }];
  });

/** Statuses of the open incidents. */
export const openStatuses = (world: World, state: State): readonly string[] =>
  itemsOf(world, state, 'host#').flatMap((item) => incidentIn(item)?.status ?? []);

/** Something contradicted itself: what happens further is up to a person. */
export const isStopped = (world: World, state: State): boolean =>
  itemsOf(world, state, 'guard#segment#').some(({ body }) => (body.stops as readonly unknown[]).length > 0);

/** What is left undone in a state in which nothing happens any more; undefined when it is a good end (L1). */
export function leftUndone(world: World, state: State): string | undefined {
  const open = openStatuses(world, state).filter((status) => status !== 'stopped');
  if (open.length > 0 && !isStopped(world, state)) return `an incident is left ${open.join(' and ')}`;
  if (state.queue.length > 0) return 'a message is left in a queue';
  const closed = itemsOf(world, state, 'incidents').filter(
    ({ body }) => body.outcome === 'recovered' || body.outcome === 'partly-recovered',
  );
  for (const { sort } of closed)
    for (const task of itemsOf(world, state, `tasks#${sort}`)) {
      const { status } = task.body.progress as JsonObject;
      if (status !== 'ended') return `the task of ${task.sort} is left ${status}, and its incident is closed`;
    }
  return undefined;
}
