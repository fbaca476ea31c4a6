import type { SimMigration } from '#sim/world/types.ts';
import { isUnfinishedMove } from '../ports/nova-view.ts';
import { type Check, KNOWN_WITHIN_MS, type Scene } from './check.ts';
import { factsOf, instanceOf } from './intents.ts';

/** At most one evacuation of an instance at a time; and none beside a migration that is not over. */
export function oneEvacuationAtATime({ simulation }: Scene): Check {
  const { migrationsByServer } = simulation.world;
  /** When the last attempt for each instance was committed. */
  const intendedAtMs = new Map<string, number>();
  let ruins: string | undefined;

  function whenIntended(instanceId: string, nowMs: number): string | undefined {
    intendedAtMs.set(instanceId, nowMs);
    const host = simulation.world.servers.get(instanceId)?.host ?? '';
    // One that a dead host has left behind is no matter any more where an operator has evacuated the instance to.
    const move = (migrationsByServer.get(instanceId) ?? []).find(
      (each) =>
        isUnfinishedMove(each) &&
        [each.sourceHost, each.destHost].includes(host) &&
        each.createdMs < nowMs - KNOWN_WITHIN_MS.grant,
    );
    return move && `${instanceId} is to be evacuated while its ${move.type} ${move.id} is not over`;
  }

  function whenTaken(instanceId: string): string | undefined {
    const duringAnother = ruins === instanceId;
    ruins = undefined;
    if (!duringAnother) return undefined;
    const other = lastBefore(migrationsByServer.get(instanceId) ?? []);
    // Nova can't be asked for both at once: who is quicker than that is not to be seen.
    const seenFrom = (intendedAtMs.get(instanceId) ?? 0) - KNOWN_WITHIN_MS.instance;
    if (other?.userId !== 'salvor' && (other?.createdMs ?? 0) > seenFrom) return undefined;
    return `${instanceId} was asked for while evacuation ${other?.id} of ${other?.userId} ran`;
  }

  return {
    id: 'S4',
    sentence: 'an instance has at most one evacuation in flight, whoever started it',
    see: (happening) => {
      if (happening.kind === 'fact' && happening.fact.kind === 'evacuate-accepted')
        ruins = happening.fact.duringAnother ? happening.fact.serverId : undefined;
      if (happening.kind === 'arrived' && happening.request.act === 'evacuate' && happening.did)
        return whenTaken(happening.request.instanceId ?? '');
      for (const { type, stream } of factsOf(happening)) {
        const broken = type === 'evacuate-intended' ? whenIntended(instanceOf(stream), happening.atMs) : undefined;
        if (broken !== undefined) return broken;
      }
      return undefined;
    },
  };
}

const lastBefore = (migrations: readonly SimMigration[]): SimMigration | undefined =>
  migrations.filter(({ type }) => type === 'evacuation').at(-2);
