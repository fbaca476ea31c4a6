import { handOverGuest, startGuest, stopGuest } from './guests.ts';
import { pickHost } from './scheduler.ts';
import { POWER_STATE, type PowerState, type SimHost, type SimServer, type VmState } from './types.ts';
import type { Requester, World } from './world.ts';

/** What a server action demands and leaves; the states are those of nova/compute/api.py. */
export interface StateRule {
  /** Nova's name of it in `Cannot '…' instance`. */
  readonly verb: string;
  readonly from: readonly VmState[];
  /** Shown while nova-compute works on it; stays if that is dead. */
  readonly task: string;
  readonly to: VmState;
  readonly power: PowerState;
  readonly guest: 'start' | 'stop' | 'restart' | 'keep';
  readonly httpStatus: number;
}

const REBOOTABLE: readonly VmState[] = ['active', 'stopped', 'paused', 'suspended', 'error'];
const SHELVABLE: readonly VmState[] = ['active', 'stopped', 'paused', 'suspended'];
const { running, paused, shutdown } = POWER_STATE;

function rule(
  verb: string,
  from: readonly VmState[],
  task: string,
  to: VmState,
  [power, guest]: readonly [PowerState, StateRule['guest']],
  httpStatus = 202,
): StateRule {
  return { verb, from, task, to, power, guest, httpStatus };
}

/** Actions that change nothing but the state of an instance on its host. */
export const STATE_RULES: Readonly<Record<string, StateRule>> = {
  'os-stop': rule('stop', ['active', 'error'], 'powering-off', 'stopped', [shutdown, 'stop']),
  'os-start': rule('start', ['stopped'], 'powering-on', 'active', [running, 'start']),
  reboot: rule('reboot', REBOOTABLE, 'rebooting_hard', 'active', [running, 'restart']),
  pause: rule('pause', ['active'], 'pausing', 'paused', [paused, 'keep']),
  unpause: rule('unpause', ['paused'], 'unpausing', 'active', [running, 'keep']),
  suspend: rule('suspend', ['active'], 'suspending', 'suspended', [shutdown, 'stop']),
  resume: rule('resume', ['suspended'], 'resuming', 'active', [running, 'start']),
  rescue: rule('rescue', ['active', 'stopped', 'error'], 'rescuing', 'rescued', [running, 'start'], 200),
  unrescue: rule('unrescue', ['rescued'], 'unrescuing', 'active', [running, 'keep']),
  shelve: rule('shelve', SHELVABLE, 'shelving', 'shelved', [shutdown, 'stop']),
  shelveOffload: rule('shelveOffload', ['shelved'], 'shelving_offloading', 'shelved_offloaded', [shutdown, 'stop']),
  confirmResize: rule('confirmResize', ['resized'], 'resize_confirming', 'active', [running, 'keep'], 204),
};

/** Applies a rule; with a dead nova-compute the task state is all that changes, as the message waits for it. */
export function applyRule(world: World, server: SimServer, applied: StateRule): void {
  world.updateServer(server, { taskState: applied.task });
  const host = world.hosts.get(server.host ?? '');
  if (host === undefined || !host.computeRunning) return;
  if (applied.guest === 'restart') {
    restart(world, host, server, applied);
    return;
  }
  if (applied.guest === 'start') startGuest(world, host, server);
  if (applied.guest === 'stop') stopGuest(world, host, server.id);
  const isOff = applied.task === 'resize_confirming' && server.powerState === shutdown;
  if (applied.task === 'resize_confirming') confirmed(world, server);
  // One that was stopped before it was resized stays so (`confirm_resize` of Nova's compute manager).
  const [vmState, powerState] = isOff ? (['stopped', shutdown] as const) : [applied.to, applied.power];
  world.updateServer(server, { taskState: null, vmState, powerState, fault: null });
  if (applied.to === 'shelved' && world.options.shelveOffloads) offload(world, server);
  if (applied.to === 'shelved_offloaded') offload(world, server);
}

