import { backoffMs } from './backoff.ts';
import type { HostState } from './host.ts';
import type { EndedMove, Move, MoveFact } from './moves.ts';
import type { Policy } from './policy.ts';

type Limits = Pick<Policy['maintenance'], 'maxAttempts' | 'retryBaseSeconds' | 'retryMaxSeconds'>;
type FactOf<T extends MoveFact['type']> = Extract<MoveFact, { type: T }>;

/** The end of one move, and when that instance may be tried again. */
export function moveEnded(
  of: string,
  instanceId: string,
  { outcome, because, host }: EndedMove,
  attempts: number,
  limits: Limits,
  atMs: number,
  random: number,
): Extract<MoveFact, { type: 'move-ended' }> {
  const again = outcome === 'failed' && attempts < limits.maxAttempts;
  const retryAtMs = again ? atMs + backoffMs(attempts - 1, limits, random) : null;
  return { type: 'move-ended', of, instanceId, outcome, because, host, atMs, retryAtMs };
}

/** What an answer means: one that Nova refused has ended, unless another look has found that out already. */
export function decideMoveAnswer(
  host: HostState,
  answered: FactOf<'move-answered'>,
  { maintenance: limits }: Pick<Policy, 'maintenance'>,
  atMs: number,
  random: number,
): readonly MoveFact[] {
  const { of, instanceId, answer, detail } = answered;
  const pending = pendingMove(host, of, instanceId);
  if (pending === undefined || answer !== 'refused') return [answered];
  const { move, attempts, maxAttempts } = pending;
  const become: EndedMove = { outcome: 'failed', because: `Nova refused it: ${detail}`, host: move.from };
  return [
    answered,
    moveEnded(
      of,
      instanceId,
      become,
      attempts,
      { ...limits, maxAttempts: maxAttempts ?? limits.maxAttempts },
      atMs,
      random,
    ),
  ];
}

interface Pending {
  readonly move: Move;
  /** This one included. */
  readonly attempts: number;
  /** Of one that goes home: it is asked for once. */
  readonly maxAttempts?: number;
}

function pendingMove({ returning, maintenance }: HostState, of: string, instanceId: string): Pending | undefined {
  if (returning?.id === of && returning.status === 'going-home' && returning.move?.instanceId === instanceId)
    return { move: returning.move, attempts: 1, maxAttempts: 1 };
  if (maintenance?.id !== of || maintenance.status !== 'draining') return undefined;
  const move = maintenance.moves[instanceId];
  return move && { move, attempts: (maintenance.tried[instanceId]?.attempts ?? 0) + 1 };
}
