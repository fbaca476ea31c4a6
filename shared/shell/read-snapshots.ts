import type { Segment } from '#shared/domain/policy.ts';
import { mayBeRestored, newestOf } from '#shared/domain/restore/snapshot.ts';
import type { SeenSnapshot } from '#shared/domain/seen.ts';
import { inTurn } from '#shared/in-turn.ts';
import type { Compute, Server } from '#shared/ports.ts';

/** So many instances are asked for at the same time. */
const AT_ONCE = 10;

/**
 * The newest snapshot of each instance that the policy would restart from one; null: there is none.
 * @throws as the reads of the port `Compute`: what can't be read is not taken for none
 */
export async function readSnapshots(
  compute: Compute,
  servers: readonly Server[],
  instances: Segment['instances'],
  nowMs: number,
): Promise<ReadonlyMap<string, SeenSnapshot | null>> {
  const wanted = servers.filter((server) => mayBeRestored(server, instances));
  const found = await inTurn(
    wanted,
    AT_ONCE,
    async (server) => [server.id, newestOf(await compute.snapshotsOf(server), nowMs)] as const,
  );
  return new Map(found);
}
