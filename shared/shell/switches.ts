import { NO_GUARD, whyHalted } from '#shared/domain/guards.ts';
import type { Segment } from '#shared/domain/policy.ts';
import type { StateWrite } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { guardCheck, loadGuard } from '#shared/state/guards.ts';
import { loadInventoryHost } from '#shared/state/inventory.ts';

/** The switches that something is under: those of the segments that it is about, and the global one. */
export interface Switches {
  /** Why nothing may be asked of the outside that changes anything there. */
  readonly halted: string | null;
  /** For the transaction that commits an intent: it fails once anybody has moved one of them. */
  readonly unchanged: readonly StateWrite[];
}

/** @param segments null: a host that is in none */
export async function readSwitches(
  { state, clock }: Services,
  ...segments: readonly (Segment | null)[]
): Promise<Switches> {
  const names = [...new Set(segments.flatMap((each) => (each === null ? [] : [each.name])))];
  const global = await loadGuard(state, 'global');
  const own = await Promise.all(
    names.map(async (segment) => ({ segment, guard: await loadGuard(state, { segment }) })),
  );
  const guards = own.length === 0 ? [NO_GUARD] : own.map(({ guard }) => guard.value);
  const halted = guards.flatMap((segment) => whyHalted({ segment, global: global.value }, clock.now()) ?? [])[0];
  return {
    halted: halted ?? null,
    unchanged: [...own.map(({ segment, guard }) => guardCheck({ segment }, guard)), guardCheck('global', global)],
  };
}

/** The segment of a host by the mirror of the inventory; null when none holds it, or several. */
export async function mirroredSegment({ state, policy }: Services, host: string): Promise<Segment | null> {
  const known = await loadInventoryHost(state, policy.cloud.name, policy.cloud.region, host);
  return policy.segments.find(({ name }) => name === known?.segment) ?? null;
}
