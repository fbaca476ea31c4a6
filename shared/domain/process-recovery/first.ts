import { fits } from '#shared/pattern.ts';
import type { Segment } from '../policy.ts';
import type { ProcessesState } from './process.ts';

/**
 * Whether nova-compute of the host is being started again, as the policy has it. That Nova hears nothing of the host is no
 * news meanwhile, and must not have a host fenced that lives: the cheap step goes first. Others may accuse it all the while,
 * and Nova's word counts again as soon as something keeps the restarts, or all of them have had their time.
 */
export function isRestartedFirst({ incident }: ProcessesState, segment: Segment, nowMs: number): boolean {
  const { mode, processRecovery: recovery } = segment;
  if (incident === null || recovery === undefined || mode !== 'enforce') return false;
  if (incident.heldBy !== null || incident.escalatedAtMs !== null) return false;
  const patienceMs = (recovery.restartAttempts + 1) * recovery.restartEverySeconds * 1000;
  if (nowMs - incident.openedAtMs >= patienceMs) return false;
  return Object.keys(incident.down).some(
    (name) => name.startsWith('nova-compute') && recovery.restart.some((each) => fits(name, each)),
  );
}
