import { startGuest, stopGuest } from './guests.ts';
import { POWER_STATE, type SimServer } from './types.ts';
import type { World } from './world.ts';

/**
 * Makes the root disk anew of an image, on the host that the instance is on. Its record names the image at once; one that was
 * stopped is started for a moment, and stopped again (`_do_rebuild_instance` of Nova's compute manager). With a dead
 * nova-compute the task state is all that changes.
 */
export function rebuildInPlace(world: World, server: SimServer, imageId: string): void {
  const wasStopped = server.vmState === 'stopped';
  world.updateServer(server, { imageId, taskState: 'rebuilding' });
  const host = world.hosts.get(server.host ?? '');
  if (host === undefined || !host.computeRunning) return;
  const { generation } = host;
  stopGuest(world, host, server.id);
  const fails = world.faults.take('spawn-fails', { host: host.name, serverId: server.id }) !== undefined;
  const spawn = (): void => {
    if (host.generation !== generation || server.deletedMs !== null || server.host !== host.name) return;
    if (fails) {
      const message = `spawn made to fail on ${host.name}`;
      const fault = { code: 500, message, createdMs: world.clock.now() };
      world.updateServer(server, { vmState: 'error', taskState: null, powerState: POWER_STATE.none, fault });
      return;
    }
    world.updateServer(server, { madeOf: imageId });
    startGuest(world, host, server);
    if (wasStopped) stopGuest(world, host, server.id);
    world.updateServer(server, {
      vmState: wasStopped ? 'stopped' : 'active',
      powerState: wasStopped ? POWER_STATE.shutdown : POWER_STATE.running,
      taskState: null,
      fault: null,
      launchedMs: world.clock.now(),
    });
  };
  const { rebuildMs = 0 } = world.options;
  if (rebuildMs === 0) spawn();
  else world.clock.after(rebuildMs, spawn);
}

/** An image that Nova has made of an instance (`createImage`): its owner's, with what Nova writes on it. @returns its id */
export function addSnapshot(
  world: World,
  server: SimServer,
  {
    id = world.random.uuid(),
    kind = 'snapshot',
    owner = server.projectId,
    ageMs = 0,
    status,
  }: {
    readonly id?: string;
    readonly kind?: 'snapshot' | 'backup';
    readonly owner?: string;
    readonly ageMs?: number;
    readonly status?: 'queued' | 'saving';
  } = {},
): string {
  world.images.set(id, {
    id,
    name: `${server.name}-${kind}`,
    tags: [],
    properties: { image_type: kind, instance_uuid: server.id, base_image_ref: server.imageId ?? '' },
    owner,
    createdMs: world.clock.now() - ageMs,
    ...(status === undefined ? {} : { status }),
  });
  return id;
}
