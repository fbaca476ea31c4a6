import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FenceDevice } from '#shared/ports.ts';

/** A host with a fence device, and what a test does to both by other ways. */
export interface FencingContractHost {
  /** The device, as its driver is configured in a policy; `changes` make it wrong. */
  device(changes?: {
    readonly password?: string;
    readonly systemUuid?: string;
    readonly address?: 'nobody';
  }): Promise<FenceDevice>;
  /** Of the system that the device belongs to; null for a kind of device that knows none. */
  readonly systemUuid: string | null;
  /** Whether it tells a wrong password from a device that is not there; `unknown` is all it can say otherwise. */
  readonly tellsPassword?: boolean;
  /** A reading with a wrong password says that it is the account. */
  readonly tellsRefusal?: boolean;
  /** Whether the host really has power, past the device. */
  hasPower(): Promise<boolean>;
  givePower(): Promise<void>;
  /** `stuck`: it says yes and does nothing. `error`: it fails at everything. `hang`: it does not answer. */
  spoil(fault: FencingFault | undefined): Promise<void>;
  /** Those that can be had here. */
  readonly faults: readonly FencingFault[];
  close(): Promise<void>;
}

export type FencingFault = 'stuck' | 'error' | 'hang';

const TIMEOUT_MS = 5 * 60_000;
const PATIENCE = { timeout: 60_000, interval: 50 };
const OTHER_SYSTEM = '00000000-0000-4000-8000-000000000000';
const WRONG_PASSWORD = 'not-the-password';

/**
 * What every driver of the port `Fencing` does. The device must have done what it accepted soon after its answer, and may
 * not come to it later: a power-off of one test would strike the next.
 */
