import { stopAllGuests } from './guests.ts';
import { boot, killCompute, startCompute } from './power.ts';
import type { SimHost } from './types.ts';
import type { World } from './world.ts';

/** Feeds the watchdog, which arms it: unless it is fed again in time, it resets the host. One that has fired can't be held. */
export function feedWatchdog(world: World, host: SimHost): void {
  const { watchdog } = host;
  if (watchdog === null || host.power === 'off' || !watchdog.osRuns || watchdog.state === 'fired') return;
  if (watchdog.state === 'idle') world.journal.record({ kind: 'watchdog', host: host.name, what: 'armed' });
  watchdog.state = 'armed';
  watchdog.feedings += 1;
  watchdog.firesAtMs = world.clock.now() + watchdog.timeoutMs;
  const { feedings } = watchdog;
  world.clock.after(watchdog.timeoutMs, () => {
    if (watchdog.state !== 'armed' || watchdog.feedings !== feedings) return;
    watchdog.state = 'fired';
    world.journal.record({ kind: 'watchdog', host: host.name, what: 'fires' });
    world.clock.after(watchdog.resetMs, () => {
      if (watchdog.state === 'fired' && watchdog.feedings === feedings) resetHost(world, host);
    });
  });
}

/** The hardware starts anew: whatever ran is gone at once, and the operating system boots. */
function resetHost(world: World, host: SimHost): void {
  killCompute(world, host);
  host.generation += 1;
  if (host.watchdog !== null) Object.assign(host.watchdog, { state: 'idle', osRuns: false, holdsBack: false });
  stopAllGuests(world, host);
  world.journal.record({ kind: 'watchdog', host: host.name, what: 'resets' });
  boot(world, host);
}

/** Its unit is up: what depends on it starts. */
export function letComputeStart(world: World, host: SimHost): void {
  const { watchdog } = host;
  if (watchdog?.state !== 'armed' || !watchdog.holdsBack) return;
  watchdog.holdsBack = false;
  startCompute(world, host);
}
