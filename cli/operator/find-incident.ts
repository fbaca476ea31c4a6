import type { Incident } from '#shared/domain/host.ts';
import { PermanentError } from '#shared/errors.ts';
import type { StateReader } from '#shared/ports.ts';
import { listIncidents, loadHost } from '#shared/state/hosts.ts';

export interface OpenIncident {
  readonly host: string;
  readonly hostKey: string;
  readonly incident: Incident;
}

/** Every open incident as it stands now, oldest first. */
export async function* openIncidents(state: StateReader): AsyncGenerator<OpenIncident> {
  for await (const { id, host, hostKey, outcome } of listIncidents(state)) {
    if (outcome !== null) continue;
    const incident = (await loadHost(state, hostKey))?.value.incident;
    if (incident?.id === id) yield { host, hostKey, incident };
  }
}

/**
 * @param wanted a host, or the id of an incident or its beginning
 * @throws PermanentError when there is no such open incident
 */
export async function findOpen(state: StateReader, wanted: string): Promise<OpenIncident> {
  for await (const open of openIncidents(state))
    if (open.host === wanted || open.incident.id.startsWith(wanted)) return open;
  throw new PermanentError(`no open incident of ${wanted}: "salvor incidents" lists them`);
}
