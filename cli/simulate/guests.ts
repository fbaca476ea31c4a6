import type { HostEvent } from '#events/host-event.ts';
import { crashGuest } from '#sim/world/actions.ts';
import type { SimServer } from '#sim/world/types.ts';
import { isAlive } from './actions.ts';
import { chanceFor, happens, pickOne } from './engine/chance.ts';
import type { Simulation } from './engine/simulation.ts';
import type { PolicyInput, Scenario } from './scenario.ts';

/** A monitor hears of a guest's end within this time, or is wrong about it. */
const HEARD_WITHIN_MS = 2_000;

/** What a host's own monitor says of one of its guests, as masakari-instancemonitor would. */
export function instanceEventOf(simulation: Simulation, server: SimServer, source: string, event: string): HostEvent {
  return {
    specversion: '1.0',
    id: `${source} ${simulation.log.happenings.length}`,
    source,
    type: 'instance.down',
    time: new Date(simulation.scheduler.now()).toISOString(),
    data: { schemaVersion: 1, host: server.host ?? '', instanceId: server.id, event },
  };
}

/** Guests end by themselves, or are said to have; on hosts that live, die, or are being recovered. */
export function startGuestFailures(
  simulation: Simulation,
  seed: number,
  { everyMs }: NonNullable<Scenario['guests']>,
): void {
  const { world, scheduler, director } = simulation;
  const random = chanceFor(seed, 'guests');
  const fail = (): void => {
    if (director.isCalm) return;
    scheduler.after(everyMs * (0.5 + random.next()), fail);
    const hosts = [...world.hosts.values()].filter(isAlive);
    const running = hosts.flatMap(({ guests }) => [...guests].flatMap((id) => world.servers.get(id) ?? []));
    if (running.length === 0) return;
    const server = pickOne(random, running);
    // Now and then many of one host, and now and then it is not true.
    const all = happens(random, 0.1) ? running.filter(({ host }) => host === server.host) : [server];
    const isTrue = happens(random, 0.85);
    for (const each of all) {
      if (isTrue) crashGuest(world, each);
      const event = happens(random, 0.8) ? 'LIFECYCLE STOPPED_FAILED' : 'QEMU_GUEST_AGENT_ERROR STOPPED_FAILED';
      scheduler.after(HEARD_WITHIN_MS * random.next(), () => {
        const host = world.hosts.get(each.host ?? '');
        if (host !== undefined && isAlive(host))
          simulation.report(instanceEventOf(simulation, each, `/libvirt/${host.name}`, event));
      });
    }
  };
  scheduler.after(everyMs * random.next(), fail);
}

/** The policy of a world whose guests fail. */
export function withInstanceRecovery(seed: number, policy: PolicyInput): PolicyInput {
  const random = chanceFor(seed, 'instance recovery');
  const segments = policy.segments.map((segment) => ({
    ...segment,
    instanceRecovery: {
      protect: pickOne(random, ['all', 'opted-in'] as const),
      confirmSeconds: pickOne(random, [0, 5, 20]),
      windowSeconds: 600,
      maxRestarts: pickOne(random, [1, 3]),
      maxPerHost: pickOne(random, [1, 3, 5]),
      thenMove: happens(random, 0.5),
      stepSeconds: 120,
      deadlineSeconds: pickOne(random, [120, 300]),
      processGone: { do: pickOne(random, ['restart', 'restart', 'move'] as const) },
    },
  }));
  return { ...policy, segments };
}
