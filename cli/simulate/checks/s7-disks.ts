import type { SimServer } from '#sim/world/types.ts';
import { type Check, KNOWN_WITHIN_MS, type Scene } from './check.ts';
import { lossOf } from './disks.ts';
import { factsOf, instanceOf } from './intents.ts';
import { mustBeLeft } from './protection.ts';
import { mayBeRestarted } from './snapshots.ts';

/** Nothing of what is not protected, and no disk that Nova would replace by an empty one. */
export function noDiskIsLost({ simulation, segmentsOf }: Scene): Check {
  const optedOutAtMs = new Map<string, number>();

  function judge(server: SimServer, nowMs: number): string | undefined {
    const segment = segmentsOf(server.host ?? '')[0];
    if (segment === undefined) return undefined;
    const loss = lossOf(server, segment);
    if (loss !== undefined && !mayBeRestarted(simulation.world, server, segment, nowMs))
      return `${server.name} ${loss}`;
    const isLeft = mustBeLeft(simulation.world, server, segment);
    if (isLeft && (optedOutAtMs.get(server.id) ?? 0) < nowMs - KNOWN_WITHIN_MS.instance)
      return `${server.name} is not protected`;
    return undefined;
  }

  return {
    id: 'S7',
    sentence: 'no disk is lost in silence, and what is not protected is left alone',
    see: (happening) => {
      if (happening.kind === 'struck' && happening.strike.kind === 'instance-opted-out')
        optedOutAtMs.set(happening.strike.instanceId ?? '', happening.atMs);
      for (const { type, stream } of factsOf(happening)) {
        const server = type === 'evacuate-intended' ? simulation.world.servers.get(instanceOf(stream)) : undefined;
        const broken = server && judge(server, happening.atMs);
        if (broken !== undefined) return broken;
      }
      return undefined;
    },
  };
}
