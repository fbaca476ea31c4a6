import { PermanentError } from '#shared/errors.ts';
import type { StateReader } from '#shared/ports.ts';
import { type IncidentEntry, listIncidents } from '#shared/state/hosts.ts';

/**
 * The incident with this id, or with one that begins like this; or the newest of the host of this name.
 * @throws PermanentError when there is none.
 */
export async function findIncident(state: StateReader, wanted: string): Promise<IncidentEntry> {
  const all = await Array.fromAsync(listIncidents(state));
  const found = all.findLast(({ id, host }) => id.startsWith(wanted) || host === wanted);
  if (found === undefined) throw new PermanentError(`no incident ${wanted}: "salvor incidents" lists them`);
  return found;
}
