import type { SimMigration } from '#sim/world/types.ts';
import type { OutsideRequest } from '../engine/log.ts';
import { isUnfinishedMove } from '../ports/nova-view.ts';
import { type Check, FRESH_MS, type Scene } from './check.ts';

/** At most one evacuation of an instance at a time; and none beside a migration that is not over. */
export function oneEvacuationAtATime({ simulation }: Scene): Check {
  let ruins: string | undefined;

  function judge({ instanceId = '', sentAtMs }: OutsideRequest): string | undefined {
    const duringAnother = ruins === instanceId;
    ruins = undefined;
    const migrations = simulation.world.migrationsByServer.get(instanceId) ?? [];
    const move = migrations.find((each) => isUnfinishedMove(each) && each.createdMs < sentAtMs - FRESH_MS);
    if (move !== undefined) return `${instanceId} was asked for while its ${move.type} ${move.id} is not over`;
    if (!duringAnother) return undefined;
    const other = lastBefore(migrations);
    // Nova can't be asked for both at once: who is quicker than a minute is not to be seen.
    if (other?.userId !== 'salvor' && (other?.createdMs ?? 0) > sentAtMs - FRESH_MS) return undefined;
    return `${instanceId} was asked for while evacuation ${other?.id} of ${other?.userId} ran`;
  }

  return {
    id: 'S4',
    sentence: 'an instance has at most one evacuation in flight, whoever started it',
    see: (happening) => {
      if (happening.kind === 'fact' && happening.fact.kind === 'evacuate-accepted')
        ruins = happening.fact.duringAnother ? happening.fact.serverId : undefined;
      return happening.kind === 'arrived' && happening.request.act === 'evacuate' && happening.did
        ? judge(happening.request)
        : undefined;
    },
  };
}

const lastBefore = (migrations: readonly SimMigration[]): SimMigration | undefined =>
  migrations.filter(({ type }) => type === 'evacuation').at(-2);
