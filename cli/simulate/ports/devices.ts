import type { FenceDeviceConfig } from '#shared/ports.ts';
import { isFed, powerOff, powerOn, switchOutlet } from '#sim/world/power.ts';
import type { SimHost } from '#sim/world/types.ts';
import type { World } from '#sim/world/world.ts';

/** Which simulated device the policy means, and what it is wired to. `{host}` stands for the host's name. */

/** The address of a host's BMC by Redfish; by IPMI it has the host's name. */
export const DEVICE_URL = 'https://bmc.simulated/{host}';
/** The power distribution unit that holds one outlet of each host. */
export const outletUrl = (outlet: string): string => `https://pdu.simulated/${outlet}`;

/** The device that plays and logs mean when they name none. */
export const MAIN = 'bmc';

type Power = 'on' | 'off';

export interface Wired {
  readonly host: SimHost;
  /** Names it among those of its host. */
  readonly device: string;
  readonly tellsSystem: boolean;
  readonly words: Readonly<Record<Power, string>>;
  /** Undefined while it has no power itself, and so no answer. */
  readonly powerOf: (host: SimHost) => Power | undefined;
  readonly act: (host: SimHost, power: Power) => void;
}

/** Names a device among those of its host. */
export function deviceNameOf(config: FenceDeviceConfig): string {
  if (config.driver === 'redfish') return MAIN;
  return config.driver === 'webhook' ? `outlet ${lastOf(config.url)}` : config.driver;
}

export const isOutlet = (device: string): boolean => device.startsWith('outlet ');

const lastOf = (url: string): string => decodeURIComponent(url.slice(url.lastIndexOf('/') + 1));

/** @throws Error when the simulated world has no such device */
export function wiredBy(world: World, config: FenceDeviceConfig): Wired {
  const hostOf = (name: string): SimHost => {
    const host = world.hosts.get(name);
    if (host === undefined) throw new Error(`there is no simulated device of ${name}`);
    return host;
  };
  const board = {
    tellsSystem: true,
    powerOf: (host: SimHost) => (isFed(host) ? host.power : undefined),
    act: (host: SimHost, power: Power) => {
      if (power === 'off') powerOff(world, host);
      else if (host.power === 'off') powerOn(world, host);
    },
  };
  const device = deviceNameOf(config);
  switch (config.driver) {
    case 'redfish': {
      const host = hostOf(lastOf(config.url));
      return { ...board, host, device, words: { off: 'PowerState Off', on: 'PowerState On' } };
    }
    case 'ipmi': {
      const words = { off: 'Chassis Power is off', on: 'Chassis Power is on' };
      return { ...board, host: hostOf(config.address), device, words };
    }
    case 'webhook': {
      const outlet = lastOf(config.url);
      return {
        host: hostOf(config.host),
        device,
        tellsSystem: false,
        words: { off: `outlet ${outlet} is off`, on: `outlet ${outlet} is on` },
        powerOf: ({ outlets }) => outlets.get(outlet),
        act: (host, power) => switchOutlet(world, host, outlet, power),
      };
    }
    default:
      throw new Error(`there is no simulated device with the driver ${config.driver}`);
  }
}
