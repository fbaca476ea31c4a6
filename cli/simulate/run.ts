import { policySchema } from '#shared/domain/policy.ts';
import type { Services } from '#shared/services.ts';
import { buildServer } from '#sim/world/build.ts';
import { addSnapshot } from '#sim/world/rebuild.ts';
import type { SimAddress } from '#sim/world/types.ts';
import { isAlive } from './actions.ts';
import { ASLEEP, startCaretaker } from './caretaker.ts';
import { judgeOf } from './checks/all.ts';
import type { Violation } from './checks/check.ts';
import type { Strike } from './engine/director.ts';
import { IMAGE, Simulation } from './engine/simulation.ts';
import { fail, standStill } from './failures.ts';
import { RACK } from './generate-policy.ts';
import { startGuestFailures } from './guests.ts';
import { performDue, scheduleEvents } from './moments.ts';
import { startBeats, startReporters } from './reporters.ts';
import type { Scenario } from './scenario.ts';
import { NO_TROUBLE, startKeepers } from './watchdogs.ts';
import { work } from './works.ts';

/** After so long in the calm what has not ended never will. */
const HORIZON_MS = 4 * 3_600_000;
const REDRIVE_EVERY_MS = 60_000;

export interface RunResult {
  readonly seed: number;
  readonly violation: Violation | undefined;
  readonly incidents: number;
  readonly strikes: readonly Strike[];
  readonly hash: string;
  /** Virtual time that passed. */
  readonly elapsedMs: number;
  readonly simulation: Simulation;
}

/** The world of a scenario, before anything happens. */
export function worldOf(scenario: Scenario, wrap?: (services: Services) => Services): Simulation {
  const { seed, hosts, faults, noise, hostBootMs } = scenario;
  const simulation = new Simulation({
    seed,
    policy: policySchema.parse(scenario.policy),
    hosts,
    faults,
    noise,
    world: { hostBootMs },
    ...(wrap === undefined ? {} : { wrap }),
  });
  const { world } = simulation;
  for (const { name, reserved } of hosts) {
    const host = reserved ? world.hosts.get(name) : undefined;
    if (host !== undefined) Object.assign(host, { disabled: true, disabledReason: ASLEEP });
  }
  for (const segment of simulation.policy.segments) {
    if (!('aggregate' in segment.hosts)) continue;
    const members = scenario.hosts.filter((host) => host.segment === segment.name).map(({ name }) => name);
    world.aggregates.push({
      id: world.aggregates.length + 1,
      uuid: world.random.uuid(),
      name: segment.hosts.aggregate,
      availabilityZone: null,
      hosts: members,
      metadata: { ...scenario.aggregateMetadata, [RACK]: segment.name },
      createdMs: world.clock.now(),
    });
  }
  const disks = { rootGb: 1, ephemeralGb: 0, swapMb: 0 };
  for (const flavor of scenario.flavors) world.flavors.set(flavor.name, { id: flavor.name, ...disks, ...flavor });
  for (const image of scenario.images) world.images.set(image.name, { id: image.name, ...image });
  for (const [index, instance] of scenario.instances.entries()) {
    const flavor = [...world.flavors.values()].find(({ name }) => name === instance.flavor);
    if (flavor === undefined) throw new Error(`there is no flavor ${instance.flavor}`);
    const server = buildServer(world, {
      host: instance.host,
      name: instance.name,
      projectId: instance.project ?? 'owner',
      userId: instance.project ?? 'owner',
      addresses: { lan: [addressOf(index)] },
      ...(instance.answersAfterMs === undefined ? {} : { answersAfterMs: instance.answersAfterMs }),
      flavor,
      imageId: instance.root === 'image' ? (instance.image ?? IMAGE) : null,
      volumeIds: instance.root === 'volume' ? [world.random.uuid()] : [],
      metadata: instance.metadata,
      state: instance.state,
    });
    for (const seconds of instance.snapshotAgesSeconds ?? []) addSnapshot(world, server, { ageMs: seconds * 1000 });
  }
  const idOf = new Map([...world.servers.values()].map(({ id, name }) => [name, id]));
  for (const { policy, members } of scenario.serverGroups)
    world.addServerGroup({
      id: world.random.uuid(),
      name: policy,
      policy,
      members: members.flatMap((name) => idOf.get(name) ?? []),
      projectId: 'owner',
      userId: 'owner',
    });
  return simulation;
}

/** In 10.0.0.0/16, each its own. */
const addressOf = (index: number): SimAddress => ({
  addr: `10.0.${index >> 8}.${index & 255}`,
  version: 4,
  'OS-EXT-IPS:type': 'fixed',
  'OS-EXT-IPS-MAC:mac_addr': 'fa:16:3e:00:00:01',
});

/** Plays a scenario to its end, and judges every step of it. */
export async function runScenario(scenario: Scenario, wrap?: (services: Services) => Services): Promise<RunResult> {
  const simulation = worldOf(scenario, wrap);
  const { scheduler, log, world, states, director } = simulation;
  const judge = judgeOf(simulation);
  for (const failure of scenario.failures) scheduler.after(failure.atMs, () => fail(simulation, failure));
  for (const halt of scenario.halts) standStill(simulation, halt);
  for (const planned of scenario.works) scheduler.after(planned.atMs, () => work(simulation, planned));
  startReporters(simulation, { lookMs: 10_000, repeatMs: 60_000, skewMs: scenario.skewMs });
  if (scenario.beats !== null) startBeats(simulation, scenario.beats);
  startKeepers(simulation, scenario.keepers ?? NO_TROUBLE);
  if (scenario.guests !== null) startGuestFailures(simulation, scenario.seed, scenario.guests);
  startCaretaker(
    simulation,
    new Map(scenario.hosts.flatMap(({ name, segment }) => (segment === null ? [] : [[name, segment] as const]))),
  );
  simulation.start();
  scheduleEvents(simulation, scenario.faults);

  let violation: Violation | undefined;
  const afterEach = (): boolean => {
    performDue(simulation);
    violation = judge.look();
    return violation === undefined;
  };
  await simulation.run(scenario.calmAtMs, afterEach);
  if (violation === undefined) {
    director.calm();
    world.faults.clear();
    log.add({ kind: 'calm' });
    const redrive = (): void => {
      simulation.queues.redrive();
      scheduler.after(REDRIVE_EVERY_MS, redrive);
    };
    redrive();
    const isOver = (): boolean =>
      states.openInstances.size === 0 &&
      [...world.hosts.values()].every(
        (host) =>
          states.incidentOf(host.name) === 'none' &&
          states.returningOf(host.name) === null &&
          !states.isInMaintenance(host.name) &&
          isAlive(host),
      );
    const endMs = scenario.calmAtMs + HORIZON_MS;
    let lookAgainMs = scenario.calmAtMs;
    await simulation.run(endMs, () => {
      if (!afterEach()) return false;
      if (simulation.elapsedMs < lookAgainMs) return true;
      lookAgainMs = simulation.elapsedMs + 5_000;
      return !isOver();
    });
    violation ??= await judge.atEnd();
  }
  const strikes = log.happenings.flatMap((happening) => (happening.kind === 'struck' ? [happening.strike] : []));
  const opened = new Set<string>();
  for (const happening of log.happenings)
    if (happening.kind === 'committed')
      for (const write of happening.writes)
        if (write.kind === 'put' && write.partition === 'incidents') opened.add(write.sort);
  return {
    seed: scenario.seed,
    violation,
    incidents: opened.size,
    strikes,
    hash: log.hash(),
    elapsedMs: simulation.elapsedMs,
    simulation,
  };
}
