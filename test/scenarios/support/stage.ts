import { reconnect } from '#cli/simulate/actions.ts';
import { IMAGE, Simulation } from '#cli/simulate/engine/simulation.ts';
import { startBeats, startReporters } from '#cli/simulate/reporters.ts';
import { NO_TROUBLE, startKeepers } from '#cli/simulate/watchdogs.ts';
import { buildServer } from '#sim/world/build.ts';
import { addSnapshot } from '#sim/world/rebuild.ts';
import type { SimAddress } from '#sim/world/types.ts';
import type { Play } from './play.ts';
import { policyOf } from './policy.ts';

/** Nothing that is asked takes any time, so that a log tells of salvor's own waits only. */
const NO_LATENCY = { state: [0, 0], queue: [0, 0], nova: [0, 0], bmc: [0, 0] } as const;

/** The world of a play, before anything happens. Chance has no part in it. */
export function stageOf(play: Play): Simulation {
  const simulation = new Simulation({
    seed: 1,
    even: true,
    latencies: NO_LATENCY,
    indexLagMs: [0, 0],
    policy: policyOf(play),
    hosts: play.hosts.flatMap(({ name, zone, systemUuid, hypervisorHostname, memoryMb, outlets, watchdog }) =>
      name.map((host) => ({
        name: host,
        availabilityZone: zone,
        ...(systemUuid === undefined ? {} : { systemUuid }),
        ...(hypervisorHostname === undefined ? {} : { hypervisorHostname }),
        ...(memoryMb === undefined ? {} : { memoryMb }),
        ...(outlets === undefined ? {} : { outlets }),
        ...(watchdog === undefined ? {} : { watchdog: watchdogOf(watchdog) }),
      })),
    ),
    world: { hostBootMs: play.bootSeconds * 1000, evacuationMs: play.evacuationSeconds * 1000 },
  });
  for (const { name, disabled } of play.hosts) if (disabled !== undefined) disable(simulation, name, disabled);
  addRacks(simulation, play);
  addAggregates(simulation, play);
  addFlavorsAndImages(simulation, play);
  addInstances(simulation, play);
  startReporters(simulation, {
    lookMs: 10_000,
    repeatMs: (play.repeatSeconds ?? Number.POSITIVE_INFINITY) * 1000,
    skewMs: [],
    sources: play.agents.map((name) => `/agents/${name}`),
  });
  startKeepers(simulation, NO_TROUBLE);
  if (play.edge !== undefined) setEdge(simulation, play.edge);
  if (play.beatSeconds !== undefined) startBeats(simulation, { everyMs: play.beatSeconds * 1000, skewMs: 0 });
  return simulation;
}

/** Its clock is the world's. */
const watchdogOf = ({ timeoutSeconds, resetSeconds }: NonNullable<Play['hosts'][number]['watchdog']>) => ({
  timeoutSeconds,
  timeoutMs: timeoutSeconds * 1000,
  resetMs: resetSeconds * 1000,
});

/** The worker at the edge: what it has restarted runs again. */
function setEdge(simulation: Simulation, edge: NonNullable<Play['edge']>): void {
  simulation.onRestart = (name, service) => {
    if (edge === 'fails') return 'failed';
    const host = simulation.world.hosts.get(name);
    if (host !== undefined && service.startsWith('nova-compute')) reconnect(simulation.world, host);
    return 'restarted';
  };
}

function disable({ world }: Simulation, hosts: readonly string[], reason: string): void {
  for (const name of hosts) {
    const host = world.hosts.get(name);
    if (host !== undefined) Object.assign(host, { disabled: true, disabledReason: reason });
  }
}

function addAggregate({ world }: Simulation, name: string, hosts: readonly string[], metadata = {}): void {
  world.aggregates.push({
    id: world.aggregates.length + 1,
    uuid: world.random.uuid(),
    name,
    availabilityZone: null,
    hosts: [...hosts],
    metadata,
    createdMs: world.clock.now(),
  });
}

function addRacks(simulation: Simulation, play: Play): void {
  const racks = Map.groupBy(play.hosts, ({ rack }) => rack);
  for (const [rack, hosts] of racks)
    if (rack !== undefined)
      addAggregate(
        simulation,
        rack,
        hosts.flatMap(({ name }) => name),
        { rack },
      );
}

function addAggregates(simulation: Simulation, play: Play): void {
  for (const { name, hosts, metadata } of play.aggregates) addAggregate(simulation, name, hosts, metadata);
}

/** Things that are only named have their names for ids. */
function addFlavorsAndImages({ world }: Simulation, { flavors, images }: Play): void {
  const disks = { rootGb: 1, ephemeralGb: 0, swapMb: 0 };
  for (const flavor of flavors) world.flavors.set(flavor.name, { id: flavor.name, ...disks, ...flavor });
  for (const image of images) world.images.set(image.name, { id: image.name, ...image });
}

const addressOf = (addr: string): SimAddress => ({
  addr,
  version: 4,
  'OS-EXT-IPS:type': 'fixed',
  'OS-EXT-IPS-MAC:mac_addr': 'fa:16:3e:00:00:01',
});

function addInstances({ world }: Simulation, play: Play): void {
  const ids = new Map<string, string>();
  for (const instance of play.instances) {
    const { name, host, state, task, flavor: flavorName, root, image, project, metadata, lockedBy, zone } = instance;
    const { address, answersAfterSeconds } = instance;
    const flavor = [...world.flavors.values()].find((each) => each.name === flavorName);
    if (flavor === undefined || !world.hosts.has(host)) throw new Error(`no flavor ${flavorName} or no host ${host}`);
    for (const each of name) {
      const server = buildServer(world, {
        host,
        name: each,
        projectId: project,
        userId: project,
        flavor,
        imageId: root === 'image' ? (image ?? IMAGE) : null,
        volumeIds: root === 'volume' ? [world.random.uuid()] : [],
        metadata,
        ...(address === undefined ? {} : { addresses: { lan: [addressOf(address)] } }),
        ...(answersAfterSeconds === undefined ? {} : { answersAfterMs: answersAfterSeconds * 1000 }),
        availabilityZone: zone ?? null,
        state,
        ...(task === undefined ? {} : { taskState: task }),
      });
      server.lockedBy = lockedBy ?? null;
      ids.set(each, server.id);
      for (const [index, { hoursOld, kind, owner = project, status }] of instance.snapshots.entries())
        addSnapshot(world, server, {
          ...{ id: `${each}-${kind}-${index + 1}`, kind, owner, ageMs: hoursOld * 3_600_000 },
          ...(status === undefined ? {} : { status }),
        });
    }
  }
  for (const [index, { policy, members }] of play.serverGroups.entries())
    world.addServerGroup({
      id: world.random.uuid(),
      name: `group-${index + 1}`,
      policy,
      members: members.flatMap((name) => ids.get(name) ?? []),
      projectId: 'owner',
      userId: 'owner',
    });
}
