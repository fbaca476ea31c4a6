import { fitsGlob } from './glob.ts';
import type { Segment } from './policy.ts';
import type { SeenServer, Signs } from './seen.ts';

type Instances = Segment['instances'];

/** Who may say whether an instance is protected, the nearest first: the first one that says anything counts. */
const WAYS = ['metadata', 'image', 'flavor', 'aggregate'] as const;
type Way = (typeof WAYS)[number];
/** Those that come with the instance itself. */
const FREE: readonly Way[] = ['metadata', 'flavor'];

/** The keys that are asked for, by way; undefined: nobody asks there. */
export function protectionKeys(instances: Instances): Readonly<Record<Way, string | undefined>> {
  const said = instances.saidIn ?? (instances.protect === 'opted-in' ? WAYS : FREE);
  const keyOf = (way: Way, key: string): string | undefined => (said.includes(way) ? key : undefined);
  return {
    metadata: keyOf('metadata', instances.metadataKey),
    image: keyOf('image', instances.imageKey),
    flavor: keyOf('flavor', instances.flavorKey),
    aggregate: keyOf('aggregate', instances.aggregateKey),
  };
}

/** What must be read besides the instance to tell whether it is protected. */
export function signsNeeded(instances: Instances): { readonly images: boolean; readonly aggregates: boolean } {
  const { image, aggregate } = protectionKeys(instances);
  const byTag = instances.exclude.some(({ imageTag }) => imageTag !== undefined);
  return { images: image !== undefined || byTag, aggregates: aggregate !== undefined };
}

/** Whether the policy protects the instance at all; undefined when it does. */
export function notProtected(
  server: Pick<SeenServer, 'name' | 'metadata' | 'flavorName' | 'extraSpecs' | 'projectId'>,
  signs: Signs,
  instances: Instances,
): string | undefined {
  const entry = instances.exclude.find((each) => isExcluded(server, signs, each));
  if (entry !== undefined) return `excluded: ${entry.because}`;
  const keys = protectionKeys(instances);
  const words: Readonly<Record<Way, readonly Word[]>> = {
    metadata: wordsIn(server.metadata, keys.metadata),
    image: [...wordsIn(signs.image?.properties, keys.image), ...wordsOfTags(signs.image?.tags, keys.image)],
    flavor: wordsIn(server.extraSpecs, keys.flavor),
    aggregate: (signs.aggregates ?? []).flatMap(({ metadata }) => wordsIn(metadata, keys.aggregate)),
  };
  for (const way of WAYS) {
    const told = words[way].filter(({ says }) => says !== undefined);
    const out = told.find(({ says }) => says === 'out');
    if (out !== undefined) return `opted out: ${way} ${out.key} is ${out.value}`;
    if (told.length > 0) return undefined;
  }
  if (instances.protect === 'all') return undefined;
  const [nearest = 'metadata', ...others] = WAYS.filter((way) => keys[way] !== undefined);
  const value = words[nearest][0]?.value ?? 'absent';
  const nor = others.length === 0 ? '' : `, nor by ${others.join(', ')}`;
  return `not opted in: ${nearest} ${keys[nearest]} is ${value}${nor}`;
}

interface Word {
  readonly key: string;
  readonly value: string;
  readonly says: 'in' | 'out' | undefined;
}

const IN = ['true', 'yes', 'on', '1'];
const OUT = ['false', 'no', 'off', '0'];

function wordsIn(said: Readonly<Record<string, string>> | null | undefined, key: string | undefined): readonly Word[] {
  return Object.entries(said ?? {})
    .filter(([name]) => isNamed(name, key))
    .map(([name, given]) => {
      const value = given.trim().toLowerCase();
      return { key: name, value, says: IN.includes(value) ? 'in' : OUT.includes(value) ? 'out' : undefined };
    });
}

/** An image that is tagged with the key is opted in. */
const wordsOfTags = (tags: readonly string[] | undefined, key: string | undefined): readonly Word[] =>
  (tags ?? []).filter((tag) => isNamed(tag, key)).map((tag) => ({ key: tag, value: 'a tag', says: 'in' }));

/** InstanceHA takes a key with a prefix for the same: `ha:evacuable`. */
const isNamed = (name: string, key: string | undefined): boolean =>
  key !== undefined && (name === key || name.endsWith(`:${key}`));

/** The entries that a decision may look at: of the others nothing goes into the log. */
export const entriesFor = (
  said: Readonly<Record<string, string>>,
  keys: readonly (string | undefined)[],
): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(said).filter(([name]) => keys.some((key) => isNamed(name, key))));

function isExcluded(
  server: Pick<SeenServer, 'name' | 'flavorName' | 'projectId'>,
  { image }: Signs,
  { name, flavor, imageTag, project }: Instances['exclude'][number],
): boolean {
  return (
    (name === undefined || fitsGlob(server.name, name)) &&
    (flavor === undefined || fitsGlob(server.flavorName, flavor)) &&
    (imageTag === undefined || image?.tags.includes(imageTag) === true) &&
    (project === undefined || server.projectId === project)
  );
}
