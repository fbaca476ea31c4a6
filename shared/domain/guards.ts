/**
 * Storm guards. A confirmation takes a ticket of its segment and a global one in the same transaction that
 * confirms the host (S5): however many functions decide at once, the count is exact.
 */
export interface Ticket {
  readonly hostKey: string;
  readonly incidentId: string;
  readonly atMs: number;
}

/** A storm limit was hit. It is over once there was no new suspicion for the policy's `coolDownSeconds`. */
export interface Storm {
  readonly sinceMs: number;
  /** When the newest incident opened that was seen since. */
  readonly lastSuspicionAtMs: number;
}

export interface GuardState {
  /** The newest of each host: what is counted are hosts. One that is nagged about is confirmed again and again. */
  readonly tickets: readonly Ticket[];
  /** The last storm, also when it is over. */
  readonly storm: Storm | null;
  /** Set when a device and its host contradicted each other: nothing in the segment is fenced until a person says so. */
  readonly stopped: { readonly reason: string; readonly incidentId: string; readonly atMs: number } | null;
}

export const NO_GUARD: GuardState = { tickets: [], storm: null, stopped: null };

/** The longest window that the policy may ask for. */
export const DAY_SECONDS = 86_400;

/** The guard with this host's ticket and without those that no window holds any more. */
export function withTicket(guard: GuardState, ticket: Ticket): GuardState {
  const others = guard.tickets.filter(
    (each) => each.hostKey !== ticket.hostKey && each.atMs + DAY_SECONDS * 1000 > ticket.atMs,
  );
  return { ...guard, tickets: [...others, ticket] };
}

/**
 * The guard once a storm limit was hit. The same guard while nothing new is suspected, so that fifty hosts that are
 * held together don't write it at each look.
 */
export function withStorm(
  guard: GuardState,
  lastSuspicionAtMs: number,
  coolDownSeconds: number,
  nowMs: number,
): GuardState {
  const { storm } = guard;
  if (storm !== null && storm.lastSuspicionAtMs >= lastSuspicionAtMs) return guard;
  const goesOn = storm !== null && storm.lastSuspicionAtMs + coolDownSeconds * 1000 > lastSuspicionAtMs;
  return { ...guard, storm: { sinceMs: goesOn ? storm.sinceMs : nowMs, lastSuspicionAtMs } };
}

/** Rounded to one decimal, as it is shown. */
export const percentOf = (part: number, whole: number): number =>
  whole === 0 ? 100 : Math.round((1000 * part) / whole) / 10;
