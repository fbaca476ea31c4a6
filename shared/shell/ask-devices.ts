import type { DeviceReading } from '#shared/domain/device-survey.ts';
import type { FenceDeviceConfig } from '#shared/domain/policy-devices.ts';
import { RetryableError } from '#shared/errors.ts';
import type { Services } from '#shared/services.ts';
import { openDevice } from './device.ts';

export interface Pace {
  /** Devices that are asked at the same time. */
  readonly atOnce: number;
  /** From then on none is asked any more, in Unix ms; default: all are. */
  readonly untilMs?: number;
}

/** Reads the power by each device, which changes nothing. Whose turn did not come, or who is being asked still, is missing. */
export async function askDevices<T extends { readonly config: FenceDeviceConfig }>(
  services: Pick<Services, 'fencing' | 'clock'>,
  devices: readonly T[],
  { atOnce, untilMs = Number.POSITIVE_INFINITY }: Pace,
): Promise<ReadonlyMap<T, DeviceReading>> {
  const readings = new Map<T, DeviceReading>();
  const left = devices.values();
  async function askOn(): Promise<void> {
    // All of them take from one iterator.
    for (const device of left) {
      if (services.clock.now() >= untilMs) return;
      const reading = await read(services, device.config);
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
): Promise<DeviceReading | undefined> {
  const unknown = (detail: string) => ({ power: 'unknown', systemUuid: null, detail }) as const;
  try {
    const device = await openDevice(services, config);
    if (typeof device === 'string') return { ...unknown(device), trouble: 'not-configured' };
    const { durationMs: _, askedAtMs: __, pending, ...reading } = await device.readPower();
    return pending === true ? undefined : reading;
  } catch (error) {
    if (error instanceof RetryableError) return unknown(error.message);
    return unknown(`asking it failed: ${error instanceof Error ? error.name : 'unknown'}`);
  }
}
