import type { Segment } from '#shared/domain/policy.ts';
import type { SimServer } from '#sim/world/types.ts';
import type { World } from '#sim/world/world.ts';

/** By its own reading of the policy, not by the deciders': who judges must not ask the judged. */

const YES = /^(true|yes|on|1)$/i;
const NO = /^(false|no|off|0)$/i;

type Said = Readonly<Record<string, string>>;

function valuesOf(said: Said, key: string): readonly string[] {
  const names = Object.keys(said).filter((name) => name.split(':').at(-1) === key || name === key);
  return names.map((name) => (said[name] ?? '').trim());
}

/** Whether the cloud says now that the instance must be left alone. */
export function mustBeLeft(world: World, server: SimServer, { instances }: Segment): boolean {
  const image = world.images.get(server.imageId ?? '');
  const excluded = instances.exclude.some(
    ({ name, flavor, imageTag, project }) =>
      isLike(server.name, name) &&
      isLike(server.flavor.name, flavor) &&
      (imageTag === undefined || image?.tags.includes(imageTag) === true) &&
      (project === undefined || project === server.projectId),
  );
  if (excluded) return true;
  const { protect, saidIn } = instances;
  const asked = saidIn ?? (protect === 'all' ? ['metadata', 'flavor'] : ['metadata', 'image', 'flavor', 'aggregate']);
  const tagged = image?.tags.some((tag) => tag.split(':').at(-1) === instances.imageKey) === true ? ['yes'] : [];
  const told: Readonly<Record<string, readonly string[]>> = {
    metadata: valuesOf(server.metadata, instances.metadataKey),
    image: [...valuesOf(image?.properties ?? {}, instances.imageKey), ...tagged],
    flavor: valuesOf(server.flavor.extraSpecs, instances.flavorKey),
    aggregate: world.aggregates
      .filter(({ hosts }) => hosts.includes(server.host ?? ''))
      .flatMap(({ metadata }) => valuesOf(metadata, instances.aggregateKey)),
  };
  for (const place of ['metadata', 'image', 'flavor', 'aggregate'].filter((each) =>
    asked.some((one) => one === each),
  )) {
    if (told[place]?.some((value) => NO.test(value)) === true) return true;
    if (told[place]?.some((value) => YES.test(value)) === true) return false;
  }
  return protect === 'opted-in';
}

const isLike = (text: string, pattern: string | undefined): boolean =>
  pattern === undefined ||
  new RegExp(`^${RegExp.escape(pattern).replaceAll('\\*', '.*').replaceAll('\\?', '.')}$`).test(text);
