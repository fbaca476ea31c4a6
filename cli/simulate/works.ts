import { boot, isAlive } from './actions.ts';
import type { Simulation } from './engine/simulation.ts';
import { beginMaintenance, endMaintenance } from './operators.ts';
import type { PlannedWork } from './scenario.ts';

/** Planned work on a host, from the first command to the last; the host may be started anew in between. */
export function work(simulation: Simulation, { host: name, drain, forMs, endsItself, reboots }: PlannedWork): void {
  const { world, scheduler, states, log } = simulation;
  const host = world.hosts.get(name);
  if (host === undefined || !isAlive(host)) return;
  beginMaintenance(simulation, host, drain, endsItself ? Math.ceil(forMs / 1000) : undefined);
  scheduler.after(forMs / 2, () => {
    if (!reboots || !states.isInMaintenance(name) || !isAlive(host)) return;
    log.add({ kind: 'person', act: 'starts the host anew', host: name });
    boot(world, host);
  });
  if (!endsItself) scheduler.after(forMs, () => endMaintenance(simulation, host));
}
