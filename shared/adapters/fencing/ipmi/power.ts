import type { Objection, PowerOffAnswer, PowerReading } from '#shared/ports.ts';
import { completionMeaning } from './codes.ts';
import {
  type ChassisStatus,
  chassisStatus,
  getChassisStatus,
  getDeviceGuid,
  getSystemGuid,
  powerDown,
  powerUp,
  setSessionPrivilege,
} from './commands.ts';
import { encodingThatGives, type GuidEncoding, uuidOf } from './guid.ts';
import type { IpmiRequest } from './message.ts';
import { type Failure, failed, ok, type Result, refused } from './result.ts';
import type { Session } from './session.ts';

export type Reading = Omit<PowerReading, 'durationMs'>;
export type Answer = Omit<PowerOffAnswer, 'durationMs'>;

const GUID_BYTES = 16;

/** What is said of a request that is refused in the present state or for its data, as some BMCs do when it is so already. */
const MAYBE_SO: ReadonlySet<number> = new Set([0xcc, 0xd5, 0xd6]);

/** Without its system a state of power is not told: it could be another host's. */
export async function readPower(session: Session, encoding: GuidEncoding): Promise<Reading> {
  const guid = await guidOf(session);
  if (guid.kind !== 'ok') return unread(guid);
  const status = await statusOf(session);
  if (status.kind !== 'ok') return unread(status);
  const { power, faults } = status.value;
  return {
    power,
    systemUuid: uuid(guid.value, encoding),
    detail: `${getChassisStatus.name}: power ${[power, ...faults].join(', ')}`,
  };
}

export interface PowerSwitch {
  readonly to: 'on' | 'off';
  /** The host's UUID by all that is known; none is a host of any. */
  readonly systemUuids: readonly string[];
  readonly encoding: GuidEncoding;
  readonly level: number;
  readonly objection: Objection | undefined;
}

export async function switchPower(
  session: Session,
  { to, systemUuids, encoding, level, objection }: PowerSwitch,
): Promise<Answer> {
  const guid = await guidOf(session);
  if (guid.kind !== 'ok') return unsent(guid);
  const own = uuid(guid.value, encoding);
  const other = systemUuids.find((wanted) => wanted !== own);
  if (other !== undefined) return unsent(refused(`${belongsTo(own, other)}${encodingHint(other, guid.value)}`));
  const raised = await dataOf(session, setSessionPrivilege(level));
  if (raised.kind !== 'ok') return unsent(raised);
  const objected = await objection?.();
  if (objected !== undefined) return unsent(refused(objected));
  return ask(session, to);
}

export const unread = ({ detail, credentials }: Failure): Reading => ({
  power: 'unknown',
  systemUuid: null,
  detail,
  ...(credentials === true ? { refused: 'credentials' } : {}),
});

export const unsent = ({ kind, detail }: Failure): Answer => ({
  kind: kind === 'refused' ? 'refused' : 'unknown',
  detail: `nothing was sent: ${detail}`,
});

/**
 * Also sent to a host that says it is so already: what it says may be old. Sent once: BMCs exist that carry out what they
 * have seen before, and a repeat could meet a host that somebody has switched meanwhile.
 */
async function ask(session: Session, to: 'on' | 'off'): Promise<Answer> {
  const [command, action] = to === 'off' ? [powerDown, 'power down'] : [powerUp, 'power up'];
  const asked = await session.askOnce(command);
  if (asked.kind !== 'ok') return { kind: 'unknown', detail: asked.detail };
  const { completionCode } = asked.value;
  if (completionCode === 0) return { kind: 'accepted', detail: `${command.name}: ${action} accepted` };
  const { words, final } = completionMeaning(completionCode);
  const said = `${command.name} answered ${words}`;
  if (MAYBE_SO.has(completionCode)) {
    const now = await statusOf(session);
    if (now.kind === 'ok' && now.value.power === to)
      return { kind: 'accepted', detail: `it was ${to} already (${said})` };
  }
  return { kind: final ? 'refused' : 'unknown', detail: said };
}

async function statusOf(session: Session): Promise<Result<ChassisStatus>> {
  const data = await dataOf(session, getChassisStatus);
  if (data.kind !== 'ok') return data;
  const status = chassisStatus(data.value);
  return status === undefined ? failed(`${getChassisStatus.name}: a short answer`) : ok(status);
}

/** The system's GUID; the BMC's own from a BMC that has no other, which binds it to its host as well. Null: it has none. */
async function guidOf(session: Session): Promise<Result<Buffer | null>> {
  for (const command of [getSystemGuid, getDeviceGuid]) {
    const asked = await session.ask(command);
    if (asked.kind !== 'ok') return asked;
    const { completionCode, data } = asked.value;
    if (completionCode === 0 && data.length >= GUID_BYTES) {
      const guid = data.subarray(0, GUID_BYTES);
      if (uuidOf(guid, 'rfc4122') !== null) return ok(guid);
    } else {
      const { words, final } = completionMeaning(completionCode);
      if (!final) return failed(`${command.name} answered ${words}`);
    }
  }
  return ok(null);
}

/** The data of a response with completion code 0; any other code as a refusal or a failure. */
async function dataOf(session: Session, request: IpmiRequest): Promise<Result<Buffer>> {
  const asked = await session.ask(request);
  if (asked.kind !== 'ok') return asked;
  const { completionCode, data } = asked.value;
  if (completionCode === 0) return ok(data);
  const { words, final } = completionMeaning(completionCode);
  return final ? refused(`${request.name} answered ${words}`) : failed(`${request.name} answered ${words}`);
}

const uuid = (guid: Buffer | null, encoding: GuidEncoding): string | null => guid && uuidOf(guid, encoding);

const belongsTo = (own: string | null, other: string): string =>
  `the device belongs to system ${own ?? 'without a UUID'}, not ${other}`;

/** The very same bytes may be meant. */
function encodingHint(wanted: string, guid: Buffer | null): string {
  const encoding = guid === null ? undefined : encodingThatGives(wanted, guid);
  return encoding === undefined ? '' : `; with guidEncoding ${encoding} it would be that one`;
}
