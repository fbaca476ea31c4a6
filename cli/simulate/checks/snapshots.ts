import type { Segment } from '#shared/domain/policy.ts';
import type { SimServer } from '#sim/world/types.ts';
import type { World } from '#sim/world/world.ts';

/** Whether the image is one that Nova has made of the instance for its own project. */
export function isSnapshotOf({ images }: World, { id, projectId }: SimServer, imageId: string | undefined): boolean {
  const image = images.get(imageId ?? '');
  return image !== undefined && image.properties.instance_uuid === id && image.owner === projectId;
}

/** Whether the policy lets the instance, whose disks are lost, be restarted from a snapshot that there is of it. */
export function mayBeRestarted(world: World, server: SimServer, { instances }: Segment, nowMs: number): boolean {
  const { restartFromSnapshot: policy } = instances;
  if (policy === undefined || server.flavor.ephemeralGb > 0 || server.lockedBy !== null) return false;
  if (policy.who === 'opted-in' && server.metadata[policy.metadataKey] !== 'true') return false;
  return [...world.images.values()].some(
    ({ id, createdMs = 0 }) =>
      isSnapshotOf(world, server, id) && nowMs - createdMs <= (policy.maxAgeSeconds + PLANNED_WITHIN_SECONDS) * 1000,
  );
}

/** It is judged when it is planned, and may wait for room or its turn from then on. */
const PLANNED_WITHIN_SECONDS = 3600;
