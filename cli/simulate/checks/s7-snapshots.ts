import type { OutsideRequest } from '../engine/log.ts';
import type { Check, Scene } from './check.ts';
import { lossOf } from './disks.ts';
import { factsOf, instanceOf } from './intents.ts';
import { isSnapshotOf, mayBeRestarted } from './snapshots.ts';

/**
 * An instance whose disk is lost runs again from a snapshot of its own, where the policy says so, and never from what Nova has
 * put in the place of its disk. Told by what its disk was really made of.
 */
export function startedFromSnapshotsOnly({ simulation, incidents, around }: Scene): Check {
  const { world } = simulation;
  /** Those that salvor evacuates although their disk is lost, with the segment under whose policy. */
  const restoring = new Map<string, string>();

  function whenAsked({ act, instanceId = '', imageId }: OutsideRequest, nowMs: number): string | undefined {
    const server = world.servers.get(instanceId);
    const segment = around.segment(restoring.get(instanceId));
    if (server === undefined) return undefined;
    if (act === 'rebuild') {
      if (segment === undefined || !mayBeRestarted(world, server, segment, nowMs))
        return `${server.name} is rebuilt, and no policy says so`;
      return isSnapshotOf(world, server, imageId)
        ? undefined
        : `${server.name} is rebuilt from what is no snapshot of it`;
    }
    if (act !== 'start-restored' && (act !== 'reboot' || segment === undefined)) return undefined;
    return isSnapshotOf(world, server, server.madeOf)
      ? undefined
      : `${server.name} is started, and its disk is of its original image`;
  }

  return {
    id: 'S7',
    sentence: 'who has lost its disk is started from a snapshot of its own, by the policy, or not at all',
    see: (happening) => {
      for (const { type, stream, fact } of factsOf(happening)) {
        if (type !== 'evacuate-intended') continue;
        const server = world.servers.get(instanceOf(stream));
        const name = incidents.segmentOf(incidents.hostOf(stream) ?? '') ?? '';
        const segment = around.segment(name);
        if (server === undefined || segment === undefined || lossOf(server, segment) === undefined) continue;
        if (fact.way === 'as-it-was') return `${server.name} is evacuated to run from its original image`;
        restoring.set(server.id, name);
      }
      return happening.kind === 'asked' ? whenAsked(happening.request, happening.atMs) : undefined;
    },
  };
}
