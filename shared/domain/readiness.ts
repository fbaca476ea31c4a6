import type { AccountReading, ComputeService } from '#shared/ports.ts';
import { FIRST, type Head } from './audit.ts';
import { type DeviceTrouble, isBound, type JudgedDevice } from './device-survey.ts';
import { isNear } from './ending.ts';

/** Whether a host could be fenced right now, as its devices said when they were asked last. Times are Unix ms. */
export interface HostReadiness {
  readonly host: string;
  readonly hostKey: string;
  readonly segment: string;
  /** Disabled, or forced down: nobody would fence it. */
  readonly outOfService: boolean;
  readonly state: ReadinessState;
  readonly sinceMs: number;
  readonly because: string;
  readonly devices: readonly DeviceStanding[];
  /** Of its stream `fence-ready#<host key>`. */
  readonly audit: Head;
}

/**
 * `ready`: each of its levels would fence it. `degraded`: one of several would not. `not-ready`: none would.
 * `not-asked`: no segment holds it, or not any more.
 */
export type ReadinessState = 'ready' | 'degraded' | 'not-ready' | 'not-asked';

/** One of its devices. */
export interface DeviceStanding {
  readonly level: number;
  readonly address: string;
  readonly verdict: JudgedDevice['verdict'];
  readonly trouble: DeviceTrouble | null;
  readonly because: string;
  /** Why its last answer was no good, the first time: devices are busy at times, so it is asked again. */
  readonly doubt: string | null;
  readonly systemUuid: string | null;
  /** System and host are bound to each other. */
  readonly bound: boolean;
  /** To within {@link LEASE_MS}: it is not written each time. */
  readonly lastGoodMs: number | null;
  readonly badSinceMs: number | null;
  /** When it refused the credentials last. */
  readonly refusedAtMs: number | null;
  readonly certificateExpiresAtMs: number | null;
  /** What it told of salvor's account; absent before it was asked. */
  readonly account?: AccountStanding;
}

interface AccountStanding extends Pick<AccountReading, 'endsAtMs' | 'trouble'> {
  readonly askedAtMs: number;
}

export type ReadinessFact =
  | { readonly type: 'device-bound'; readonly systemUuid: string; readonly address: string; readonly because: string }
  | {
      readonly type: 'readiness-changed';
      readonly host: string;
      readonly segment: string;
      /** Null for a host that was never asked. */
      readonly from: ReadinessState | null;
      readonly to: ReadinessState;
      readonly because: string;
      readonly novaState: ComputeService['state'] | null;
      readonly devices: readonly DeviceStanding[];
    };

/** What is not new is written this often. */
export const LEASE_MS = 3_600_000;
/** Accounts are locked after some refused logins, and then refuse the right password too. */
const REFUSED_PAUSE_MS = 1_800_000;

/** Whether a device may be asked now. */
export function mayAsk(standing: DeviceStanding | undefined, nowMs: number): boolean {
  if (standing === undefined || standing.refusedAtMs === null || standing.doubt !== null) return true;
  return nowMs - standing.refusedAtMs >= REFUSED_PAUSE_MS;
}

/** Boards are slow, and it takes a handful of requests. */
const ACCOUNT_MS = 86_400_000;
/** Somebody may have changed the password. */
const ENDING_ACCOUNT_MS = 3_600_000;

/** Whether a device is to be asked what becomes of salvor's account: one that was well when it was asked last. */
export function isAccountDue(standing: DeviceStanding | undefined, credentialDays: number, nowMs: number): boolean {
  if (standing === undefined || standing.trouble !== null || standing.doubt !== null) return false;
  const { account } = standing;
  if (account === undefined) return true;
  const isEnding = account.trouble !== null || isNear(account.endsAtMs, credentialDays, nowMs);
  return nowMs - account.askedAtMs >= (isEnding ? ENDING_ACCOUNT_MS : ACCOUNT_MS);
}

/** Asked again in the next run, whoever's turn it is. */
export const isInDoubt = ({ state, devices }: HostReadiness): boolean =>
  state !== 'not-asked' && devices.some(({ doubt }) => doubt !== null);

export interface SurveyedHost {
  readonly host: string;
  readonly hostKey: string;
  readonly segment: string;
  readonly novaState: ComputeService['state'] | null;
  /** Null while Nova can't be asked. */
  readonly outOfService: boolean | null;
  /** The addresses of its devices as the policy has them, in order. */
  readonly addresses: readonly string[];
  /** Those that were asked. */
  readonly judged: readonly JudgedDevice[];
}

/**
 * The device whose system is to be bound to its host now, so that the first contact is not the fencing itself (S2). Only of
 * a host that is seen up by both, and that has told the same before: since then every other host was asked too. Where the
 * policy names the system, it outranks what was bound before: a mainboard is replaced.
 */
export function deviceToBind(
  before: HostReadiness | undefined,
  judged: readonly JudgedDevice[],
): JudgedDevice | undefined {
  return judged.find((device) => {
    const { reading, novaState, trouble, configured } = device;
    const { systemUuid, power } = reading;
    if (systemUuid === null || power !== 'on' || novaState !== 'up' || device.bound === null) return false;
    const named = configured === systemUuid && trouble === 'another-system';
    const told = before?.devices.find(({ address }) => address === device.address)?.systemUuid;
    return (trouble === null || named) && !isBound(device) && told === systemUuid;
  });
}

