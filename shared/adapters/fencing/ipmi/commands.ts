import type { IpmiRequest } from './message.ts';
import { PRIVILEGE } from './rakp.ts';

/** The few commands that fencing needs (Appendix G lists all), and what their answers say. */

const CHASSIS = 0x00;
const APP = 0x06;

const request = (name: string, netFn: number, command: number, ...data: readonly number[]): IpmiRequest => ({
  name,
  netFn,
  command,
  data: Buffer.from(data),
});

/** The channel that the request comes by. */
const THIS_CHANNEL = 0x0e;
/** Ask for what is new in IPMI v2.0. */
const EXTENDED = 0x80;

/** 22.13. The only one outside of a session: nobody vouches for what it says. */
export const getChannelAuthenticationCapabilities = request(
  'Get Channel Authentication Capabilities',
  APP,
  0x38,
  THIS_CHANNEL | EXTENDED,
  PRIVILEGE.administrator,
);

export interface Capabilities {
  readonly speaksV2: boolean;
  /** A BMC key (Kg) is set. */
  readonly hasBmcKey: boolean;
}

/** 22.13. Undefined when it is too short. */
export function capabilities(data: Buffer): Capabilities | undefined {
  const [, types, status, extended] = data;
  if (types === undefined || status === undefined || extended === undefined) return undefined;
  return { speaksV2: (types & 0x80) !== 0 && (extended & 0x02) !== 0, hasBmcKey: (status & 0x20) !== 0 };
}

/** 22.14: of the host, as in its SMBIOS table. */
export const getSystemGuid = request('Get System GUID', APP, 0x37);
/** 20.8: of the BMC. */
export const getDeviceGuid = request('Get Device GUID', APP, 0x08);
/** 22.18. A session starts as User. */
export const setSessionPrivilege = (level: number): IpmiRequest =>
  request('Set Session Privilege Level', APP, 0x3b, level);

/** 22.19 */
export function closeSession(bmcSession: number): IpmiRequest {
  const data = Buffer.alloc(4);
  data.writeUInt32LE(bmcSession);
  return { name: 'Close Session', netFn: APP, command: 0x3c, data };
}

/** 28.2 */
export const getChassisStatus = request('Get Chassis Status', CHASSIS, 0x01);

export interface ChassisStatus {
  readonly power: 'on' | 'off';
  /** In words; none for a healthy chassis. */
  readonly faults: readonly string[];
}

/** 28.2, "Current Power State". Undefined when it is missing. */
export function chassisStatus(data: Buffer): ChassisStatus | undefined {
  const [state] = data;
  if (state === undefined || data.length < 3) return undefined;
  const faults = ['overload', 'interlock', 'power fault', 'power control fault'];
  return {
    power: (state & 0x01) === 0 ? 'off' : 'on',
    faults: faults.filter((_, index) => (state & (0x02 << index)) !== 0),
  };
}

/** 28.3, Chassis Control "power down": off at once, without a word to the operating system. */
export const powerDown = request('Chassis Control', CHASSIS, 0x02, 0x00);
/** 28.3, Chassis Control "power up". */
export const powerUp = request('Chassis Control', CHASSIS, 0x02, 0x01);
