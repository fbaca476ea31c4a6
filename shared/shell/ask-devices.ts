import type { DeviceReading } from '#shared/domain/device-survey.ts';
import type { FenceDeviceConfig } from '#shared/domain/policy-devices.ts';
import { RetryableError } from '#shared/errors.ts';
import type { AccountReading, FenceDevice } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { openDevice } from './device.ts';

export interface Pace {
  /** Devices that are asked at the same time. */
  readonly atOnce: number;
  /** From then on none is asked any more, in Unix ms; default: all are. */
  readonly untilMs?: number;
  /** Those that are asked for salvor's account too, if there is time; default: none. */
  readonly accounts?: ReadonlySet<unknown>;
}

/** Reads the power by each device, which changes nothing. Whose turn did not come, or who is being asked still, is missing. */
export async function askDevices<T extends { readonly config: FenceDeviceConfig }>(
  services: Pick<Services, 'fencing' | 'clock'>,
  devices: readonly T[],
  { atOnce, untilMs = Number.POSITIVE_INFINITY, accounts }: Pace,
): Promise<ReadonlyMap<T, DeviceReading>> {
  const readings = new Map<T, DeviceReading>();
  const left = devices.values();
  async function askOn(): Promise<void> {
    // All of them take from one iterator.
    for (const device of left) {
      if (services.clock.now() >= untilMs) return;
      const isInTime = () => accounts?.has(device) === true && services.clock.now() < untilMs;
      const reading = await read(services, device.config, isInTime);
      if (reading !== undefined) readings.set(device, reading);
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, devices.length) }, askOn));
  return readings;
}

/** What goes wrong with one device is of that one: all others are asked. */
async function read(
  services: Pick<Services, 'fencing'>,
  config: FenceDeviceConfig,
  withAccount: () => boolean,
): Promise<DeviceReading | undefined> {
  const unknown = (detail: string) => ({ power: 'unknown', systemUuid: null, detail }) as const;
  try {
    const device = await openDevice(services, config);
    if (typeof device === 'string') return { ...unknown(device), trouble: 'not-configured' };
    const { durationMs: _, askedAtMs: __, pending, ...reading } = await device.readPower();
    if (pending === true) return undefined;
    if (reading.power === 'unknown' || !withAccount()) return reading;
    return { ...reading, account: await accountOf(device) };
  } catch (error) {
    if (error instanceof RetryableError) return unknown(error.message);
    return unknown(`asking it failed: ${error instanceof Error ? error.name : 'unknown'}`);
  }
}

/** Nothing of it may spoil what was read of the power. */
async function accountOf(device: FenceDevice): Promise<AccountReading> {
  const untold = (why: string) => ({ endsAtMs: null, trouble: null, untold: why });
  try {
    return (await device.readAccount?.()) ?? untold('its driver can not tell');
  } catch (error) {
    return untold(`asking it failed: ${error instanceof Error ? error.name : 'unknown'}`);
  }
}
