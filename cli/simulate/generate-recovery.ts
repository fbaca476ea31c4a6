import type { Random } from '#sim/random.ts';
import { chanceFor, happens, pickOne } from './engine/chance.ts';
import type { PlannedFlavor, PlannedImage, PlannedInstance, Scenario, SegmentInput } from './scenario.ts';

/**
 * What concerns who is brought back, in what order, and where to, added to a scenario: by a chance of its own, so that
 * all else of a seed stays as it was.
 */
export function withRecovery(scenario: Scenario): Scenario {
  const random = chanceFor(scenario.seed, 'recovery');
  const { policy } = scenario;
  return {
    ...scenario,
    flavors: FLAVORS,
    images: IMAGES,
    instances: scenario.instances.map((instance, index) => protectedBy(random, instance, index)),
    aggregateMetadata: happens(random, 0.3) ? { evacuable: pickOne(random, ['true', 'false', 'perhaps']) } : {},
    policy: {
      ...policy,
      segments: policy.segments.map((segment) => ({ ...segment, instances: whoOf(random, segment.instances) })),
    },
  };
}

const plain = { memoryMb: 512, vcpus: 1 };
const FLAVORS: readonly PlannedFlavor[] = [
  { name: 'opted-in', ...plain, extraSpecs: { 'ha:evacuable': 'true' } },
  { name: 'opted-out', ...plain, extraSpecs: { evacuable: 'false' } },
  { name: 'm1.amphora', ...plain, extraSpecs: {} },
];
const IMAGES: readonly PlannedImage[] = [
  { name: 'property-in', tags: [], properties: { evacuable: 'yes' } },
  { name: 'property-out', tags: [], properties: { evacuable: 'no' } },
  { name: 'tagged', tags: ['evacuable'], properties: {} },
  { name: 'octavia', tags: ['amphora'], properties: {} },
];

function protectedBy(random: Random, instance: PlannedInstance, index: number): PlannedInstance {
  const flavor = instance.flavor === 'tiny' && happens(random, 0.2) ? pickOne(random, FLAVORS).name : instance.flavor;
  const image = happens(random, 0.2) ? { image: pickOne(random, IMAGES).name } : {};
  const number = String(index).padStart(12, '0');
  const name = happens(random, 0.02) ? `amphora-00000000-0000-4000-8000-${number}` : instance.name;
  return { ...instance, ...image, name, flavor };
}

function whoOf(random: Random, instances: SegmentInput['instances']): SegmentInput['instances'] {
  const saidIn = pickOne(random, [
    [],
    ['metadata', 'image', 'flavor', 'aggregate'],
    ['metadata', 'aggregate'],
    ['image', 'flavor'],
  ] as const);
  const exclude = happens(random, 0.2) ? [{ imageTag: 'amphora', because: 'simulated: it is an amphora' }] : undefined;
  return {
    ...instances,
    ...(saidIn.length === 0 ? {} : { saidIn: [...saidIn] }),
    ...(exclude === undefined ? {} : { exclude }),
  };
}