export interface NextReadiness {
  /** Undefined when nothing is to be written. */
  readonly next: HostReadiness | undefined;
  readonly facts: readonly ReadinessFact[];
}

/** What becomes of a host's readiness by what its devices have just said. */
export function nextReadiness(before: HostReadiness | undefined, asked: SurveyedHost, nowMs: number): NextReadiness {
  const { host, hostKey, segment, novaState, addresses, judged } = asked;
  const known = new Map(before?.devices.map((each) => [each.address, each]));
  const now = new Map(judged.map((each) => [each.address, each]));
  const devices = addresses.flatMap((address): readonly DeviceStanding[] => {
    const answer = now.get(address);
    const standing = known.get(address);
    if (answer !== undefined) return [standingOf(standing, answer, nowMs)];
    return standing === undefined ? [] : [standing];
  });
  const { state, because } = stateOf(devices);
  const outOfService = asked.outOfService ?? before?.outOfService ?? false;
  const changed = before?.state !== state;
  const next: HostReadiness = {
    host,
    hostKey,
    segment,
    outOfService,
    state,
    sinceMs: changed ? nowMs : before.sinceMs,
    because,
    devices,
    audit: before?.audit ?? FIRST,
  };
  if (!changed && isSame(before, next)) return { next: undefined, facts: [] };
  const from = before?.state ?? null;
  const fact = { type: 'readiness-changed', host, segment, from, to: state, because, novaState, devices } as const;
  return { next, facts: changed ? [fact] : [] };
}

/** No segment holds it any more: its devices are not asked. */
export function leftAlone(before: HostReadiness, because: string, nowMs: number): NextReadiness {
  const { host, segment, state: from } = before;
  if (from === 'not-asked') return { next: undefined, facts: [] };
  const to = 'not-asked';
  const fact = { type: 'readiness-changed', host, segment, from, to, because, novaState: null, devices: [] } as const;
  return { next: { ...before, state: to, sinceMs: nowMs, because, devices: [] }, facts: [fact] };
}

function standingOf(before: DeviceStanding | undefined, device: JudgedDevice, nowMs: number): DeviceStanding {
  const { level, address, verdict, trouble, because, reading } = device;
  const isGood = trouble === null;
  const told = isGood ? reading.systemUuid : (reading.systemUuid ?? before?.systemUuid ?? null);
  const now = {
    level,
    address,
    systemUuid: told,
    // What it was bound as says nothing of another system.
    bound: isGood ? isBound(device) : before?.bound === true && before.systemUuid === told,
    lastGoodMs: isGood ? nowMs : (before?.lastGoodMs ?? null),
    badSinceMs: isGood ? null : (before?.badSinceMs ?? nowMs),
    refusedAtMs: reading.refused === undefined ? null : nowMs,
    certificateExpiresAtMs: reading.certificate?.expiresAtMs ?? before?.certificateExpiresAtMs ?? null,
    ...accountOf(before, reading.account, nowMs),
  };
  const isFirst = !isGood && before !== undefined && before.trouble === null && before.doubt === null;
  if (!isFirst) return { ...now, verdict, trouble, because, doubt: null };
  return { ...now, verdict: before.verdict, trouble: null, because: before.because, doubt: because };
}

/** What was told once is believed while nothing else is. */
function accountOf(
  before: DeviceStanding | undefined,
  read: AccountReading | undefined,
  nowMs: number,
): Pick<DeviceStanding, 'account'> {
  if (read === undefined) return before?.account === undefined ? {} : { account: before.account };
  const { endsAtMs, trouble } = read.untold !== null && before?.account !== undefined ? before.account : read;
  return { account: { endsAtMs, trouble, askedAtMs: nowMs } };
}

function stateOf(devices: readonly DeviceStanding[]): Pick<HostReadiness, 'state' | 'because'> {
  const levels = [...Map.groupBy(devices, ({ level }) => level)];
  const faults = devices.flatMap(({ trouble, level, address, because }) =>
    trouble === null ? [] : [`level ${level}${address === '' ? '' : `, ${address}`}: ${because}`],
  );
  // The devices of a level switch the host off together.
  const good = levels.filter(([, all]) => all.every(({ trouble }) => trouble === null)).length;
  if (good === 0) return { state: 'not-ready', because: faults.join('; ') };
  if (good < levels.length) return { state: 'degraded', because: faults.join('; ') };
  return { state: 'ready', because: levels.length === 1 ? 'its device answers' : 'all of its devices answer' };
}

/** But for the moment at which a device was good, unless that is long ago. */
function isSame(before: HostReadiness, next: HostReadiness): boolean {
  const lapses = next.devices.some(({ lastGoodMs }, index) => {
    const then = before.devices[index]?.lastGoodMs ?? null;
    return lastGoodMs !== null && (then === null || lastGoodMs - then >= LEASE_MS);
  });
  return !lapses && JSON.stringify(bare(before)) === JSON.stringify(bare(next));
}

const bare = (readiness: HostReadiness): HostReadiness => ({
  ...readiness,
  devices: readiness.devices.map((each) => ({ ...each, lastGoodMs: null })),
});
