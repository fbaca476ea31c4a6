import type { Ask, InstanceAction } from './instance.ts';
import type { InstanceReason } from './reasons.ts';
import type { SeenInstance } from './sight.ts';

/**
 * To another host while this one lives: a cold migration, which Nova stops and starts the instance for, is confirmed, and
 * starts it where that has not. Never an evacuation, which is for dead hosts. A guest that only does not answer may be
 * well: it is migrated while it runs.
 */

const RUNNING = 1;
const move = (ask: Ask, because: string) => ({ ask, action: 'move' as InstanceAction, because });

/** What leads it to another host. */
export const isBeginOfMove = (ask: Ask): boolean => ask === 'migrate' || ask === 'live-migrate';

/**
 * @param done the request of the move that had its effect last; null: it begins
 * @param reason why it is moved, where it begins
 */
export function nextOfMove(
  done: Ask | null,
  { vmState, powerState }: SeenInstance,
  because: string,
  reason?: InstanceReason,
): ReturnType<typeof move> {
  if (done === 'migrate') return move('confirm-resize', because);
  if (done === 'confirm-resize') return move('reboot', because);
  if (done === 'reset-state') return move('migrate', because);
  // Nova migrates nothing that is in ERROR.
  if (vmState === 'error') return move('reset-state', because);
  const live = reason === 'no-answer' && vmState === 'active' && powerState === RUNNING;
  return move(live ? 'live-migrate' : 'migrate', because);
}

/** Why a move that was under way can't go on, as the instance is not where it led to; undefined when it is. */
export function whyNotOn(done: Ask, { vmState, host }: SeenInstance): string | undefined {
  const is = `it is ${vmState} on ${host ?? 'no host'} in the middle of its move`;
  if (done === 'reset-state') return vmState === 'active' ? undefined : is;
  if (done === 'migrate') return vmState === 'resized' ? undefined : is;
  if (done === 'confirm-resize') return vmState === 'stopped' ? undefined : is;
  return is;
}
