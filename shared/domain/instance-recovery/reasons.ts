import type { InstanceEvent } from '#events/host-event.ts';
import type { InstanceRecovery } from '../policy-instances.ts';

/** In what way an instance is down. */
export type InstanceReason = 'process-gone' | 'guest-hung' | 'io-error' | 'no-answer';

/** The key of the policy for each. */
const KEYS = {
  'process-gone': 'processGone',
  'guest-hung': 'guestHung',
  'io-error': 'ioError',
  'no-answer': 'noAnswer',
} as const satisfies Record<InstanceReason, keyof InstanceRecovery>;

export const ruleOf = (recovery: InstanceRecovery, reason: InstanceReason): InstanceRecovery['processGone'] =>
  recovery[KEYS[reason]];

/** libvirt's own names (virDomainEventType and its like), as masakari-monitors send them. */
const WORDS: Readonly<Record<string, InstanceReason>> = {
  STOPPED_FAILED: 'process-gone',
  IO_ERROR_REPORT: 'io-error',
  // The watchdog's action leaves the guest hanging. RESET, POWEROFF and SHUTDOWN are what its owner chose to happen.
  WATCHDOG_NONE: 'guest-hung',
  WATCHDOG_PAUSE: 'guest-hung',
  WATCHDOG_DEBUG: 'guest-hung',
  SUSPENDED_WATCHDOG: 'guest-hung',
};

/**
 * What the `event` of an `instance.down` says; undefined when nothing follows from it. A stop or a shutdown is its owner's,
 * and a guest that was paused for want of space (IO_ERROR_PAUSE) goes on when there is some, which no restart makes.
 */
export function reasonOf({ data: { event = '' } }: Pick<InstanceEvent, 'data'>): InstanceReason | undefined {
  if (Object.hasOwn(KEYS, event)) return event as InstanceReason;
  if (event.startsWith('no answer to ')) return 'no-answer';
  const words = event
    .toUpperCase()
    .split(/\s+/)
    .map((word) => word.replace('VIR_DOMAIN_EVENT_', ''));
  // With STOPPED_FAILED behind it, though its domain runs.
  if (words.includes('QEMU_GUEST_AGENT_ERROR')) return 'guest-hung';
  const known = words.find((word) => Object.hasOwn(WORDS, word));
  return known === undefined ? undefined : WORDS[known];
}
