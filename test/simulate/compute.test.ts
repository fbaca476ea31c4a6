import { computePort } from '#cli/simulate/ports/compute.ts';
import { Outside } from '#cli/simulate/ports/outside.ts';
import { seededRandom } from '#sim/random.ts';
import { liveMigrate } from '#sim/world/actions.ts';
import { buildServer } from '#sim/world/build.ts';
import { powerOff, powerOn, startCompute } from '#sim/world/power.ts';
import { addSnapshot } from '#sim/world/rebuild.ts';
import type { SimHost } from '#sim/world/types.ts';
import { defineComputeContract } from '../contracts/compute.ts';
import { aCaller, always, driven, driver, aSimulation as simulationOf } from './driven.ts';

const LATENCIES = { state: [1, 1], queue: [1, 1], nova: [200, 800], bmc: [1, 1] } as const;

defineComputeContract('the simulated Nova in process', async () => {
  const simulation = simulationOf(5);
  const { world, scheduler, log } = simulation;
  const drive = driver(simulation);
  const outside = new Outside(log, scheduler);
  const admin = aCaller(simulation);
  // Chance that picks 403 among the refusals.
  const member = aCaller(simulation, [always('nova-read-refused', ''), always('nova-4xx', '')], {
    ...seededRandom(1),
    next: () => 0.3,
  });
  const portOf = ({ current }: typeof admin) => driven(computePort(current, world, outside, LATENCIES), drive);
  const aggregate = {
    id: 1,
    uuid: world.random.uuid(),
    name: 'ssd',
    availabilityZone: null,
    metadata: {},
    createdMs: 0,
  };
  world.aggregates.push({ ...aggregate, hosts: ['compute-2', 'compute-3'] });
  const hostNamed = (name: string): SimHost => {
    const host = world.hosts.get(name);
    if (host === undefined) throw new Error(`there is no host ${name}`);
    return host;
  };
  const boot = (host: string, flavorName: string, imageId: string | null): string => {
    const flavor = [...world.flavors.values()].find(({ name }) => name === flavorName);
    if (flavor === undefined) throw new Error(`there is no flavor ${flavorName}`);
    return buildServer(world, { host, name: 'vm', projectId: 'p', userId: 'u', flavor, imageId }).id;
  };
  let snapshots = 0;
  return {
    compute: portOf(admin),
    hasLongLiveMigrations: true,
    asMember: portOf(member),
    hosts: [...world.hosts.keys()],
    boot: async (count, host) => Array.from({ length: count }, () => boot(host, 'tiny', 'image')),
    bootWithLocalDisks: async (host) => boot(host, 'local-disks', 'image'),
    bootInGroup: async (host) => {
      const id = boot(host, 'tiny', 'image');
      const group = {
        id: world.random.uuid(),
        name: 'apart',
        policy: 'anti-affinity',
        projectId: 'p',
        userId: 'u',
      } as const;
      world.addServerGroup({ ...group, members: [id] });
      return id;
    },
    bootFromVolume: async (host) => boot(host, 'tiny', null),
    pause: async (id) => {
      const server = world.servers.get(id);
      if (server !== undefined) world.updateServer(server, { vmState: 'paused' });
    },
    stop: async (id) => {
      const server = world.servers.get(id);
      if (server !== undefined) world.updateServer(server, { vmState: 'stopped' });
    },
    snapshot: async (id) => {
      snapshots += 1;
      const server = world.servers.get(id);
      if (server === undefined) throw new Error(`there is no instance ${id}`);
      return addSnapshot(world, server, { ageMs: 3_600_000 - snapshots * 1000 });
    },
    startLiveMigration: async (id) => {
      const server = world.servers.get(id);
      if (server !== undefined) liveMigrate(world, server, null, { userId: 'u', projectId: 'p' });
    },
    killHost: async (host) => powerOff(world, hostNamed(host)),
    startHost: async (host) => {
      powerOn(world, hostNamed(host));
      startCompute(world, hostNamed(host));
    },
    close: async () => undefined,
  };
});
