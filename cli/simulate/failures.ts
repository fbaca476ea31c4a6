import { boot, crash, cutOff, isAlive, losePower, reconnect } from './actions.ts';
import type { Simulation } from './engine/simulation.ts';
import type { PlannedFailure, PlannedHalt } from './scenario.ts';

/** A host fails as planned; one that has failed already is left. */
export function fail({ world }: Simulation, { host: name, how, forMs, getsLeases }: PlannedFailure): void {
  const host = world.hosts.get(name);
  if (host === undefined || !isAlive(host)) return;
  switch (how) {
    case 'crash':
      crash(world, host);
      return;
    case 'power-loss':
      losePower(world, host);
      return;
    case 'reboot':
      boot(world, host);
      return;
    case 'cut-off':
      cutOff(world, host, getsLeases);
      return;
    case 'false-alarm':
      return;
    case 'blip': {
      cutOff(world, host);
      const { generation } = host;
      world.clock.after(forMs, () => {
        if (host.generation === generation) reconnect(world, host);
      });
    }
  }
}

/** All functions are killed at once, and none begins until it is over. */
export function standStill({ scheduler, lambda, log }: Simulation, { atMs, forMs }: PlannedHalt): void {
  scheduler.after(atMs, () => {
    log.add({ kind: 'halted', over: false });
    lambda.halt();
  });
  scheduler.after(atMs + forMs, () => {
    log.add({ kind: 'halted', over: true });
    lambda.goOn();
  });
}
