import { applyRule, deleteServer, liveMigrate, STATE_RULES } from '#sim/world/actions.ts';
import { acceptEvacuation } from '#sim/world/evacuation.ts';
import { stopAllGuests } from '#sim/world/guests.ts';
import { boot as bootHost, killCompute, powerOff, powerOn, reconnectCompute } from '#sim/world/power.ts';
import type { SimHost, SimServer } from '#sim/world/types.ts';
import type { World } from '#sim/world/world.ts';

/** What befalls a simulated cloud from outside of salvor: accidents, and people with their hands on it. */

/** The kernel dies: nova-compute and the guests are gone, the power stays on. */
export function crash(world: World, host: SimHost): void {
  killCompute(world, host);
  stopAllGuests(world, host);
  if (host.watchdog !== null) Object.assign(host.watchdog, { osRuns: false, holdsBack: false });
}

/**
 * The host is cut off: nobody hears of it, and its guests run on. The dangerous one.
 * @param getsLeases only its nova-compute: the keeper of its watchdog still gets through
 */
export function cutOff(world: World, host: SimHost, getsLeases = false): void {
  killCompute(world, host);
  if (host.watchdog !== null) host.watchdog.reaches = getsLeases;
}

/** The network is back; what ran there runs on. */
export function reconnect(world: World, host: SimHost): void {
  if (host.watchdog !== null) host.watchdog.reaches = true;
  reconnectCompute(world, host);
}

export const losePower = (world: World, host: SimHost): void => powerOff(world, host);

/** The host starts anew, by itself or by hand; it is up when it has booted. */
export function boot(world: World, host: SimHost): void {
  if (host.power === 'off') {
    powerOn(world, host);
    return;
  }
  crash(world, host);
  if (host.watchdog !== null) host.watchdog.state = 'idle';
  bootHost(world, host);
}

/** Alive as its reporters see it. */
export const isAlive = (host: SimHost): boolean => host.power === 'on' && host.computeRunning;

export function setForcedDown(world: World, host: SimHost, forcedDown: boolean): void {
  if (host.forcedDown === forcedDown) return;
  host.forcedDown = forcedDown;
  host.serviceChangedMs = world.clock.now();
  world.journal.record({ kind: 'forced-down', host: host.name, forcedDown });
}

export function setDisabled(world: World, host: SimHost, disabled: boolean, reason = 'simulated: maintenance'): void {
  if (host.disabled === disabled) return;
  host.disabled = disabled;
  host.disabledReason = disabled ? reason : null;
  host.serviceChangedMs = world.clock.now();
  world.journal.record({ kind: 'status', host: host.name, disabled });
}

/** Nova lets an operator evacuate when the service is down for it, whoever else does the same. */
export function mayBeEvacuated(world: World, server: SimServer): boolean {
  const source = world.hosts.get(server.host ?? '');
  return source !== undefined && !world.serviceIsUp(source) && ['active', 'stopped', 'error'].includes(server.vmState);
}

export function evacuateByHand(world: World, server: SimServer): boolean {
  const source = world.hosts.get(server.host ?? '');
  if (source === undefined || !mayBeEvacuated(world, server)) return false;
  acceptEvacuation(world, server, {
    sourceHost: source.name,
    requestedHost: null,
    forced: false,
    leaveStopped: false,
    requester: OPERATOR,
  });
  return true;
}

export const migrateByHand = (world: World, server: SimServer): boolean =>
  isAliveHost(world, server.host) && liveMigrate(world, server, null, OPERATOR);

export function stopByOwner(world: World, server: SimServer): void {
  const rule = STATE_RULES['os-stop'];
  if (rule === undefined) throw new Error('there is no rule for os-stop');
  world.addAction(server.id, 'stop', `req-${world.random.uuid()}`, {
    userId: server.userId,
    projectId: server.projectId,
  });
  applyRule(world, server, rule);
}

export const deleteByOwner = (world: World, server: SimServer): void => deleteServer(world, server);

const OPERATOR = { userId: 'operator', projectId: 'admin' } as const;

/** Nova's own view. */
export function isAliveHost(world: World, name: string | null): boolean {
  const host = world.hosts.get(name ?? '');
  return host !== undefined && world.serviceIsUp(host);
}
