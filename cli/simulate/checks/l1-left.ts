import { notProtected } from '#shared/domain/instances.ts';
import type { SimServer } from '#sim/world/types.ts';
import { isUnfinishedMove } from '../ports/nova-view.ts';
import { type Check, KNOWN_WITHIN_MS, type Scene } from './check.ts';
import { lossOf } from './disks.ts';
import { factsOf, instanceOf } from './intents.ts';

/**
 * An instance that ran or was stopped like any other is planned to be evacuated: what is odd about it must be true of it
 * in the cloud, now or as long ago as it may have been read.
 */
export function whatIsFitIsEvacuated({ simulation, segmentsOf }: Scene): Check {
  const { servers, migrationsByServer } = simulation.world;

  function isFit(server: SimServer, nowMs: number): boolean {
    const segment = segmentsOf(server.host ?? '')[0];
    if (segment === undefined || notProtected(server, segment.instances) !== undefined) return false;
    const isPlain = ['active', 'stopped'].includes(server.vmState) && server.taskState === null;
    const isQuiet = server.updatedMs < nowMs - KNOWN_WITHIN_MS.host;
    return (
      isPlain &&
      isQuiet &&
      lossOf(server, segment) === undefined &&
      !(migrationsByServer.get(server.id) ?? []).some(isUnfinishedMove)
    );
  }

  return {
    id: 'L1',
    sentence: 'what can be brought back is not left',
    see: (happening) => {
      for (const { type, stream, fact } of factsOf(happening)) {
        if (type !== 'task-planned' || fact.decision === 'evacuate') continue;
        const server = servers.get(instanceOf(stream));
        if (server !== undefined && isFit(server, happening.atMs))
          return `${server.name} is ${server.vmState} and fit, and is not evacuated: ${String(fact.because)}`;
      }
      return undefined;
    },
  };
}
