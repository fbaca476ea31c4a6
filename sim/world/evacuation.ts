import { startGuest, stopGuest } from './guests.ts';
import { pickHost, violation } from './scheduler.ts';
import { type EvacuationJob, POWER_STATE, type SimHost, type SimMigration, type SimServer } from './types.ts';
import type { Requester, World } from './world.ts';

/** What part of an evacuation's time goes where. */
const SHARE = { scheduling: 0.2, onTheWay: 0.15, spawning: 0.5, finishing: 0.15 } as const;

export interface EvacuationRequest {
  readonly sourceHost: string;
  readonly requestedHost: string | null;
  readonly forced: boolean;
  /** Microversion 2.95 and above. */
  readonly leaveStopped: boolean;
  readonly requester: Requester;
}

/**
 * Takes an evacuation on: the migration exists before the request is answered, the rest follows.
 * Nova does not look at task_state here: a second one while the first runs is accepted and ruins both.
 */
export function acceptEvacuation(world: World, server: SimServer, request: EvacuationRequest): SimMigration {
  const running = runningEvacuation(server);
  const migration = world.addMigration(server, 'evacuation', {
    from: request.sourceHost,
    to: request.requestedHost,
    requester: request.requester,
  });
  world.journal.record({
    kind: 'evacuate-accepted',
    serverId: server.id,
    migrationUuid: migration.uuid,
    sourceHost: request.sourceHost,
    forcedDown: world.hosts.get(request.sourceHost)?.forcedDown ?? false,
    duringAnother: running !== null,
  });
  if (running !== null) {
    ruin(world, server, running);
    return migration;
  }
  const job: EvacuationJob = {
    migration,
    sourceHost: request.sourceHost,
    requestedHost: request.requestedHost,
    forced: request.forced,
    endsStopped: server.vmState === 'stopped' || (request.leaveStopped && server.vmState !== 'error'),
    rebuiltOn: null,
  };
  world.updateServer(server, { taskState: 'rebuilding', evacuation: job });
  const subject = { host: request.sourceHost, serverId: server.id };
  if (world.faults.take('evacuation-dropped', subject) !== undefined) {
    world.updateServer(server, { evacuation: null });
    return migration;
  }
  const durationMs =
    world.faults.take('evacuation-slow', subject)?.delayMs ?? world.random.spread(world.options.evacuationMs, 0.4);
  world.clock.after(durationMs * SHARE.scheduling, () => schedule(world, server, job, durationMs));
  return migration;
}

/** Seen on a real Nova: `error / rebuild_block_device_mapping`, the first `failed`, the second `accepted` for good. */
function ruin(world: World, server: SimServer, running: EvacuationJob): void {
  world.setMigration(running.migration, 'failed');
  world.updateServer(server, { vmState: 'error', taskState: 'rebuild_block_device_mapping', evacuation: null });
}

/** The evacuation that some nova-compute still works on; one whose destination has died since is lost. */
function runningEvacuation(server: SimServer): EvacuationJob | null {
  const place = server.evacuation?.rebuiltOn;
  return place != null && place.host.generation !== place.generation ? null : server.evacuation;
}

function isCurrent(server: SimServer, job: EvacuationJob): boolean {
  return server.deletedMs === null && server.evacuation === job;
}

function schedule(world: World, server: SimServer, job: EvacuationJob, durationMs: number): void {
  if (!isCurrent(server, job)) return;
  const noHost = world.faults.take('no-valid-host', { host: job.sourceHost, serverId: server.id }) !== undefined;
  const chosen = job.forced
    ? world.hosts.get(job.requestedHost ?? '')
    : pickHost(world, { server, ignore: [job.sourceHost], only: job.requestedHost });
  if (noHost || chosen === undefined) {
    fail(world, server, job, 'error', 'No valid host was found. There are not enough hosts available.');
    return;
  }
  // The destination counts it as its own only when it gets to it; until then the scheduler sees a free host.
  world.clock.after(durationMs * SHARE.onTheWay, () =>
    whenFree(world, chosen, () => rebuild(world, server, job, chosen, durationMs)),
  );
}

