import type { RecordedGroup } from '#shared/domain/placed-groups.ts';
import type { Segment } from '#shared/domain/policy.ts';
import { signsNeeded } from '#shared/domain/protect.ts';
import type { Signs } from '#shared/domain/seen.ts';
import type { Compute, Image, Server } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { orOutage } from './live.ts';
import { readGroups } from './read-groups.ts';

/** So many images are asked for at the same time. */
const AT_ONCE = 10;

/**
 * What stands beside the instances of a host, as far as the policy asks: each image once, the host's aggregates, their
 * server groups.
 * @param known instances of the incident that were planned before
 * @throws as the reads of the port `Compute`: who can't be read is not taken for who says nothing
 */
export async function readSigns(
  services: Services,
  host: string,
  servers: readonly Server[],
  { instances, destinations }: Segment,
  known: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Signs>> {
  const { compute } = services;
  if (servers.length === 0) return new Map();
  const needed = signsNeeded(instances);
  const wanted = needed.images ? servers.flatMap(({ imageId }) => (imageId === null ? [] : [imageId])) : [];
  const [images, all, groups] = await Promise.all([
    readImages(compute, [...new Set(wanted)]),
    needed.aggregates ? compute.aggregates() : undefined,
    destinations.serverGroups ? groupsOrNone(services, host, servers, known) : new Map<string, RecordedGroup>(),
  ]);
  const aggregates = all?.filter(({ hosts }) => hosts.includes(host)).map(({ name, metadata }) => ({ name, metadata }));
  return new Map(
    servers.map(({ id, imageId }) => {
      const group = groups.get(id);
      return [
        id,
        {
          ...(needed.images ? { image: imageId === null ? null : (images.get(imageId) ?? null) } : {}),
          ...(aggregates === undefined ? {} : { aggregates }),
          ...(group === undefined ? {} : { group }),
        },
      ];
    }),
  );
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
  const found = new Map<string, Image>();
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const images = await Promise.all(ids.slice(from, from + AT_ONCE).map((id) => compute.image(id)));
    for (const image of images) if (image !== undefined) found.set(image.id, image);
  }
  return found;
}
