import type { Suite } from './ipmi-crypto.ts';
import type { Message } from './ipmi-packets.ts';

/** The host as its BMC has it in hand. */
export interface Chassis {
  /** The 16 bytes that Get System GUID hands out; undefined: it does not know the command. */
  systemGuid(): Buffer | undefined;
  deviceGuid(): Buffer | undefined;
  power(): 'on' | 'off';
  /** What a Chassis Control does, by its number (28.3). @returns completion code */
  control(action: number): number;
}

export const PRIVILEGE = { user: 2, operator: 3, administrator: 4 } as const;

/** Completion codes (5.2). */
export const CODE = {
  ok: 0x00,
  levelNotAvailable: 0x80,
  levelExceedsLimit: 0x81,
  noSuchSession: 0x87,
  invalidCommand: 0xc1,
  invalidLength: 0xc7,
  invalidField: 0xcc,
  insufficientPrivilege: 0xd4,
  notNow: 0xd5,
  unspecified: 0xff,
} as const;

export interface Answer {
  readonly code: number;
  readonly data?: Buffer;
}

/** What a command has to know of the session it comes by. */
export interface SessionView {
  readonly id: number;
  /** What its user may have. */
  readonly limit: number;
  level: number;
  closed: boolean;
}

const APP = 0x06;
const CHASSIS = 0x00;

const NAMES: ReadonlyMap<string, string> = new Map([
  ['0/1', 'Get Chassis Status'],
  ['0/2', 'Chassis Control'],
  ['6/1', 'Get Device ID'],
  ['6/8', 'Get Device GUID'],
  ['6/37', 'Get System GUID'],
  ['6/3b', 'Set Session Privilege Level'],
  ['6/3c', 'Close Session'],
]);

/** As people call it; network function and number of one that this BMC does not know. */
export function nameOfCommand({ netFn, command }: Message): string {
  const number = `${netFn.toString(16)}/${command.toString(16)}`;
  return NAMES.get(number) ?? number;
}

/** Commands outside of any session (22.13, 22.15). */
export function sessionlessAnswer(
  { netFn, command, data }: Message,
  bmc: { readonly suites: readonly Suite[]; readonly hasKg: boolean },
): Answer {
  if (netFn !== APP) return { code: CODE.invalidCommand };
  if (command === 0x38)
    return { code: CODE.ok, data: Buffer.from([0x01, 0x80, (bmc.hasKg ? 0x20 : 0) | 0x04, 0x02, 0, 0, 0, 0]) };
  if (command === 0x54) {
    const records = bmc.suites.flatMap(({ id, algorithms: [authentication, integrity, confidentiality] }) => [
      0xc0,
      id,
      authentication,
      0x40 | integrity,
      0x80 | confidentiality,
    ]);
    // 16 bytes at a time.
    const from = ((data[2] ?? 0) & 0x3f) * 16;
    return { code: CODE.ok, data: Buffer.from([0x01, ...records.slice(from, from + 16)]) };
  }
  return { code: CODE.invalidCommand };
}

/** Commands of a session. */
export function sessionAnswer({ netFn, command, data }: Message, session: SessionView, chassis: Chassis): Answer {
  if (netFn === APP) return appAnswer(command, data, session, chassis);
  if (netFn !== CHASSIS) return { code: CODE.invalidCommand };
  if (command === 0x01) return { code: CODE.ok, data: Buffer.from([chassis.power() === 'on' ? 0x01 : 0x00, 0, 0]) };
  if (command !== 0x02) return { code: CODE.invalidCommand };
  if (session.level < PRIVILEGE.operator) return { code: CODE.insufficientPrivilege };
  const [action] = data;
  return { code: action === undefined ? CODE.invalidLength : chassis.control(action & 0x0f) };
}

function appAnswer(command: number, data: Buffer, session: SessionView, chassis: Chassis): Answer {
  switch (command) {
    // 20.1, Get Device ID: IPMI 2.0, chassis device.
    case 0x01:
      return { code: CODE.ok, data: Buffer.from([0x20, 0x01, 1, 0, 0x02, 0x80, 0, 0, 0, 0, 0]) };
    case 0x08:
      return guidAnswer(chassis.deviceGuid());
    case 0x37:
      return guidAnswer(chassis.systemGuid());
    case 0x3b:
      return { ...raise(session, (data[0] ?? 0) & 0x0f) };
    case 0x3c:
      session.closed = data.length >= 4 && data.readUInt32LE(0) === session.id;
      return { code: session.closed ? CODE.ok : CODE.noSuchSession };
    default:
      return { code: CODE.invalidCommand };
  }
}

const guidAnswer = (guid: Buffer | undefined): Answer =>
  guid === undefined ? { code: CODE.invalidCommand } : { code: CODE.ok, data: guid };

/** 22.18; 0 asks for the level as it is. */
function raise(session: SessionView, level: number): Answer {
  if (level > PRIVILEGE.administrator) return { code: CODE.levelNotAvailable };
  if (level > session.limit) return { code: CODE.levelExceedsLimit };
  if (level !== 0) session.level = level;
  return { code: CODE.ok, data: Buffer.from([session.level]) };
}
