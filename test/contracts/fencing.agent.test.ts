import { aConfig, fakeAgents, PASSWORD, secretsOf } from '../infra/fence-worker/support.ts';
import { type AgentConfig, startWholeWay } from '../infra/fence-worker/whole-way.ts';
import { defineFencingContract, type FencingContractHost } from './fencing.ts';

const [ADDRESS, PLUG] = ['192.0.2.1', 'compute-1'];
const DEVICE: AgentConfig = {
  driver: 'agent',
  agent: 'fence_fake',
  worker: 'rack-a',
  parameters: { ip: ADDRESS, plug: PLUG },
  switches: 'system',
  credentials: 'bmc',
  timeoutSeconds: 3,
};

async function host(): Promise<FencingContractHost> {
  const agents = fakeAgents();
  agents.addOutlet(ADDRESS, PLUG);
  const secrets = secretsOf({
    bmc: { username: 'admin', password: PASSWORD },
    wrong: { username: 'admin', password: 'not-the-password' },
  });
  const { fencing, stop } = await startWholeWay(DEVICE, { agentsFolder: agents.folder, config: aConfig(), secrets });
  return {
    device: ({ password, systemUuid, address } = {}) =>
      fencing.device({
        ...DEVICE,
        ...(password === undefined ? {} : { credentials: 'wrong' }),
        ...(systemUuid === undefined ? {} : { systemUuid }),
        ...(address === undefined ? {} : { parameters: { ip: '192.0.2.99', plug: PLUG } }),
      }),
    systemUuid: null,
    tellsPassword: false,
    hasPower: async () => agents.powerOf(ADDRESS, PLUG) === 'on',
    givePower: async () => agents.setPower(ADDRESS, PLUG, 'on'),
    spoil: async (fault) => agents.setFault(fault),
    faults: ['stuck', 'error', 'hang'],
    close: async () => {
      await stop();
      agents.remove();
    },
  };
}

defineFencingContract('a fence agent behind a worker, over the embedded runtime', host);
