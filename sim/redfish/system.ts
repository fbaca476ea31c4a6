import { powerOff, powerOn } from '../world/power.ts';
import type { SimHost } from '../world/types.ts';
import type { World } from '../world/world.ts';

/** DSP0268, ResetType. */
export const RESET_TYPES = [
  'On',
  'ForceOff',
  'GracefulShutdown',
  'GracefulRestart',
  'ForceRestart',
  'ForceOn',
  'PushPowerButton',
  'Nmi',
] as const;
export type ResetType = (typeof RESET_TYPES)[number];

/** DSP0268, ComputerSystem. */
export function systemBody(host: SimHost, power: 'On' | 'Off'): object {
  const path = `/redfish/v1/Systems/${host.systemUuid}`;
  return {
    '@odata.id': path,
    '@odata.type': '#ComputerSystem.v1_1_0.ComputerSystem',
    Id: host.systemUuid,
    UUID: host.systemUuid,
    Name: host.name,
    HostName: host.name,
    SystemType: 'Physical',
    Manufacturer: 'salvor',
    PowerState: power,
    Status: { State: 'Enabled', Health: 'OK' },
    Actions: {
      '#ComputerSystem.Reset': {
        target: `${path}/Actions/ComputerSystem.Reset`,
        'ResetType@Redfish.AllowableValues': RESET_TYPES,
      },
    },
  };
}

/** What a reset does to the power; a graceful one takes no longer than a forced one here. */
export function changePower(world: World, host: SimHost, type: ResetType): void {
  const pressed = type === 'PushPowerButton' && host.power === 'on';
  if (type !== 'On' && type !== 'ForceOn' && (pressed || type !== 'PushPowerButton')) powerOff(world, host);
  const turnsOn = type !== 'ForceOff' && type !== 'GracefulShutdown' && !pressed;
  if (turnsOn && host.power === 'off') powerOn(world, host);
}
