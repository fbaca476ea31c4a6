import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fencing } from '#shared/adapters/fencing/registry.ts';
import type { FenceDevice, FenceDeviceConfig } from '#shared/ports.ts';
import { until } from '../../openstack/poll.ts';

/** A board, or what stands before one, and the ways in which its host is fenced there. */
export interface Peer {
  /** Called before each fencing, and not timed. */
  givePower(): Promise<void> | void;
  close(): Promise<void>;
  /** By the name in the table; done when the device has said off. */
  readonly ways: Readonly<Record<string, () => Promise<void>>>;
}

export const program = promisify(execFile);

/** The way, where its program is installed. */
export async function ifInstalled(name: string, way: () => Promise<void>): Promise<Peer['ways']> {
  const found = await program('sh', ['-c', `command -v ${name}`]).then(
    () => true,
    () => false,
  );
  return found ? { [name]: way } : {};
}

/** As salvor does it: the power is read, then asked to go off once, then read until it is. */
export async function proven(device: FenceDevice): Promise<void> {
  const { systemUuid } = await device.readPower();
  const answer = await device.powerOff(systemUuid);
  if (answer.kind !== 'accepted') throw new Error(answer.detail);
  await until('a reading of off', async () => ((await device.readPower()).power === 'off' ? true : undefined), {
    intervalMs: 20,
  });
}

export const deviceOf = (config: FenceDeviceConfig, secret: Readonly<Record<string, string>>): Promise<FenceDevice> =>
  fencing({ secrets: { get: async () => secret }, version: '0' }).device(config);
