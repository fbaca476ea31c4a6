import type { DeviceWord, HostReading } from './fence-levels.ts';
import type { FenceDeviceConfig } from './policy-devices.ts';

/** What is known of a device before it is believed; null where nothing is. */
export interface KnownDevice {
  /** The host to which the system that answered is bound. */
  readonly boundTo: string | null;
  /** The system to which the host is bound, by this driver. */
  readonly boundSystem: string | null;
  /** The system that the policy names for the host. */
  readonly configured: string | undefined;
}

type Driver = FenceDeviceConfig['driver'];

/** Whether devices of this kind tell which system they belong to. One that does not is bound by the policy alone. */
const TELLS_SYSTEM: Readonly<Record<Driver, boolean>> = {
  redfish: true,
  ipmi: true,
  ironic: true,
  metal3: true,
  // If it tells none, nothing is bound; once it has told one, it has to go on.
  webhook: true,
  agent: false,
};

/** Why the device that was read can't be the host's own (S2); null when it can. */
export function bindingFault(
  { systemUuid, driver = 'redfish' }: { readonly systemUuid: string | null; readonly driver?: Driver },
  known: KnownDevice,
  hostKey: string,
): string | null {
  const { boundTo, boundSystem, configured } = known;
  const told = systemUuid ?? 'not told';
  if (configured !== undefined && systemUuid !== configured)
    return `its system UUID is ${told}, the policy says ${configured}`;
  if (boundTo !== null && boundTo !== hostKey) return `its system ${told} is bound to another host, ${boundTo}`;
  if (systemUuid === null && !TELLS_SYSTEM[driver]) return null;
  if (boundSystem !== null && systemUuid !== boundSystem)
    return `its system UUID is ${told}, the host is bound to ${boundSystem}`;
  return null;
}

/** Each device of a reading, as it is bound. */
export const wordsOf = (
  { power, systemUuid, levels }: HostReading,
  first: Driver = 'redfish',
): readonly (readonly DeviceWord[])[] => levels ?? [[{ driver: first, power, systemUuid }]];

/**
 * The first fault among all devices that answered; null when each can be the host's own.
 * @param known as `words`, device by device
 */
export function bindingFaultOf(
  words: readonly (readonly DeviceWord[])[],
  known: readonly (readonly KnownDevice[])[],
  hostKey: string,
): string | null {
  for (const [at, level] of words.entries())
    for (const [index, word] of level.entries()) {
      const ofDevice = known[at]?.[index];
      if (word.power === 'unknown' || ofDevice === undefined) continue;
      const fault = bindingFault(word, ofDevice, hostKey);
      if (fault !== null) return words.length > 1 ? `level ${at + 1}, ${word.driver}: ${fault}` : fault;
    }
  return null;
}
