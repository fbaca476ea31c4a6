import { fencingPort } from '#cli/simulate/ports/fencing.ts';
import { Outside } from '#cli/simulate/ports/outside.ts';
import { powerOn } from '#sim/world/power.ts';
import { defineFencingContract } from '../contracts/fencing.ts';
import { aCaller, always, aSimulation, driven, driver } from './driven.ts';

const LATENCIES = { state: [1, 1], queue: [1, 1], nova: [1, 1], bmc: [50, 500] } as const;
const KINDS = { stuck: 'bmc-stuck', error: 'bmc-errors', hang: 'bmc-hangs' } as const;

defineFencingContract('the simulated devices in process', async () => {
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
      const url = `https://bmc.simulated/${host.name}`;
      const config = { driver: 'redfish', url, credentials: 'bmc', timeoutSeconds: 0.5 } as const;
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
});
