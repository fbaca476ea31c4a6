import { PermanentError } from '#shared/errors.ts';
import type { StateReader } from '#shared/ports.ts';
import { type IncidentEntry, listIncidents } from '#shared/state/hosts.ts';
import { findOther, type Other } from './find-other.ts';

/**
 * The incident of a host with this id, or with one that begins like this; or the newest of the host of this name. Else what
 * `findOther` finds of instances and processes.
 * @throws PermanentError when there is none.
 */
export async function findAny(
  state: StateReader,
  wanted: string,
): Promise<{ readonly incident: IncidentEntry } | { readonly other: Other }> {
  const all = await Array.fromAsync(listIncidents(state));
  const incident = all.findLast(({ id, host }) => id.startsWith(wanted) || host === wanted);
  if (incident !== undefined) return { incident };
  const other = await findOther(state, wanted);
  if (other !== undefined) return { other };
  throw new PermanentError(
    `no incident ${wanted}: "salvor incidents", "salvor instances" and "salvor processes" list them`,
  );
}
