import type { AccountReading, ComputeService, PowerReading } from '#shared/ports.ts';
import { bindingFault, type KnownDevice } from './device-binding.ts';
import type { FenceDeviceConfig } from './policy-devices.ts';
import type { WatchdogLease } from './watchdog.ts';

/** What a fence device said when it was asked before anything is wrong. */
export interface SurveyedDevice {
  readonly host: string;
  readonly hostKey: string;
  /** Of the host's topology, from 1. */
  readonly level: number;
  /** As `addressOf` has it; empty where the policy names no device. */
  readonly address: string;
  /** Null where the policy names no device, and of a watchdog. */
  readonly driver: FenceDeviceConfig['driver'] | null;
  /** Null while Nova can't be asked. */
  readonly novaState: ComputeService['state'] | null;
  readonly reading: DeviceReading;
  /** The system that the policy names for the host. */
  readonly configured: string | undefined;
  /** What it and its host are bound to; null where nobody has looked. */
  readonly bound: Pick<KnownDevice, 'boundTo' | 'boundSystem'> | null;
}

/** `power` is `unknown` too where nothing could be asked: `trouble` and `detail` say why. */
export interface DeviceReading
  extends Pick<PowerReading, 'power' | 'systemUuid' | 'detail' | 'refused' | 'certificate'> {
  readonly trouble?: 'no-device' | 'not-configured' | 'no-lease';
  /** Where it was read: not each time. */
  readonly account?: AccountReading;
  /** Of a watchdog, in words: its lease is young. */
  readonly lease?: string;
}

/** Why a device would not fence its host. */
export type DeviceTrouble =
  /** The policy names none. */
  | 'no-device'
  /** Its secret or its CA is missing: nothing was asked. */
  | 'not-configured'
  | 'credentials-refused'
  | 'no-answer'
  /** It is not the system that the policy names, or that its host is bound to. */
  | 'another-system'
  /** One system answers for several hosts. */
  | 'shared-system'
  /** It reads off, and Nova sees its host up. */
  | 'contradicts-nova'
  /** The policy counts on the host's watchdog, which has no lease now, or is not armed. */
  | 'no-lease';

export interface JudgedDevice extends SurveyedDevice {
  /** `wrong`: it would not fence its host, or another one. `unproven`: nothing tells whose it is. */
  readonly verdict: 'good' | 'unproven' | 'wrong';
  /** Null unless it is wrong. */
  readonly trouble: DeviceTrouble | null;
  readonly because: string;
}

/** Hosts by the system that their devices tell. */
export type HostsOfSystems = ReadonlyMap<string, readonly string[]>;

/**
 * What can be told of each device from outside, before it is needed (S2). Two addresses that are swapped look good.
 * @param toldBefore by hosts that are not asked now
 */
export function judgeDevices(
  devices: readonly SurveyedDevice[],
  toldBefore: HostsOfSystems = new Map(),
): readonly JudgedDevice[] {
  const told = Map.groupBy(devices, ({ reading }) => reading.systemUuid);
  const hostsOf = (systemUuid: string): readonly string[] => [
    ...new Set([...(toldBefore.get(systemUuid) ?? []), ...(told.get(systemUuid) ?? []).map(({ host }) => host)]),
  ];
  return devices.map((device) => {
    const { systemUuid } = device.reading;
    const others = systemUuid === null ? [] : hostsOf(systemUuid).filter((host) => host !== device.host);
    return { ...device, ...judge(device, others) };
  });
}

type Judgement = Pick<JudgedDevice, 'verdict' | 'trouble' | 'because'>;
const wrong = (trouble: DeviceTrouble, because: string): Judgement => ({ verdict: 'wrong', trouble, because });
const unproven = (because: string): Judgement => ({ verdict: 'unproven', trouble: null, because });
const good = (because: string): Judgement => ({ verdict: 'good', trouble: null, because });

function judge(device: SurveyedDevice, others: readonly string[]): Judgement {
  const { reading, configured, novaState, bound, hostKey, driver } = device;
  const { power, systemUuid, detail, refused, trouble, lease } = reading;
  if (trouble !== undefined) return wrong(trouble, detail);
  if (lease !== undefined) return good(lease);
  if (refused === 'credentials') return wrong('credentials-refused', `refuses the credentials: ${detail}`);
  if (power === 'unknown') return wrong('no-answer', `does not tell the power: ${detail}`);
  if (configured !== undefined && configured !== systemUuid)
    return wrong('another-system', `the policy names system ${configured}, and it tells ${systemUuid ?? 'none'}`);
  if (others.length > 0) return wrong('shared-system', `the same system answers for ${others.join(', ')}`);
  const fault =
    bound === null || driver === null ? null : bindingFault({ systemUuid, driver }, { ...bound, configured }, hostKey);
  if (fault !== null) return wrong('another-system', fault);
  if (power === 'off' && novaState === 'up')
    return wrong('contradicts-nova', 'reads off, and Nova sees the host up: it is not its own');
  if (systemUuid === null) return unproven('tells no system UUID: nothing would bind it to its host');
  if (configured !== undefined) return good('is the system that the policy names');
  if (isBound(device)) return good('is the system that the host is bound to');
  return unproven('the policy names no systemUuid: whoever answers first, and be it to be fenced, is believed');
}

/** The system is the host's, and the host is the system's. */
export const isBound = ({ hostKey, bound, reading }: SurveyedDevice): boolean =>
  bound !== null &&
  reading.systemUuid !== null &&
  bound.boundTo === hostKey &&
  bound.boundSystem === reading.systemUuid;

/** The same once its system and its host were bound to each other. */
export function asBound(device: JudgedDevice): JudgedDevice {
  const bound = { boundTo: device.hostKey, boundSystem: device.reading.systemUuid };
  return { ...device, bound, ...judge({ ...device, bound }, []) };
}

/** What stands for a host's watchdog among its devices. */
export const WATCHDOG = 'watchdog';

/** The watchdog as the last level of a host: its lease must be so young that it is fed now. */
export function watchdogDevice(
  of: Pick<SurveyedDevice, 'host' | 'hostKey' | 'novaState' | 'level'>,
  lease: WatchdogLease | undefined,
  nowMs: number,
): SurveyedDevice {
  const unread = { power: 'unknown', systemUuid: null } as const;
  const reading = (detail: string): DeviceReading => ({ ...unread, detail, trouble: 'no-lease' });
  const device = { ...of, address: WATCHDOG, driver: null, configured: undefined, bound: null };
  if (lease === undefined) return { ...device, reading: reading('its watchdog has never had a lease') };
  const since = new Date(lease.grantedAtMs).toISOString();
  if (!lease.armed) return { ...device, reading: reading(`its watchdog is not armed, since ${since}`) };
  if (nowMs > lease.grantedAtMs + lease.timeoutSeconds * 1000)
    return { ...device, reading: reading(`its watchdog had its last lease at ${since}`) };
  const said = `its watchdog (${lease.identity}) is fed with leases`;
  return { ...device, reading: { ...unread, detail: said, lease: said } };
}

/** Stands for the device of a host for which the policy names none. */
export const noDevice = (of: Pick<SurveyedDevice, 'host' | 'hostKey' | 'novaState'>): SurveyedDevice => ({
  ...of,
  level: 1,
  address: '',
  driver: null,
  reading: {
    power: 'unknown',
    systemUuid: null,
    detail: 'the policy names no fence device for the host',
    trouble: 'no-device',
  },
  configured: undefined,
  bound: null,
});
