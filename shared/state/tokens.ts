import { isInFlight, type TaskState } from '#shared/domain/task.ts';
import type { ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { type Loaded, load, put } from './items.ts';

/**
 * Evacuations in flight over the whole cloud, by incident: one item, which each incident's follower writes once
 * per look, so that a thousand tasks don't queue for it.
 */
export interface Tokens {
  readonly byIncident: Readonly<Record<string, InFlight>>;
}

export interface InFlight {
  readonly total: number;
  /** By the destination asked for; those left to Nova's scheduler are in the total only. */
  readonly byDestination: Readonly<Record<string, number>>;
}

export const NOTHING_IN_FLIGHT: InFlight = { total: 0, byDestination: {} };

const keyOf = (cloud: string, region: string): ItemKey => ({ partition: `tokens#${cloud}/${region}`, sort: 'state' });

export async function loadTokens(state: StateReader, cloud: string, region: string): Promise<Loaded<Tokens>> {
  return (await load<Tokens>(state, keyOf(cloud, region))) ?? { value: { byIncident: {} }, version: 'absent' };
}

/** What other incidents have in flight. */
export function inFlightElsewhere({ byIncident }: Tokens, incidentId: string): InFlight {
  const byDestination: Record<string, number> = {};
  let total = 0;
  for (const [id, inFlight] of Object.entries(byIncident)) {
    if (id === incidentId) continue;
    total += inFlight.total;
    for (const [host, count] of Object.entries(inFlight.byDestination))
      byDestination[host] = (byDestination[host] ?? 0) + count;
  }
  return { total, byDestination };
}

export function countInFlight(tasks: readonly TaskState[]): InFlight {
  const byDestination: Record<string, number> = {};
  let total = 0;
  for (const task of tasks) {
    if (!isInFlight(task)) continue;
    total += 1;
    const { progress } = task;
    const { destination } = 'attempt' in progress ? progress.attempt : { destination: null, ...progress };
    if (destination !== null) byDestination[destination] = (byDestination[destination] ?? 0) + 1;
  }
  return { total, byDestination };
}

/** The write that sets this incident's share; none when it is unchanged. */
export function tokenWrites(
  cloud: string,
  region: string,
  loaded: Loaded<Tokens>,
  incidentId: string,
  share: InFlight,
): readonly StateWrite[] {
  const { [incidentId]: before, ...others } = loaded.value.byIncident;
  if (JSON.stringify(before ?? null) === JSON.stringify(share.total === 0 ? null : share)) return [];
  const byIncident = share.total === 0 ? others : { ...others, [incidentId]: share };
  return [put(keyOf(cloud, region), loaded.version, { byIncident })];
}
