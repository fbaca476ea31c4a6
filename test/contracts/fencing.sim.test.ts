import { fencing } from '#shared/adapters/fencing/registry.ts';
import { startSimulatedCloud } from '#sim/cloud.ts';
import { deadUrl } from '../adapters/server.ts';
import { defineFencingContract, type FencingContractHost } from './fencing.ts';

/** @param path of the system below the device's address */
async function host(path: 'system' | 'root'): Promise<FencingContractHost> {
  const name = 'compute-1';
  const sim = await startSimulatedCloud({ hosts: 2 });
  const nobody = await deadUrl();
  return {
    device: ({ password, systemUuid, address } = {}) => {
      const secrets = { get: async () => ({ ...sim.bmcCredentials, ...(password === undefined ? {} : { password }) }) };
      const base = address === 'nobody' ? nobody : sim.bmcUrl(name);
      return fencing({ secrets, version: '0' }).device({
        driver: 'redfish',
        url: path === 'root' ? base : `${base}${sim.bmcSystemPath(name)}`,
        credentials: 'bmc',
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

defineFencingContract('Redfish on the simulated cloud, system named', () => host('system'));
defineFencingContract('Redfish on the simulated cloud, device named', () => host('root'));
