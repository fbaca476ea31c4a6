import { startIronic } from '../../fencing/ironic-peer.ts';
import { ACCOUNT, missingPeers, SYSTEMS, startEmulator } from '../../fencing/peers.ts';
import { deviceOf, ifInstalled, type Peer, program, proven } from './peer.ts';

const [SYSTEM, OTHER] = SYSTEMS;

/**
 * sushy-tools' emulator: over TLS by salvor's Redfish driver and by fence_redfish, and a second one behind a real Ironic by
 * salvor's driver for that. None where test/fencing/install.sh has not put them.
 */
export async function sushyPeers(): Promise<readonly Peer[]> {
  return missingPeers() === undefined ? [await redfishPeer(), await ironicPeer()] : [];
}

async function redfishPeer(): Promise<Peer> {
  const emulator = await startEmulator({ tls: true });
  const url = new URL(`${emulator.url}/redfish/v1/Systems/${SYSTEM}`);
  const certificateSha256 = emulator.tls?.sha256;
  const device = await deviceOf(
    { driver: 'redfish', url: url.href, credentials: 'bmc', timeoutSeconds: 10, certificateSha256 },
    ACCOUNT,
  );
  const at = ['--ip', url.hostname, '--ipport', url.port, '--systems-uri', url.pathname, '--ssl-insecure'];
  const login = ['--username', ACCOUNT.username, '--password', ACCOUNT.password];
  return {
    givePower: () => emulator.setPower(SYSTEM, 'On'),
    close: emulator.close,
    ways: {
      'salvor, Redfish': () => proven(device),
      ...(await ifInstalled('fence_redfish', async () => {
        await program('fence_redfish', [...at, ...login, '--action', 'off']);
      })),
    },
  };
}

async function ironicPeer(): Promise<Peer> {
  const emulator = await startEmulator();
  const ironic = await startIronic(emulator, OTHER, 'compute-2');
  await ironic.manage();
  const device = await deviceOf(
    { driver: 'ironic', node: 'compute-2', url: ironic.url, credentials: 'ironic', timeoutSeconds: 10 },
    ACCOUNT,
  );
  return {
    givePower: ironic.switchOn,
    close: async () => {
      await ironic.close();
      await emulator.close();
    },
    ways: { 'salvor, Ironic': () => proven(device) },
  };
}
