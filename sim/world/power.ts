import { startGuest, stopAllGuests, stopGuest } from './guests.ts';
import { POWER_STATE, type SimHost, type SimServer } from './types.ts';
import type { World } from './world.ts';

/** Kills nova-compute; its guests run on. Nova notices after `serviceDownSeconds`. */
export function killCompute(world: World, host: SimHost): void {
  if (!host.computeRunning) return;
  host.computeRunning = false;
  host.lastReportMs = world.clock.now();
  host.generation += 1;
  host.rebuilding = 0;
  world.journal.record({ kind: 'compute', host: host.name, running: false });
}

const WITHOUT_POWER = { state: 'idle', osRuns: false, holdsBack: false } as const;

/** Cuts the power: nova-compute and all guests end at once. */
export function powerOff(world: World, host: SimHost): void {
  if (host.power === 'off') return;
  killCompute(world, host);
  host.power = 'off';
  host.generation += 1;
  stopAllGuests(world, host);
  if (host.watchdog !== null) Object.assign(host.watchdog, WITHOUT_POWER);
  world.journal.record({ kind: 'power', host: host.name, power: 'off' });
}

/** Switches one outlet. The host is without power when none is on, and starts when one is switched on that was missing. */
export function switchOutlet(world: World, host: SimHost, outlet: string, power: 'on' | 'off'): void {
  if (host.outlets.get(outlet) === power) return;
  const wasFed = isFed(host);
  host.outlets.set(outlet, power);
  world.journal.record({ kind: 'outlet', host: host.name, outlet, power });
  if (!isFed(host)) powerOff(world, host);
  else if (!wasFed) powerOn(world, host);
}

/** Its board has power, whether or not it is switched on. */
export const isFed = ({ outlets }: SimHost): boolean => outlets.size === 0 || [...outlets.values()].includes('on');

/**
 * Switches the power on; after `hostBootMs` nova-compute starts, unless the power is cut before. Whoever does it has seen to
 * the outlets.
 */
export function powerOn(world: World, host: SimHost): void {
  if (!isFed(host)) for (const outlet of host.outlets.keys()) host.outlets.set(outlet, 'on');
  if (host.power === 'off') {
    host.power = 'on';
    host.generation += 1;
    world.journal.record({ kind: 'power', host: host.name, power: 'on' });
  }
  if (!host.computeRunning) boot(world, host);
}

/** After `hostBootMs` its operating system runs: nova-compute starts, or the keeper of its watchdog, which lets it start. */
export function boot(world: World, host: SimHost): void {
  const { generation, watchdog } = host;
  const run = (): void => {
    if (host.generation !== generation) return;
    if (watchdog === null) startCompute(world, host);
    else Object.assign(watchdog, { osRuns: true, holdsBack: true, reaches: true });
  };
  if (world.options.hostBootMs === 0) run();
  else world.clock.after(world.options.hostBootMs, run);
}

/**
 * Starts nova-compute on a powered host, as ComputeManager.init_host does: guests that were evacuated
 * meanwhile are destroyed, their migrations become `completed`; guests that are gone show as stopped.
 */
export function startCompute(world: World, host: SimHost): void {
  if (host.power === 'off' || host.computeRunning) return;
  host.computeRunning = true;
  host.generation += 1;
  host.lastReportMs = world.clock.now();
  world.journal.record({ kind: 'compute', host: host.name, running: true });
  const evacuated = destroyEvacuated(world, host);
  destroyDeleted(world, host);
  const own = world.serversOn(host.name).filter(({ id }) => !evacuated.has(id));
  // What a proof by its watchdog rests on (docs/fencing.md).
  if (world.options.resumeGuests && host.watchdog === null) resumeMissing(world, host, own);
  stopMissing(world, host, own);
  for (const resume of host.waiting.splice(0)) resume();
}

/** The network of a host that was cut off is back: nova-compute reports again, it was not started anew. */
export function reconnectCompute(world: World, host: SimHost): void {
  if (host.power === 'off' || host.computeRunning) return;
  host.computeRunning = true;
  host.generation += 1;
  host.lastReportMs = world.clock.now();
  world.journal.record({ kind: 'compute', host: host.name, running: true });
  for (const resume of host.waiting.splice(0)) resume();
}

const EVACUATED = new Set(['accepted', 'pre-migrating', 'done']);

/** Instances that were evacuated are not this host's any more, whatever became of that. */
function destroyEvacuated(world: World, host: SimHost): ReadonlySet<string> {
  const evacuated = new Set<string>();
  for (const migration of world.migrationsBySource.get(host.name) ?? []) {
    if (migration.type !== 'evacuation' || migration.deleted || !EVACUATED.has(migration.status)) continue;
    stopGuest(world, host, migration.serverId);
    world.setMigration(migration, 'completed');
    evacuated.add(migration.serverId);
  }
  return evacuated;
}

function destroyDeleted(world: World, host: SimHost): void {
  for (const serverId of [...host.guests]) {
    if (world.deletedServers.has(serverId)) stopGuest(world, host, serverId);
  }
}

function stopMissing(world: World, host: SimHost, own: readonly SimServer[]): void {
  for (const server of own) {
    if (server.vmState !== 'active' || server.taskState !== null || host.guests.has(server.id)) continue;
    world.addAction(server.id, 'stop', `req-${world.random.uuid()}`, null);
    world.updateServer(server, { vmState: 'stopped', powerState: POWER_STATE.shutdown });
  }
}

/** nova.conf, resume_guests_state_on_host_boot: what ran before runs again. */
function resumeMissing(world: World, host: SimHost, own: readonly SimServer[]): void {
  for (const server of own)
    if (server.vmState === 'active' && server.taskState === null) startGuest(world, host, server);
}
