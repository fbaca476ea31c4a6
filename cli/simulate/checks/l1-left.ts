import type { SimServer } from '#sim/world/types.ts';
import { isFit } from '../owed.ts';
import { type Check, KNOWN_WITHIN_MS, type Scene } from './check.ts';
import { factsOf, instanceOf } from './intents.ts';

/**
 * An instance that ran or was stopped like any other is planned to be evacuated: what is odd about it must be true of it
 * in the cloud, now or as long ago as it may have been read.
 */
export function whatIsFitIsEvacuated({ simulation, segmentsOf }: Scene): Check {
  const { world } = simulation;

  function isLeft(server: SimServer, nowMs: number): boolean {
    const segment = segmentsOf(server.host ?? '')[0];
    return segment !== undefined && server.updatedMs < nowMs - KNOWN_WITHIN_MS.host && isFit(world, server, segment);
  }

  return {
    id: 'L1',
    sentence: 'what can be brought back is not left',
    see: (happening) => {
      for (const { type, stream, fact } of factsOf(happening)) {
        if (type !== 'task-planned' || fact.decision === 'evacuate') continue;
        const server = world.servers.get(instanceOf(stream));
        if (server !== undefined && isLeft(server, happening.atMs))
          return `${server.name} is ${server.vmState} and fit, and is not evacuated: ${String(fact.because)}`;
      }
      return undefined;
    },
  };
}
