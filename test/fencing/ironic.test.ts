/** The Ironic driver on a real Ironic, whose node's BMC is sushy-tools' emulator. */
import { fencing } from '#shared/adapters/fencing/registry.ts';
import { describeWith, missingPrograms } from '../agents/program.ts';
import { defineFencingContract } from '../contracts/fencing.ts';
import { until } from '../openstack/poll.ts';
import { ACCOUNT, missingPeers, SYSTEMS, startEmulator, startIronic } from './peers.ts';

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
    return {
      device: ({ password, systemUuid, address } = {}) =>
        deviceAt(
          address === 'nobody' ? 'http://127.0.0.1:9' : ironic.url,
          systemUuid === undefined ? {} : { systemUuid },
          password,
        ),
      systemUuid: ironic.nodeUuid,
      hasPower: async () => (await emulator.power(UUID)) === 'on',
      givePower: async () => {
        const device = await deviceAt(ironic.url);
        // By Ironic itself, or its sync would take the power away again.
        if ((await device.readPower()).power !== 'on') await setPower(ironic.url, 'power on');
      },
      spoil: async (fault) => {
        // Ironic is there, and the BMC behind it is not. One that stands still may do what it was asked for when it goes on.
        await (fault === 'error' ? emulator.stop() : emulator.start());
      },
      faults: [],
      close,
    };
  });
});

async function setPower(url: string, target: string): Promise<void> {
  const { username, password } = ACCOUNT;
  const asked = async (): Promise<true | undefined> => {
    const answered = await fetch(`${url}/v1/nodes/${NODE}/states/power`, {
      method: 'PUT',
      headers: {
        authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
        'content-type': 'application/json',
        'x-openstack-ironic-api-version': '1.49',
      },
      body: JSON.stringify({ target }),
    });
    // 409 while the node is locked by its sync.
    return answered.status === 202 ? true : undefined;
  };
  await until('Ironic to take the change of power', asked, { timeoutMs: 30_000, intervalMs: 500 });
}
