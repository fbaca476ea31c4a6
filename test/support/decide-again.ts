import type { HostBasis } from '#shared/domain/basis.ts';
import type { HostFact, HostState } from '#shared/domain/host.ts';
import { decideHostAgain } from '#shared/domain/replay/host.ts';
import type { ReplayedTasks } from '#shared/domain/replay/tasks.ts';
import { aPolicy, NOW_MS } from './builders.ts';

export const at = { atMs: NOW_MS };
/** Of a basis that has chance in it. */
export const chance = { ...at, random: 0.5 };

export interface Story {
  readonly facts?: readonly HostFact[];
  readonly tasks?: ReplayedTasks;
  readonly policy?: Parameters<typeof aPolicy>;
}

/** What is decided of a host, on the basis and the facts that were recorded. */
export function decideAgain(
  host: HostState,
  basis: HostBasis | undefined,
  { facts = [], tasks, policy = [] }: Story = {},
) {
  const recorded = basis && { ...basis, version: 1, policy: 'p' };
  const decision = { stream: 's', seq: 5, ...at, version: 1, basis: recorded, facts: facts as never };
  return decideHostAgain(host, decision, aPolicy(...policy), tasks);
}
