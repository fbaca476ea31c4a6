import { NO_GUARD, whyHalted } from '#shared/domain/guards.ts';
import type { Segment } from '#shared/domain/policy.ts';
import type { StateWrite } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { guardCheck, loadGuard } from '#shared/state/guards.ts';

/** The switches that a host is under: that of its segment, if it is in one, and the global one. */
export interface Switches {
  /** Why nothing may be asked of the outside that changes anything there. */
  readonly halted: string | null;
  /** For the transaction that commits an intent: it fails once anybody has moved one of them. */
  readonly unchanged: readonly StateWrite[];
}

export async function readSwitches({ state, clock }: Services, segment: Segment | null): Promise<Switches> {
  const name = segment && { segment: segment.name };
  const [own, global] = await Promise.all([name && loadGuard(state, name), loadGuard(state, 'global')]);
  const halted = whyHalted({ segment: own?.value ?? NO_GUARD, global: global.value }, clock.now()) ?? null;
  return {
    halted,
    unchanged: [...(name && own ? [guardCheck(name, own)] : []), guardCheck('global', global)],
  };
}
