import type { Answer, PowerOffAnswer } from '#shared/ports.ts';
import { backoffMs } from '../backoff.ts';
import type { HostState } from '../host.ts';
import { toldAnswer } from '../told.ts';
import { check, type ReturnRules } from './checks.ts';
import { changeFailed, serviceOutcome, stillSays } from './decide-return.ts';
import type { ReturnFact, ServiceFact } from './facts.ts';
import { defaultsOf } from './limits.ts';
import type { Returning, ReturnSight, ServiceChange } from './returning.ts';

/** What the answers to requests on the way back mean. */

type Answered = Extract<ServiceFact, { type: 'service-change-answered' }>;

/** After a power-on was answered its power is read again this soon. */
const READ_BACK_MS = 5_000;
/** Until it is tried again to take a host back whose nova-compute has not completed its evacuations. */
const LOOK_MS = 10_000;

export function powerOnAnswered(
  { returning }: Pick<HostState, 'returning'>,
  returnId: string,
  attempt: number,
  { kind, detail, durationMs }: PowerOffAnswer,
  rules: Pick<ReturnRules, 'segment'>,
  atMs: number,
  random: number,
): ReturnFact {
  const failures = returning?.id === returnId ? returning.failures : 0;
  const pauseMs = kind === 'accepted' ? READ_BACK_MS : backoffMs(failures, defaultsOf(rules).fencing, random);
  const common = { type: 'power-on-answered', returnId, attempt, answer: kind, detail, durationMs, atMs } as const;
  return { ...common, nextLookAtMs: atMs + pauseMs };
}

export function serviceAnswered(of: string, change: ServiceChange, answer: Answer): Answered {
  return { type: 'service-change-answered', of, change, ...toldAnswer(answer) };
}

type SeenService = NonNullable<ReturnSight['service']>;

/**
 * A change of the service was answered, and Nova was read behind it. Once another step was taken there is only the answer
 * to be recorded.
 * @param seen null: Nova knows no such service; undefined: it could not be read
 */
export function decideAfterChange(
  host: HostState,
  answered: Answered,
  seen: Pick<SeenService, 'forcedDown' | 'status' | 'state' | 'disabledReason'> | null | undefined,
  rules: Pick<ReturnRules, 'segment'>,
  atMs: number,
  random: number,
): readonly (ReturnFact | ServiceFact)[] {
  const { of, change, answer, detail } = answered;
  const asker = askerOf(host, of, change);
  if (asker === undefined) return [answered];
  const outcome = seen == null ? undefined : serviceOutcome(of, change, host, seen, atMs);
  if (outcome !== undefined) return [answered, outcome];
  // Nova itself says that the host has not come up properly: a wait, no error.
  if (change === 'force-up' && answer === 'refused' && detail.startsWith('400 ')) {
    const checks = [check('cleaned', false, `Nova does not take it back yet: ${detail}`)];
    return [answered, { type: 'return-waits', returnId: of, checks, atMs, nextLookAtMs: atMs + LOOK_MS }];
  }
  const says =
    seen === undefined ? 'Nova could not be read' : seen === null ? 'Nova knows no such service' : stillSays(seen);
  const because = answer === 'refused' ? `Nova refused it: ${detail}` : says;
  return [answered, changeFailed(of, change, because, asker.failures, rules, atMs, random)];
}

/** Whoever waits for the answer still. */
function askerOf(
  { returning, maintenance }: HostState,
  of: string,
  change: ServiceChange,
): Pick<Returning, 'failures'> | undefined {
  if (returning?.id === of && returning.asked === change) return returning;
  if (maintenance?.id === of && maintenance.status === 'disabling' && maintenance.asked) return maintenance;
  return undefined;
}
