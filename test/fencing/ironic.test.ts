/** The Ironic driver on a real Ironic, whose node's BMC is sushy-tools' emulator. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fencing } from '#shared/adapters/fencing/registry.ts';
import { describeWith, missingPrograms } from '../agents/program.ts';
import { defineFencingContract } from '../contracts/fencing.ts';
import { startIronic } from './ironic-peer.ts';
import { ACCOUNT, missingPeers, SYSTEMS, startEmulator } from './peers.ts';

const [UUID] = SYSTEMS;
const NODE = 'compute-1';

const deviceAt = (url: string, changes: object = {}, password: string = ACCOUNT.password) =>
  fencing({ secrets: { get: async () => ({ ...ACCOUNT, password }) }, version: '0' }).device({
    driver: 'ironic',
    node: NODE,
    url,
    credentials: 'ironic',
    timeoutSeconds: 5,
    ...changes,
  });

async function start() {
  const emulator = await startEmulator();
  const ironic = await startIronic(emulator, UUID, NODE);
  const close = async () => {
    await ironic.close();
    await emulator.close();
  };
  return { emulator, ironic, close };
}

describeWith('a real Ironic', missingPeers() ?? missingPrograms('curl'), () => {
  defineFencingContract('by its own accounts', async () => {
    const { emulator, ironic, close } = await start();
    await ironic.manage();
    return {
      device: ({ password, systemUuid, address } = {}) =>
        deviceAt(
          address === 'nobody' ? 'http://127.0.0.1:9' : ironic.url,
          systemUuid === undefined ? {} : { systemUuid },
          password,
        ),
      systemUuid: ironic.nodeUuid,
      hasPower: async () => (await emulator.power(UUID)) === 'on',
      givePower: ironic.switchOn,
      spoil: async (fault) => ironic.standStill(fault === 'hang'),
      faults: ['hang'],
      close,
    };
  });

  describe('whose node', () => {
    let peers: Awaited<ReturnType<typeof start>>;
    beforeAll(async () => {
      peers = await start();
    });
    afterAll(() => peers?.close());
    const read = async () => (await deviceAt(peers.ironic.url)).readPower();
    const powerOff = async () => (await deviceAt(peers.ironic.url)).powerOff(null);
    const within = { timeout: 60_000, interval: 500 };

    it('is only enrolled is looked after by nobody: nothing is known or done', async () => {
      const detail = expect.stringContaining('its provision state is enroll');
      expect(await read()).toMatchObject({ power: 'unknown', detail });
      expect(await powerOff()).toMatchObject({ kind: 'refused', detail });
      await peers.ironic.manage();
      await peers.ironic.switchOn();
      expect(await read()).toMatchObject({ power: 'on', detail: 'power_state power on' });
    });

    it('is switched on past Ironic is found by its sync, which takes the power away again', async () => {
      await expect.poll(powerOff, within).toMatchObject({ kind: 'accepted' });
      await expect.poll(read, within).toMatchObject({ power: 'off' });
      await peers.emulator.setPower(UUID, 'On');
      await expect.poll(() => peers.emulator.power(UUID), within).toBe('off');
      await expect.poll(read, within).toMatchObject({ power: 'off' });
    });

    // Ironic itself tries for half a minute and longer before it gives up on a BMC.
    const MINUTES = 4 * 60_000;
    const atLast = { timeout: MINUTES, interval: 500 };

    it('has a BMC that is away: a power-off fails, and the record is not believed before one has ended well', {
      timeout: 2 * MINUTES,
    }, async () => {
      await peers.emulator.stop();
      await powerOff();
      await expect.poll(read, atLast).toMatchObject({
        power: 'on',
        detail: expect.stringMatching(/not believed before a power-off ends well: Failed to change power state/),
      });
      await peers.emulator.start();
      await expect.poll(powerOff, atLast).toMatchObject({ kind: 'accepted' });
      await expect.poll(read, atLast).toMatchObject({ power: 'off' });
    });

    it('has a BMC that stays away: it is put into maintenance, and then nothing is known or done', {
      timeout: 2 * MINUTES,
    }, async () => {
      await peers.emulator.stop();
      const detail = expect.stringContaining('it is in maintenance');
      await expect.poll(read, atLast).toMatchObject({ power: 'unknown', detail });
      expect(await powerOff()).toMatchObject({ kind: 'refused', detail });
    });
  });
});
