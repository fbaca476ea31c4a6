/**
 * Work on every host that is spread over the runs of a scheduled function: a round comes to each host once, in the order
 * of their names. Times are Unix ms.
 */
export interface Round {
  readonly startedAtMs: number;
  /** The last host that it has come to; null before the first. */
  readonly after: string | null;
  /** When the last whole round ended; null before that. */
  readonly wholeAtMs: number | null;
}

/** Between two runs. */
const RUN_MS = 60_000;

export interface Share {
  /** As it is when nobody of the share was come to. */
  readonly round: Round;
  /** In the order in which they are to be come to. */
  readonly hosts: readonly string[];
}

/**
 * The hosts whose turn it is. A round that is late makes good for it as far as a run can, and is never cut short: the next
 * one begins when it has come to all, those that have joined behind meanwhile included.
 * @param everySeconds how often a round begins
 */
export function shareOf(
  hosts: readonly string[],
  before: Round | undefined,
  everySeconds: number,
  nowMs: number,
): Share {
  const everyMs = Math.max(RUN_MS, everySeconds * 1000);
  const order = [...hosts].sort();
  const round =
    before === undefined ? { startedAtMs: nowMs, after: null, wholeAtMs: null } : begun(before, order, everyMs, nowMs);
  const at = placeOf(round, order);
  const part = Math.min(1, (nowMs - round.startedAtMs + RUN_MS) / everyMs);
  return { round, hosts: order.slice(at, Math.max(at, Math.ceil(order.length * part))) };
}

/** A clock is never on time: a round may begin half a run early, and is not later by that each time. */
function begun(round: Round, order: readonly string[], everyMs: number, nowMs: number): Round {
  const dueMs = round.startedAtMs + everyMs;
  if (placeOf(round, order) < order.length || nowMs + RUN_MS / 2 < dueMs) return round;
  return { ...round, startedAtMs: nowMs - dueMs < RUN_MS ? dueMs : nowMs, after: null };
}

const placeOf = ({ after }: Round, order: readonly string[]): number =>
  after === null ? 0 : order.filter((host) => host <= after).length;

/** The round once it has come to these of the share; who was left out, and all behind, is for the next run. */
export function cameTo(
  { round, hosts }: Share,
  done: ReadonlySet<string>,
  all: readonly string[],
  nowMs: number,
): Round {
  const firstLeft = hosts.findIndex((host) => !done.has(host));
  const last = hosts[(firstLeft < 0 ? hosts.length : firstLeft) - 1];
  if (last === undefined) return round;
  const isWhole = all.every((host) => host <= last);
  return { ...round, after: last, wholeAtMs: isWhole ? nowMs : round.wholeAtMs };
}
