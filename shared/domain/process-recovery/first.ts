import { fits } from '#shared/pattern.ts';
import type { Segment } from '../policy.ts';
import type { ProcessRecovery } from '../policy-instances.ts';
import type { ProcessesState } from './process.ts';

/** Nova's silence may be all that tells of a host that has died meanwhile: it goes unheard for no longer, whatever the policy says. */
const LONGEST_SILENCE_SECONDS = 600;

/** Of one cell or another: by the name that its reporter gives it. */
export const isNovaCompute = (name: string): boolean => name.startsWith('nova-compute');

/** How long all restarts that the policy has take, in seconds. */
const restartsSeconds = ({ restartAttempts, restartEverySeconds }: ProcessRecovery): number =>
  (restartAttempts + 1) * restartEverySeconds;

/** What to know of restarts of nova-compute that go on after Nova's silence about their host counts again; undefined where none do. */
export function lateRestarts(recovery: ProcessRecovery | undefined): string | undefined {
  if (recovery === undefined || !recovery.restart.some((each) => fits('nova-compute', each))) return undefined;
  const seconds = restartsSeconds(recovery);
  return seconds <= LONGEST_SILENCE_SECONDS
    ? undefined
    : `nova-compute may be started again for ${seconds} s, and Nova's silence about its host counts again after ${LONGEST_SILENCE_SECONDS} s: with watch.nova the host may be fenced before the last restart (processRecovery.restartAttempts, restartEverySeconds)`;
}

/**
 * Whether nova-compute of the host is being started again, as the policy has it. That Nova hears nothing of the host is no
 * news meanwhile, and must not have a host fenced that lives: the cheap step goes first. Others may accuse it all the while,
 * and Nova's word counts again as soon as something keeps the restarts, all of them have had their time, or ten minutes are over.
 */
export function isRestartedFirst({ incident }: ProcessesState, segment: Segment, nowMs: number): boolean {
  const { mode, processRecovery: recovery } = segment;
  if (incident === null || recovery === undefined || mode !== 'enforce') return false;
  if (incident.heldBy !== null || incident.escalatedAtMs !== null) return false;
  const patienceSeconds = Math.min(restartsSeconds(recovery), LONGEST_SILENCE_SECONDS);
  if (nowMs - incident.openedAtMs >= patienceSeconds * 1000) return false;
  return Object.keys(incident.down).some(
    (name) => isNovaCompute(name) && recovery.restart.some((each) => fits(name, each)),
  );
}
