import type { RequestLog } from '../request-log.ts';
import { powerOff, powerOn } from '../world/power.ts';
import type { SimHost } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { type IpmiBmc, startIpmiBmc } from './ipmi.ts';
import { CODE, nameOfCommand } from './ipmi-commands.ts';
import type { Account } from './ipmi-sessions.ts';

export interface HostIpmiParts {
  readonly world: World;
  readonly log: RequestLog;
  readonly credentials: Account;
  readonly newRequestId: () => string;
  /** How long a device takes from its answer to the effect. */
  readonly powerChangeMs: number;
}

/** 28.3, "chassis control" */
const ACTION = { down: 0, up: 1, cycle: 2, reset: 3, softShutdown: 5 } as const;

/** A host's BMC by IPMI: another door to the power that its Redfish service holds, with the same faults. */
export function startIpmiOf(host: SimHost, parts: HostIpmiParts): Promise<IpmiBmc> {
  const { world, log } = parts;
  const subject = { host: host.name };
  const strikes = (kind: 'bmc-dead' | 'bmc-error' | 'bmc-unauthorized' | 'bmc-stuck' | 'bmc-lies-off'): boolean =>
    world.faults.take(kind, subject) !== undefined;
  /** The host whose power this device really holds. */
  const wired = (): SimHost => world.hosts.get(world.faults.take('bmc-swapped', subject)?.actual ?? host.name) ?? host;

  return startIpmiBmc({
    accounts: [parts.credentials],
    clock: world.clock,
    faults: {
      deaf: () => strikes('bmc-dead'),
      delayMs: () => world.faults.take('bmc-slow', subject)?.delayMs ?? 0,
      failing: () => strikes('bmc-error'),
      refusing: () => strikes('bmc-unauthorized'),
    },
    onCommand: (message) => {
      const path = nameOfCommand(message);
      const record = log.begin({ api: 'ipmi', method: 'IPMI', path, requestId: parts.newRequestId(), ...subject });
      return (code) => log.end(record, code);
    },
    chassis: {
      systemGuid: () => smbiosBytes(wired().systemUuid),
      deviceGuid: () => undefined,
      power: () => (strikes('bmc-lies-off') ? 'off' : wired().power),
      control: (action) => {
        const held = wired();
        if (action === ACTION.down && held.power === 'off' && world.faults.take('bmc-conflict-when-off', subject))
          return CODE.notNow;
        if (!(Object.values(ACTION) as readonly number[]).includes(action)) return CODE.invalidField;
        if (strikes('bmc-stuck')) return CODE.ok;
        const change = (): void => {
          if (action !== ACTION.up) powerOff(world, held);
          const turnsOn = action !== ACTION.down && action !== ACTION.softShutdown;
          if (turnsOn && held.power === 'off') powerOn(world, held);
        };
        if (parts.powerChangeMs > 0) world.clock.after(parts.powerChangeMs, change);
        else change();
        return CODE.ok;
      },
    },
  });
}

/** A UUID as it stands in the SMBIOS table: the first three fields little-endian. */
function smbiosBytes(uuid: string): Buffer {
  const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex');
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
