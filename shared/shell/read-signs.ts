import type { RecordedGroup } from '#shared/domain/placed-groups.ts';
import type { Segment } from '#shared/domain/policy.ts';
import { signsNeeded } from '#shared/domain/protect.ts';
import type { Signs } from '#shared/domain/seen.ts';
import { inTurn } from '#shared/in-turn.ts';
import type { Compute, Image, Server } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { orOutage } from './live.ts';
import { readGroups } from './read-groups.ts';
import { readSnapshots } from './read-snapshots.ts';

/** So many images are asked for at the same time. */
const AT_ONCE = 10;

/**
 * What stands beside the instances of a host and says whether they are protected, as far as the policy asks: each image
 * once, and the host's aggregates.
 * @throws as the reads of the port `Compute`: who can't be read is not taken for who says nothing
 */
export async function readSigns(
  compute: Compute,
  host: string,
  servers: readonly Server[],
  instances: Segment['instances'],
): Promise<ReadonlyMap<string, Signs>> {
  const needed = signsNeeded(instances);
  if (servers.length === 0 || !(needed.images || needed.aggregates)) return new Map();
  const wanted = needed.images ? servers.flatMap(({ imageId }) => (imageId === null ? [] : [imageId])) : [];
  const [images, all] = await Promise.all([
    readImages(compute, [...new Set(wanted)]),
    needed.aggregates ? compute.aggregates() : undefined,
  ]);
  const aggregates = all?.filter(({ hosts }) => hosts.includes(host)).map(({ name, metadata }) => ({ name, metadata }));
  return new Map(
    servers.map(({ id, imageId }) => [
      id,
      {
        ...(needed.images ? { image: imageId === null ? null : (images.get(imageId) ?? null) } : {}),
        ...(aggregates === undefined ? {} : { aggregates }),
      },
    ]),
  );
}

/**
 * The same, and the snapshots of those that the policy would restart from one.
 * @throws as `readSigns`
 */
export async function readSignsAndSnapshots(
  compute: Compute,
  host: string,
  servers: readonly Server[],
  instances: Segment['instances'],
  nowMs: number,
): Promise<ReadonlyMap<string, Signs>> {
  const [signs, snapshots] = await Promise.all([
    readSigns(compute, host, servers, instances),
    readSnapshots(compute, servers, instances, nowMs),
  ]);
  const both = new Map(signs);
  for (const [id, snapshot] of snapshots) both.set(id, { ...both.get(id), snapshot });
  return both;
}

/**
 * The same, and their server groups where the policy keeps to them.
 * @param known instances of the incident that were planned before
 * @throws as `readSigns`
 */
export async function readSignsAndGroups(
  services: Services,
  host: string,
  servers: readonly Server[],
  { instances, destinations }: Segment,
  known: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Signs>> {
  const [signs, groups] = await Promise.all([
    readSignsAndSnapshots(services.compute, host, servers, instances, services.clock.now()),
    destinations.serverGroups && servers.length > 0
      ? groupsOrNone(services, host, servers, known)
      : new Map<string, RecordedGroup>(),
  ]);
  const all = new Map(signs);
  for (const [id, group] of groups) all.set(id, { ...all.get(id), group });
  return all;
}

/** Nova holds instances to their groups itself: who can't read them does worse, and no harm. */
export async function groupsOrNone(
  { compute, log }: Services,
  host: string,
  servers: readonly { readonly id: string }[],
  known: ReadonlySet<string>,
): Promise<ReadonlyMap<string, RecordedGroup>> {
  const read = await orOutage(
    readGroups(
      compute,
      host,
      servers.map(({ id }) => id),
      known,
    ),
  );
  if ('value' in read) return read.value;
  log.warn('server groups can not be read: Nova alone looks after them', { host, because: read.outage });
  return new Map();
}

async function readImages(compute: Compute, ids: readonly string[]): Promise<ReadonlyMap<string, Image>> {
  const images = await inTurn(ids, AT_ONCE, (id) => compute.image(id));
  return new Map(images.flatMap((image) => (image === undefined ? [] : [[image.id, image] as const])));
}
