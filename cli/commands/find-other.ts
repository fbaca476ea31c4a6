import { streamOfInstance, streamOfProcesses } from '#shared/domain/audit.ts';
import type { StateReader } from '#shared/ports.ts';
import { listInstanceIncidents } from '#shared/state/instances.ts';
import { listProcessIncidents } from '#shared/state/processes.ts';

/** An instance, or the processes of a host, with its audit stream. */
export interface Other {
  readonly kind: 'instance' | 'processes';
  /** UUID of the instance, or the key of the host. */
  readonly key: string;
  /** For people. */
  readonly name: string;
  readonly stream: string;
}

/**
 * The instance with this UUID or one that begins like this, or of the incident with such an id; or the processes of the host
 * of this name, or of the incident with such an id. Undefined when there is none: incidents of hosts are looked for first.
 */
export async function findOther(state: StateReader, wanted: string): Promise<Other | undefined> {
  const instances = await Array.fromAsync(listInstanceIncidents(state));
  const instance = instances.findLast(({ id, instanceId }) => id.startsWith(wanted) || instanceId.startsWith(wanted));
  if (instance !== undefined) {
    const { instanceId: key } = instance;
    return { kind: 'instance', key, name: `instance ${key}`, stream: streamOfInstance(key) };
  }
  const processes = await Array.fromAsync(listProcessIncidents(state));
  const found = processes.findLast(({ id, host }) => id.startsWith(wanted) || host === wanted);
  if (found === undefined) return undefined;
  const { hostKey: key, host } = found;
  return { kind: 'processes', key, name: `processes of ${host}`, stream: streamOfProcesses(key) };
}
