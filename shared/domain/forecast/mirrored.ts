import type { Segment } from '../policy.ts';
import { recordServer, recordSigns } from '../recorded.ts';
import type { Signs } from '../seen.ts';
import { isImageNeed, isNeed, isPortNeed } from './needs.ts';
import type { ForecastServer, HostInstances } from './view.ts';

/**
 * An instance as it is kept for forecasts: what a plan looks at, and of that only what is not as usual, since a cloud has
 * tens of thousands.
 */
export type MirroredServer = Pick<
  ForecastServer,
  'id' | 'name' | 'projectId' | 'vmState' | 'memoryMb' | 'vcpus' | 'flavorName'
> &
  Partial<
    Pick<
      ForecastServer,
      'taskState' | 'locked' | 'metadata' | 'extraSpecs' | 'localDisks' | 'pinnedZone' | 'imageProperties' | 'ports'
    >
  > & {
    readonly signs?: Signs;
  };

const NO_DISKS: ForecastServer['localDisks'] = { root: false, ephemeralGb: 0, swapMb: 0, vtpm: false };

/** @param signs only what its image says, and its snapshot: aggregates are kept once for all */
export function mirrored(server: ForecastServer, signs: Signs | undefined, segment: Segment): MirroredServer {
  const { id, name, pinnedZone } = server;
  const recorded = recordServer(server, segment);
  const { projectId, vmState, taskState, locked, metadata, memoryMb, vcpus, flavorName, localDisks } = recorded;
  const needs = Object.entries(server.extraSpecs).filter(([key]) => isNeed(key));
  const ofImage = Object.entries(server.imageProperties ?? {}).filter(([key]) => isImageNeed(key));
  const ports = (server.ports ?? []).filter(isPortNeed);
  const extraSpecs = { ...recorded.extraSpecs, ...Object.fromEntries(needs) };
  const { image, snapshot } = recordSigns(signs ?? {}, segment.instances);
  // How old it is shows at the time of the forecast; kept, it would have to be written anew each time.
  const kept = {
    ...(image == null ? {} : { image }),
    ...(snapshot === undefined ? {} : { snapshot: snapshot && { ...snapshot, ageSeconds: 0 } }),
  };
  return {
    ...{ id, name, projectId, vmState, memoryMb, vcpus, flavorName },
    ...(taskState === null ? {} : { taskState }),
    ...(locked ? { locked } : {}),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    ...(Object.keys(extraSpecs).length === 0 ? {} : { extraSpecs }),
    ...(JSON.stringify(localDisks) === JSON.stringify(NO_DISKS) ? {} : { localDisks }),
    ...(pinnedZone == null ? {} : { pinnedZone }),
    ...(ofImage.length === 0 ? {} : { imageProperties: Object.fromEntries(ofImage) }),
    ...(ports.length === 0 ? {} : { ports }),
    ...(Object.keys(kept).length === 0 ? {} : { signs: kept }),
  };
}

/** As it was seen. What is unfinished in Nova shows in the states of its instances. */
export function unfolded(
  host: string,
  servers: readonly MirroredServer[],
  aggregates: NonNullable<Signs['aggregates']>,
  unread: readonly string[] = [],
): HostInstances {
  return {
    servers: servers.map(
      ({ signs: _, ...server }): ForecastServer => ({
        ...{ host, taskState: null, locked: false, metadata: {}, extraSpecs: {}, localDisks: NO_DISKS, fault: null },
        ...server,
      }),
    ),
    signs: new Map(servers.map(({ id, signs }) => [id, { image: null, ...signs, aggregates }])),
    evacuations: [],
    otherMigrations: [],
    ...(unread.length === 0 ? {} : { unread }),
  };
}

/** Cut so that each part is below so many bytes of JSON; one part at least. */
export function inParts<T>(all: readonly T[], maxBytes: number): readonly (readonly T[])[] {
  const parts: T[][] = [[]];
  let bytes = 0;
  for (const each of all) {
    const size = Buffer.byteLength(JSON.stringify(each)) + 1;
    if (bytes + size > maxBytes && bytes > 0) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(each);
    bytes += size;
  }
  return parts;
}
