import type { HostEvent } from '#events/host-event.ts';
import type { SimHost } from '#sim/world/types.ts';
import { isAlive } from './actions.ts';
import type { Simulation } from './engine/simulation.ts';
import type { Scenario } from './scenario.ts';

/** Edge agents that watch every host and tell the truth, each by its own clock. */
export const REPORTERS = ['/agents/consul', '/agents/pacemaker', '/agents/alertmanager'] as const;

export interface ReporterTimes {
  /** Between two looks at a host. */
  readonly lookMs: number;
  /** Until a host that stays down is reported down again. */
  readonly repeatMs: number;
  /** How far each reporter's clock is ahead of the world's, in ms. */
  readonly skewMs: readonly number[];
  readonly sources?: readonly string[];
}

const UPS_PER_RETURN = 3;

/** One CloudEvent about a host, seen now by a clock that is `skewMs` ahead. */
export function eventOf(
  simulation: Simulation,
  type: 'host.down' | 'host.up' | 'host.heartbeat',
  host: string,
  source: string,
  skewMs = 0,
): HostEvent {
  return {
    specversion: '1.0',
    id: `${source} ${simulation.log.happenings.length}`,
    source,
    type,
    time: new Date(simulation.scheduler.now() + skewMs).toISOString(),
    data: { schemaVersion: 1, host },
  };
}

/** Sets every reporter to watch every host, for good. */
export function startReporters(simulation: Simulation, times: ReporterTimes): void {
  const hosts = [...simulation.world.hosts.values()];
  for (const [index, source] of (times.sources ?? REPORTERS).entries())
    for (const host of hosts) watch(simulation, host, source, times, times.skewMs[index] ?? 0);
}

/** Every host speaks for itself while it is alive. */
export function startBeats(simulation: Simulation, { everyMs, skewMs }: NonNullable<Scenario['beats']>): void {
  const { scheduler, random } = simulation;
  for (const host of simulation.world.hosts.values()) {
    const beat = (): void => {
      if (isAlive(host))
        simulation.report(eventOf(simulation, 'host.heartbeat', host.name, `/itself/${host.name}`, skewMs));
      scheduler.after(everyMs * (0.9 + 0.2 * random.next()), beat);
    };
    scheduler.after(everyMs * random.next(), beat);
  }
}

function watch(
  simulation: Simulation,
  host: SimHost,
  source: string,
  { lookMs, repeatMs }: ReporterTimes,
  skewMs: number,
): void {
  const { scheduler, random } = simulation;
  let seen: 'up' | 'down' = 'up';
  let saidAtMs = 0;
  let upsLeft = 0;
  const say = (type: 'host.down' | 'host.up'): void => {
    saidAtMs = scheduler.now();
    simulation.report(eventOf(simulation, type, host.name, source, skewMs));
  };
  const look = (): void => {
    const now = isAlive(host) ? 'up' : 'down';
    const due = scheduler.now() - saidAtMs >= repeatMs;
    if (now !== seen) {
      seen = now;
      upsLeft = UPS_PER_RETURN - 1;
      say(now === 'up' ? 'host.up' : 'host.down');
    } else if (now === 'down' && due) say('host.down');
    else if (now === 'up' && due && upsLeft > 0) {
      upsLeft -= 1;
      say('host.up');
    }
    scheduler.after(lookMs, look);
  };
  scheduler.after(lookMs * random.next(), look);
}
