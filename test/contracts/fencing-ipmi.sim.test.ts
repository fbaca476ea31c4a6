import { fencing } from '#shared/adapters/fencing/registry.ts';
import { startSimulatedCloud } from '#sim/cloud.ts';
import { defineFencingContract, type FencingContractHost } from './fencing.ts';

async function host(cipherSuite: 3 | 17): Promise<FencingContractHost> {
  const name = 'compute-1';
  const sim = await startSimulatedCloud({ hosts: 2 });
  const bmc = await sim.ipmiAddress(name);
  return {
    device: ({ password, systemUuid, address } = {}) => {
      const secrets = { get: async () => ({ ...sim.bmcCredentials, ...(password === undefined ? {} : { password }) }) };
      return fencing({ secrets, version: '0' }).device({
        driver: 'ipmi',
        address: address === 'nobody' ? '127.0.0.1:9' : bmc,
        credentials: 'bmc',
        cipherSuite,
        privilege: 'operator',
        guidEncoding: 'smbios',
        timeoutSeconds: 0.5,
        ...(systemUuid === undefined ? {} : { systemUuid }),
      });
    },
    systemUuid: sim.host(name).systemUuid,
    hasPower: async () => sim.host(name).power === 'on',
    givePower: async () => sim.powerOn(name),
    spoil: async (fault) => {
      for (const kind of ['bmc-stuck', 'bmc-error', 'bmc-dead'] as const) sim.faults.clear(kind);
      if (fault === 'stuck') sim.faults.set({ kind: 'bmc-stuck', host: name });
      if (fault === 'error') sim.faults.set({ kind: 'bmc-error', host: name });
      if (fault === 'hang') sim.faults.set({ kind: 'bmc-dead', host: name });
    },
    faults: ['stuck', 'error', 'hang'],
    close: () => sim.stop(),
  };
}

defineFencingContract('IPMI on the simulated cloud, cipher suite 17', () => host(17));
defineFencingContract('IPMI on the simulated cloud, cipher suite 3', () => host(3));
