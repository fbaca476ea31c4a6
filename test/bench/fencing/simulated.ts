import { startSimulatedCloud } from '#sim/cloud.ts';
import { deviceOf, type Peer, proven } from './peer.ts';

const HOST = 'compute-1';
const common = { credentials: 'power', timeoutSeconds: 10 } as const;

/** What no program of others stands for here: Metal3's hosts in Kubernetes, and a signed webhook. */
export async function simulatedPeer(): Promise<Peer> {
  const sim = await startSimulatedCloud({ hosts: 2 });
  const { metal3, webhook } = sim.power;
  const { url, namespace, token } = metal3;
  const byMetal3 = await deviceOf({ driver: 'metal3', url, namespace, bareMetalHost: HOST, ...common }, { token });
  const byWebhook = await deviceOf(
    { driver: 'webhook', url: webhook.url, host: HOST, switches: 'system', ...common },
    { key: webhook.key },
  );
  return {
    givePower: () => {
      sim.powerOn(HOST);
      Object.assign(metal3.bareMetalHost(HOST), { online: true, poweredOn: true });
    },
    close: () => sim.stop(),
    ways: { 'salvor, Metal3': () => proven(byMetal3), 'salvor, webhook': () => proven(byWebhook) },
  };
}
