import type { KnownDevice } from '#shared/domain/device-binding.ts';
import type { DeviceWord } from '#shared/domain/fence-levels.ts';
import type { FenceDeviceConfig } from '#shared/domain/policy-devices.ts';
import type { ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { type Loaded, load, put } from './items.ts';

/**
 * Which system a host's fence device is, and whose a system is: written at the first contact, both ways, so that
 * neither can be mistaken for another later (S2).
 */
interface Binding {
  readonly systemUuid: string;
  readonly hostKey: string;
}

type Driver = FenceDeviceConfig['driver'];

/** What is known of a device that was read: the system's host and the host's system. */
interface Bindings {
  readonly ofSystem: Loaded<Binding> | undefined;
  readonly ofHost: Loaded<Binding> | undefined;
}

const systemKey = (systemUuid: string): ItemKey => ({ partition: `binding#${systemUuid}`, sort: 'state' });
/** A host is bound once by each driver: two kinds of device may call the same system by two ids. */
const hostKeyOf = (hostKey: string, driver: Driver): ItemKey => ({
  partition: `binding#host#${hostKey}`,
  sort: driver === 'redfish' ? 'state' : driver,
});

/** What is known of each device of a host that was read, and the writes that bind those that told a system. */
export async function readBindings(
  state: StateReader,
  hostKey: string,
  words: readonly (readonly DeviceWord[])[],
  levels: readonly (readonly FenceDeviceConfig[])[],
  exists: (hostKey: string) => boolean,
): Promise<{ readonly known: readonly (readonly KnownDevice[])[]; readonly writes: readonly StateWrite[] }> {
  const written = new Map<string, StateWrite>();
  const known = await Promise.all(
    words.map((level, at) =>
      Promise.all(
        level.map(async (word, index): Promise<KnownDevice> => {
          const bindings = await loadBindings(state, word, hostKey, exists);
          // Two devices may tell the same system: it is bound once.
          for (const write of bindingWrites(word, hostKey, bindings))
            written.set(`${write.partition} ${write.sort}`, write);
          return {
            boundTo: bindings.ofSystem?.value.hostKey || null,
            boundSystem: bindings.ofHost?.value.systemUuid ?? null,
            configured: levels[at]?.[index]?.systemUuid,
          };
        }),
      ),
    ),
  );
  return { known, writes: [...written.values()] };
}

/** @param exists whether Nova still has the compute service of this host: a binding to one that was deleted is void. */
async function loadBindings(
  state: StateReader,
  { systemUuid, driver }: Pick<DeviceWord, 'systemUuid' | 'driver'>,
  hostKey: string,
  exists: (hostKey: string) => boolean,
): Promise<Bindings> {
  const [ofSystem, ofHost] = await Promise.all([
    systemUuid === null ? undefined : load<Binding>(state, systemKey(systemUuid)),
    load<Binding>(state, hostKeyOf(hostKey, driver)),
  ]);
  return { ofSystem: ofSystem !== undefined && exists(ofSystem.value.hostKey) ? ofSystem : voided(ofSystem), ofHost };
}

/** Of a void binding only the version is left, which its successor must find. */
const voided = (binding: Loaded<Binding> | undefined): Loaded<Binding> | undefined =>
  binding && { value: { ...binding.value, hostKey: '' }, version: binding.version };

/** The writes that bind the system and the host to each other; none when they are, or when the device tells no UUID. */
function bindingWrites(
  { systemUuid, driver }: Pick<DeviceWord, 'systemUuid' | 'driver'>,
  hostKey: string,
  { ofSystem, ofHost }: Bindings,
): readonly StateWrite[] {
  if (systemUuid === null) return [];
  const binding: Binding = { systemUuid, hostKey };
  return [
    ...(ofSystem?.value.hostKey === hostKey
      ? []
      : [put(systemKey(systemUuid), ofSystem?.version ?? 'absent', binding)]),
    ...(ofHost === undefined ? [put(hostKeyOf(hostKey, driver), 'absent', binding)] : []),
  ];
}

/**
 * The writes that bind a device's system to its host, whatever both were bound to before: where the policy names the system
 * for the host, as after its mainboard was replaced.
 */
export async function rebindingWrites(
  state: StateReader,
  hostKey: string,
  { systemUuid, driver }: { readonly systemUuid: string; readonly driver: Driver },
): Promise<readonly StateWrite[]> {
  const { ofSystem, ofHost } = await loadBindings(state, { systemUuid, driver }, hostKey, () => true);
  const binding: Binding = { systemUuid, hostKey };
  return [
    put(systemKey(systemUuid), ofSystem?.version ?? 'absent', binding),
    put(hostKeyOf(hostKey, driver), ofHost?.version ?? 'absent', binding),
  ];
}
