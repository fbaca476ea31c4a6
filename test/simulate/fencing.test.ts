import { fencingPort } from '#cli/simulate/ports/fencing.ts';
import { Outside } from '#cli/simulate/ports/outside.ts';
import { powerOn } from '#sim/world/power.ts';
import { defineFencingContract, type FencingContractHost } from '../contracts/fencing.ts';
import { aCaller, always, aSimulation, driven, driver } from './driven.ts';

const LATENCIES = { state: [1, 1], queue: [1, 1], nova: [1, 1], bmc: [50, 500] } as const;
const KINDS = { stuck: 'bmc-stuck', error: 'bmc-errors', hang: 'bmc-hangs' } as const;

const DRIVERS = {
  redfish: (host: string) => ({ driver: 'redfish', url: `https://bmc.simulated/${host}` }) as const,
  ipmi: (host: string) =>
    ({ driver: 'ipmi', address: host, cipherSuite: 17, privilege: 'operator', guidEncoding: 'smbios' }) as const,
};

for (const [driver, addressed] of Object.entries(DRIVERS))
  defineFencingContract(`the simulated devices in process, by ${driver}`, () => aDevice(addressed));

async function aDevice(addressed: (typeof DRIVERS)[keyof typeof DRIVERS]): Promise<FencingContractHost> {
  const simulation = aSimulation(2);
  const { world, scheduler, log } = simulation;
  const [host] = world.hosts.values();
  if (host === undefined) throw new Error('the simulated cloud has no host');
  const drive = driver(simulation);
  const { current, director } = aCaller(simulation);
  const fencing = fencingPort(current, world, new Outside(log, scheduler), LATENCIES);
  const set = (kind: Parameters<typeof always>[0]) => director.add(always(kind, host.name));
  let correct = (): void => undefined;
  let repair = (): void => undefined;
  return {
    device: async ({ password, systemUuid, address } = {}) => {
      correct();
      if (password !== undefined) correct = set('bmc-refuses');
      if (address === 'nobody') correct = set('bmc-hangs');
      const config = { ...addressed(host.name), credentials: 'bmc', timeoutSeconds: 0.5 } as const;
      const device = await fencing.device({ ...config, ...(systemUuid === undefined ? {} : { systemUuid }) });
      return driven(device, drive);
    },
    systemUuid: host.systemUuid,
    hasPower: async () => host.power === 'on',
    givePower: async () => powerOn(world, host),
    spoil: async (fault) => {
      repair();
      if (fault !== undefined) repair = set(KINDS[fault]);
    },
    faults: ['stuck'],
    close: async () => undefined,
  };
}