/** A nova-compute that is dead or busy gets to a rebuild later: the request waits in its queue. */
function whenFree(world: World, host: SimHost, work: () => void): void {
  if (host.computeRunning && host.rebuilding < world.options.rebuildsAtOncePerHost) work();
  else host.waiting.push(() => whenFree(world, host, work));
}

function release(host: SimHost): void {
  host.rebuilding -= 1;
  host.waiting.shift()?.();
}

function rebuild(world: World, server: SimServer, job: EvacuationJob, host: SimHost, durationMs: number): void {
  if (!isCurrent(server, job)) {
    host.waiting.shift()?.();
    return;
  }
  const generation = host.generation;
  host.rebuilding += 1;
  job.rebuiltOn = { host, generation };
  world.claim(server, host.name);
  world.setMigration(job.migration, 'pre-migrating', host.name);
  world.updateServer(server, { taskState: 'rebuild_spawning' });
  const subject = { host: host.name, serverId: server.id };
  const violated = violation(world, host, server);
  if (violated !== undefined) {
    world.releaseClaim(server, host.name);
    fail(world, server, job, 'failed', violated);
    release(host);
    return;
  }
  if (world.faults.take('evacuation-stuck', subject) !== undefined) return;
  const slowMs = world.faults.take('evacuation-slow', subject)?.delayMs ?? durationMs;
  world.clock.after(slowMs * SHARE.spawning, () => {
    if (host.generation !== generation) return;
    if (isCurrent(server, job)) spawn(world, server, job, host, slowMs * SHARE.finishing);
    else release(host);
  });
}

function spawn(world: World, server: SimServer, job: EvacuationJob, host: SimHost, restMs: number): void {
  if (world.faults.take('spawn-fails', { host: host.name, serverId: server.id }) !== undefined) {
    world.releaseClaim(server, host.name);
    fail(world, server, job, 'failed', `spawn made to fail on ${host.name}`);
    release(host);
    return;
  }
  const generation = host.generation;
  if (server.imageId !== null) world.updateServer(server, { madeOf: server.imageId });
  startGuest(world, host, server);
  // A stopped instance is rebuilt running and stopped again; until the very end its record names the old host.
  if (job.endsStopped) stopGuest(world, host, server.id);
  world.updateServer(server, {
    vmState: job.endsStopped ? 'stopped' : 'active',
    powerState: job.endsStopped ? POWER_STATE.shutdown : POWER_STATE.running,
    taskState: null,
    fault: null,
    launchedMs: world.clock.now(),
  });
  world.clock.after(restMs, () => {
    if (host.generation !== generation) return;
    if (isCurrent(server, job)) finish(world, server, job, host);
    else if (server.deletedMs !== null) stopGuest(world, host, server.id);
    release(host);
  });
}

function finish(world: World, server: SimServer, job: EvacuationJob, host: SimHost): void {
  const move = (): void => {
    world.moveServer(server, host.name);
    world.updateServer(server, { evacuation: null });
  };
  const { userId } = job.migration;
  const late = world.faults.take('host-field-late', { host: host.name, serverId: server.id, userId });
  if (late === undefined) move();
  else {
    const { generation } = host;
    world.clock.after(late.delayMs, () => {
      if (host.generation === generation && isCurrent(server, job)) move();
    });
  }
  world.setMigration(job.migration, 'done');
}

function fail(world: World, server: SimServer, job: EvacuationJob, status: 'error' | 'failed', message: string): void {
  world.setMigration(job.migration, status);
  const letGo = (): void => {
    if (!isCurrent(server, job)) return;
    world.updateServer(server, {
      vmState: 'error',
      taskState: null,
      evacuation: null,
      fault: { code: 500, message, createdMs: world.clock.now() },
    });
  };
  const lingering = world.faults.take('conductor-lingers', { host: job.sourceHost, serverId: server.id });
  if (lingering === undefined) letGo();
  else world.clock.after(lingering.delayMs, letGo);
}
