import type { HostState } from '#shared/domain/host.ts';
import { decideMoveAnswer } from '#shared/domain/move-ends.ts';
import { moveAnswered } from '#shared/domain/moves.ts';
import type { Services } from '#shared/services.ts';
import type { Loaded } from '#shared/state/items.ts';
import { commitCareOutcome } from './care-step.ts';

/** Sends the one request of a move whose intent was committed. What becomes of it is seen at the next looks. */
export async function liveMigrate(
  services: Services,
  intended: Loaded<HostState>,
  { of, instanceId, to }: { readonly of: string; readonly instanceId: string; readonly to: string | null },
): Promise<Loaded<HostState>> {
  const { compute, chance, policy } = services;
  const answered = moveAnswered(of, instanceId, await compute.liveMigrate(instanceId, { host: to }));
  return commitCareOutcome(services, intended, (host, atMs) => {
    const random = chance.random();
    return { facts: decideMoveAnswer(host, answered, policy, atMs, random), basis: { by: 'move', atMs, random } };
  });
}
