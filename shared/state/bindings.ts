import type { ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { type Loaded, load, put } from './items.ts';

/**
 * Which system a host's fence device is, and whose a system is: written at the first contact, both ways, so that
 * neither can be mistaken for another later (S2).
 */
export interface Binding {
  readonly systemUuid: string;
  readonly hostKey: string;
}

/** What is known of a device that was read: the system's host and the host's system. */
export interface Bindings {
  readonly ofSystem: Loaded<Binding> | undefined;
  readonly ofHost: Loaded<Binding> | undefined;
}

const systemKey = (systemUuid: string): ItemKey => ({ partition: `binding#${systemUuid}`, sort: 'state' });
const hostKeyOf = (hostKey: string): ItemKey => ({ partition: `binding#host#${hostKey}`, sort: 'state' });

/** @param exists whether Nova still has the compute service of this host: a binding to one that was deleted is void. */
export async function loadBindings(
  state: StateReader,
  systemUuid: string | null,
  hostKey: string,
  exists: (hostKey: string) => boolean,
): Promise<Bindings> {
  const [ofSystem, ofHost] = await Promise.all([
    systemUuid === null ? undefined : load<Binding>(state, systemKey(systemUuid)),
    load<Binding>(state, hostKeyOf(hostKey)),
  ]);
  return { ofSystem: ofSystem !== undefined && exists(ofSystem.value.hostKey) ? ofSystem : voided(ofSystem), ofHost };
}

/** Of a void binding only the version is left, which its successor must find. */
const voided = (binding: Loaded<Binding> | undefined): Loaded<Binding> | undefined =>
  binding && { value: { ...binding.value, hostKey: '' }, version: binding.version };

/** The writes that bind the system and the host to each other; none when they are, or when the device tells no UUID. */
export function bindingWrites(
  systemUuid: string | null,
  hostKey: string,
  { ofSystem, ofHost }: Bindings,
): readonly StateWrite[] {
  if (systemUuid === null) return [];
  const binding: Binding = { systemUuid, hostKey };
  return [
    ...(ofSystem?.value.hostKey === hostKey
      ? []
      : [put(systemKey(systemUuid), ofSystem?.version ?? 'absent', binding)]),
    ...(ofHost === undefined ? [put(hostKeyOf(hostKey), 'absent', binding)] : []),
  ];
}
