import type { Segment } from '#shared/domain/policy.ts';
import { signsNeeded } from '#shared/domain/protect.ts';
import type { Signs } from '#shared/domain/seen.ts';
import type { Compute, Image, Server } from '#shared/ports.ts';

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

async function readImages(compute: Compute, ids: readonly string[]): Promise<ReadonlyMap<string, Image>> {
  const found = new Map<string, Image>();
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const images = await Promise.all(ids.slice(from, from + AT_ONCE).map((id) => compute.image(id)));
    for (const image of images) if (image !== undefined) found.set(image.id, image);
  }
  return found;
}