export function defineFencingContract(name: string, make: () => Promise<FencingContractHost>): void {
  describe(`Fencing contract: ${name}`, { timeout: TIMEOUT_MS }, () => {
    let host: FencingContractHost;
    beforeAll(async () => {
      host = await make();
    }, TIMEOUT_MS);
    afterAll(() => host?.close(), TIMEOUT_MS);
    const givePower = async () => {
      await host.spoil(undefined);
      await host.givePower();
      const device = await host.device();
      await expect.poll(async () => (await device.readPower()).power, PATIENCE).toBe('on');
    };

    it('reads the power and the system', async () => {
      await givePower();
      const { certificate, ...reading } = await (await host.device()).readPower();
      expect(reading).toEqual({
        power: 'on',
        systemUuid: host.systemUuid,
        detail: expect.any(String),
        durationMs: expect.any(Number),
      });
      expect(certificate?.expiresAtMs ?? Number.POSITIVE_INFINITY).toBeGreaterThan(Date.now());
    });

    it('powers off, and reads it back; again is fine', async () => {
      await givePower();
      const device = await host.device();
      expect(await device.powerOff(null)).toEqual({
        kind: 'accepted',
        detail: expect.any(String),
        durationMs: expect.any(Number),
      });
      await expect.poll(async () => (await device.readPower()).power, PATIENCE).toBe('off');
      expect(await host.hasPower()).toBe(false);
      expect(await device.powerOff(null)).toMatchObject({ kind: 'accepted' });
      expect((await device.readPower()).power).toBe('off');
    });

    it('powers on, and reads it back; again is fine', async () => {
      await givePower();
      const device = await host.device();
      expect(await device.powerOff(null)).toMatchObject({ kind: 'accepted' });
      await expect.poll(async () => (await device.readPower()).power, PATIENCE).toBe('off');
      expect(await device.powerOn(host.systemUuid)).toEqual({
        kind: 'accepted',
        detail: expect.any(String),
        durationMs: expect.any(Number),
      });
      await expect.poll(async () => (await device.readPower()).power, PATIENCE).toBe('on');
      expect(await host.hasPower()).toBe(true);
      expect(await device.powerOn(null)).toMatchObject({ kind: 'accepted' });
      expect((await device.readPower()).power).toBe('on');
    });

    it('does not power on another system than its own, nor against an objection', async () => {
      await givePower();
      const device = await host.device();
      expect(await device.powerOff(null)).toMatchObject({ kind: 'accepted' });
      await expect.poll(async () => (await device.readPower()).power, PATIENCE).toBe('off');
      const others = await host.device({ systemUuid: OTHER_SYSTEM });
      const refused = { kind: 'refused', detail: expect.stringContaining(OTHER_SYSTEM) };
      expect(await others.powerOn(null)).toMatchObject(refused);
      expect(await device.powerOn(OTHER_SYSTEM)).toMatchObject(refused);
      expect(await device.powerOn(null, async () => 'the switch is off')).toMatchObject({
        kind: 'refused',
        detail: 'nothing was sent: the switch is off',
      });
      expect(await host.hasPower()).toBe(false);
    });

    it('does nothing with wrong credentials, and does not tell them', async () => {
      await givePower();
      const device = await host.device({ password: WRONG_PASSWORD });
      const answers = [await device.readPower(), await device.powerOff(null)];
      const kind = host.tellsPassword === false ? 'unknown' : 'refused';
      expect(answers).toMatchObject([{ power: 'unknown' }, { kind }]);
      if (host.tellsRefusal === true) expect(answers[0]).toMatchObject({ refused: 'credentials' });
      expect(JSON.stringify(answers)).not.toContain(WRONG_PASSWORD);
      expect(await host.hasPower()).toBe(true);
    });

    it('does not power off another system than its own', async () => {
      await givePower();
      const device = await host.device({ systemUuid: OTHER_SYSTEM });
      expect(await device.powerOff(null)).toMatchObject({
        kind: 'refused',
        detail: expect.stringContaining(OTHER_SYSTEM),
      });
      expect(await host.hasPower()).toBe(true);
    });

    it('does not power off a system that is not the one whose power was read', async () => {
      await givePower();
      const device = await host.device();
      expect(await device.powerOff(OTHER_SYSTEM)).toMatchObject({
        kind: 'refused',
        detail: expect.stringContaining(OTHER_SYSTEM),
      });
      expect(await host.hasPower()).toBe(true);
      const { systemUuid } = await device.readPower();
      expect(await device.powerOff(systemUuid)).toMatchObject({ kind: 'accepted' });
    });

    it('does not power off when somebody objects at the last moment', async () => {
      await givePower();
      const device = await host.device();
      expect(await device.powerOff(null, async () => 'the switch is off')).toMatchObject({
        kind: 'refused',
        detail: 'nothing was sent: the switch is off',
      });
      expect(await host.hasPower()).toBe(true);
      expect(await device.powerOff(null, async () => undefined)).toMatchObject({ kind: 'accepted' });
    });

    it('knows nothing of a device that cannot be reached', async () => {
      const device = await host.device({ address: 'nobody' });
      expect(await device.readPower()).toMatchObject({ power: 'unknown', systemUuid: null });
      expect(await device.powerOff(null)).toMatchObject({ kind: 'unknown' });
    });

    it('reads on from a device that says yes and does nothing', async (context) => {
      if (!host.faults.includes('stuck')) context.skip('no such fault here');
      await givePower();
      await host.spoil('stuck');
      const device = await host.device();
      expect(await device.powerOff(null)).toMatchObject({ kind: 'accepted' });
      expect((await device.readPower()).power).toBe('on');
      expect(await host.hasPower()).toBe(true);
    });

    it.for(['error', 'hang'] as const)('knows nothing of a device with fault %s', async (fault, context) => {
      if (!host.faults.includes(fault)) context.skip('no such fault here');
      await givePower();
      await host.spoil(fault);
      const device = await host.device();
      expect(await device.powerOff(null)).toMatchObject({ kind: 'unknown' });
      expect(await host.hasPower()).toBe(true);
    });
  });
}
