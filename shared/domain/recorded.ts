import { orderKeys } from './order.ts';
import type { Segment } from './policy.ts';
import { entriesFor, protectionKeys } from './protect.ts';
import { restoreKeys } from './restore/snapshot.ts';
import type { RecordedServer, SeenServer, Signs } from './seen.ts';

/** Of what its owner and its flavor say only what the policy asks for: the rest may be long. */
export function recordServer(
  server: SeenServer,
  { instances, order }: Pick<Segment, 'instances' | 'order'>,
): Required<RecordedServer> {
  const { projectId, host, vmState, taskState, locked, fault, memoryMb, vcpus, flavorName, localDisks } = server;
  const keys = protectionKeys(instances);
  const metadata = entriesFor(server.metadata, [keys.metadata, ...orderKeys(order), ...restoreKeys(instances)]);
  const extraSpecs = entriesFor(server.extraSpecs, [keys.flavor, ...orderKeys(order)]);
  return {
    ...{ projectId, host, vmState, taskState, locked, metadata, fault },
    ...{ memoryMb, vcpus, flavorName, extraSpecs, localDisks },
  };
}

/** As it was seen. */
export const serverAgain = (recorded: RecordedServer, id: string, name: string): SeenServer => ({
  ...{ projectId: '', vcpus: 0, flavorName: '', extraSpecs: {} },
  ...recorded,
  id,
  name,
});

/** Of what stands beside an instance, the same. */
export function recordSigns({ image, aggregates, group, snapshot }: Signs, instances: Segment['instances']): Signs {
  const keys = protectionKeys(instances);
  const excluded = instances.exclude.map(({ imageTag }) => imageTag);
  return {
    ...(image === undefined ? {} : { image: image && recordImage(image, [keys.image, ...excluded]) }),
    ...(aggregates === undefined
      ? {}
      : {
          aggregates: aggregates
            .map(({ name, metadata }) => ({ name, metadata: entriesFor(metadata, [keys.aggregate]) }))
            .filter(({ metadata }) => Object.keys(metadata).length > 0),
        }),
    ...(group === undefined ? {} : { group }),
    ...(snapshot === undefined ? {} : { snapshot }),
  };
}

const recordImage = (
  { id, properties, tags }: NonNullable<Signs['image']>,
  keys: readonly (string | undefined)[],
): NonNullable<Signs['image']> => ({
  id,
  properties: entriesFor(properties, keys),
  tags: Object.keys(entriesFor(Object.fromEntries(tags.map((tag) => [tag, ''])), keys)),
});
