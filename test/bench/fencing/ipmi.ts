import { ipmitool, PASSWORD, startIpmiSim, USERNAME } from '../../agents/ipmi-sim.ts';
import { startWholeWay } from '../../infra/fence-worker/whole-way.ts';
import { until } from '../../openstack/poll.ts';
import { deviceOf, ifInstalled, type Peer, program, proven } from './peer.ts';

const secret = { username: USERNAME, password: PASSWORD };

/** OpenIPMI's ipmi_sim, by salvor's driver, by ipmitool, by fence_ipmilan, and by the same behind a fence worker. */
export async function ipmiPeer(): Promise<Peer> {
  const sim = await startIpmiSim();
  const port = String(sim.port);
  const device = await deviceOf(
    {
      driver: 'ipmi',
      address: `127.0.0.1:${port}`,
      credentials: 'bmc',
      timeoutSeconds: 10,
      cipherSuite: 3,
      privilege: 'administrator',
      guidEncoding: 'smbios',
    },
    secret,
  );
  const at = ['--lanplus', '--cipher', '3', '--ip', '127.0.0.1', '--ipport', port];
  const login = ['--username', USERNAME, '--password', PASSWORD];
  const worker = await workerAt(port);
  return {
    givePower: () => sim.setPower('on'),
    close: async () => {
      await worker?.stop();
      await sim.close();
    },
    ways: {
      'salvor, IPMI': () => proven(device),
      ipmitool: async () => {
        await ipmitool(sim.port, 3, 'chassis', 'power', 'off');
        await until('ipmitool to say off', async () =>
          (await ipmitool(sim.port, 3, 'chassis', 'power', 'status')).includes('is off') ? true : undefined,
        );
      },
      ...(await ifInstalled('fence_ipmilan', async () => {
        await program('fence_ipmilan', [...at, ...login, '--action', 'off']);
      })),
      ...(worker && { 'salvor, fence_ipmilan behind a fence worker': worker.fence }),
    },
  };
}

/** From the state by the queues to the worker and back, as `salvor fence-worker` runs; undefined without the agent. */
async function workerAt(port: string) {
  if (Object.keys(await ifInstalled('fence_ipmilan', async () => undefined)).length === 0) return undefined;
  const config = {
    driver: 'agent',
    agent: 'fence_ipmilan',
    worker: 'rack-a',
    parameters: { ip: '127.0.0.1', ipport: port, lanplus: '1', cipher: '3' },
    switches: 'system',
    credentials: 'bmc',
    timeoutSeconds: 15,
  } as const;
  const { fencing, stop } = await startWholeWay(config, {
    agentsFolder: '/usr/sbin',
    config: {
      agents: { fence_ipmilan: { parameters: {} } },
      networks: [{ name: 'lab', addresses: ['127.0.0.0/8'], concurrency: 2 }],
      concurrency: 2,
      restarts: [],
    },
    secrets: { get: async () => secret },
  });
  const device = await fencing.device(config);
  return { stop, fence: () => proven(device) };
}