/** The guest is destroyed and started anew; one whose host dies in between is left as it is. */
function restart(world: World, host: SimHost, server: SimServer, { to, power }: StateRule): void {
  stopGuest(world, host, server.id);
  const { generation } = host;
  const start = (): void => {
    if (host.generation !== generation || server.deletedMs !== null || server.host !== host.name) return;
    startGuest(world, host, server);
    world.updateServer(server, { taskState: null, vmState: to, powerState: power, fault: null });
  };
  const { rebootMs = 0 } = world.options;
  if (rebootMs === 0) start();
  else world.clock.after(rebootMs, start);
}

function confirmed(world: World, { id }: SimServer): void {
  const migration = world.migrationsByServer.get(id)?.find(({ status }) => status === 'finished');
  if (migration !== undefined) world.setMigration(migration, 'confirmed');
}

/**
 * The guest's process ends by itself. Nova does not know, until nova-compute sees it and stops the instance: by nobody's
 * request (`_sync_instance_power_state` of the compute manager).
 */
export function crashGuest(world: World, server: SimServer): void {
  const host = world.hosts.get(server.host ?? '');
  if (host === undefined || !host.guests.has(server.id)) return;
  stopGuest(world, host, server.id);
  const { generation } = host;
  world.clock.after(world.options.noticeMs ?? 15_000, () => {
    const isGone = host.generation === generation && host.computeRunning && !host.guests.has(server.id);
    if (!isGone || server.host !== host.name || server.vmState !== 'active' || server.taskState !== null) return;
    world.addAction(server.id, 'stop', `req-${world.random.uuid()}`, null);
    world.updateServer(server, { vmState: 'stopped', powerState: shutdown });
  });
}

function offload(world: World, server: SimServer): void {
  world.moveServer(server, null);
  world.updateServer(server, { vmState: 'shelved_offloaded' });
}

/** Resize or cold migration: ends in `resized` on another host, to be confirmed. False if there is no other host. */
export function resizeElsewhere(
  world: World,
  server: SimServer,
  move: { readonly type: 'resize' | 'migration'; readonly requestedHost: string | null; readonly requester: Requester },
): boolean {
  const source = server.host;
  const to = pickHost(world, { server, ignore: [source], only: move.requestedHost });
  if (source === null || to === undefined) return false;
  const migration = world.addMigration(server, move.type, { from: source, to: to.name, requester: move.requester });
  handOverGuest(world, world.hosts.get(source), to, server);
  // Nova starts what it has as active, whether or not its process was still there.
  if (server.vmState === 'active') startGuest(world, to, server);
  world.moveServer(server, to.name);
  world.updateServer(server, { vmState: 'resized', taskState: null });
  world.setMigration(migration, 'finished');
  return true;
}

/**
 * Live migration: `running` for a while, then the guest is on the destination. A source that is dead, or a host that dies
 * meanwhile, leaves it `running`; a destination that is dead, though Nova has not seen it yet, never answers: it fails.
 */
export function liveMigrate(
  world: World,
  server: SimServer,
  requestedHost: string | null,
  requester: Requester,
): boolean {
  const source = world.hosts.get(server.host ?? '');
  const to = pickHost(world, { server, ignore: [server.host], only: requestedHost });
  if (source === undefined || to === undefined) return false;
  const migration = world.addMigration(server, 'live-migration', { from: source.name, to: to.name, requester });
  world.updateServer(server, { taskState: 'migrating' });
  world.setMigration(migration, 'running');
  const stuck = world.faults.take('live-migration-stuck', { host: source.name, serverId: server.id }) !== undefined;
  if (stuck || !source.computeRunning) return true;
  const begun = source.generation + to.generation;
  const reached = to.computeRunning;
  world.clock.after(world.options.liveMigrationMs, () => {
    if (server.deletedMs !== null || source.generation + to.generation !== begun) return;
    world.updateServer(server, { taskState: null });
    if (reached) {
      handOverGuest(world, source, to, server);
      world.moveServer(server, to.name);
    }
    world.setMigration(migration, reached ? 'completed' : 'error');
  });
  return true;
}

/** Deletes an instance. Its guest goes with it unless nova-compute is dead: then at that one's next start. */
export function deleteServer(world: World, server: SimServer): void {
  const host = world.hosts.get(server.host ?? '');
  if (host?.computeRunning) stopGuest(world, host, server.id);
  world.removeServer(server);
}
