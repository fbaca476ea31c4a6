import type { PowerReading } from '#shared/ports.ts';

/** What is known of the device before it is believed; null where nothing is. */
export interface KnownDevice {
  /** The host to which the system that answered is bound. */
  readonly boundTo: string | null;
  /** The system to which the host is bound. */
  readonly boundSystem: string | null;
  /** The system that the policy names for the host. */
  readonly configured: string | undefined;
}

/** Why the device that was read can't be the host's own (S2); null when it can. */
export function bindingFault({ systemUuid }: PowerReading, known: KnownDevice, hostKey: string): string | null {
  const { boundTo, boundSystem, configured } = known;
  const told = systemUuid ?? 'not told';
  if (configured !== undefined && systemUuid !== configured)
    return `its system UUID is ${told}, the policy says ${configured}`;
  if (boundTo !== null && boundTo !== hostKey) return `its system ${told} is bound to another host, ${boundTo}`;
  if (boundSystem !== null && systemUuid !== boundSystem)
    return `its system UUID is ${told}, the host is bound to ${boundSystem}`;
  return null;
}
