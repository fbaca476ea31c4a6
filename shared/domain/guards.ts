/**
 * Storm guards. A confirmation takes a ticket of its segment and a global one in the same transaction that
 * confirms the host (S5): however many functions decide at once, the count is exact.
 */
export interface Ticket {
  readonly hostKey: string;
  readonly incidentId: string;
  readonly atMs: number;
}

export interface GuardState {
  readonly tickets: readonly Ticket[];
  /** Set when a device and its host contradicted each other: nothing in the segment is fenced until a person says so. */
  readonly stopped: { readonly reason: string; readonly incidentId: string; readonly atMs: number } | null;
}

export const NO_GUARD: GuardState = { tickets: [], stopped: null };

export const ticketsInWindow = (guard: GuardState, windowSeconds: number, nowMs: number): readonly Ticket[] =>
  guard.tickets.filter((ticket) => ticket.atMs + windowSeconds * 1000 > nowMs);

/** The guard with this incident's ticket and without those that left the window. */
export function withTicket(guard: GuardState, ticket: Ticket, windowSeconds: number): GuardState {
  const others = ticketsInWindow(guard, windowSeconds, ticket.atMs).filter(
    (each) => each.incidentId !== ticket.incidentId,
  );
  return { ...guard, tickets: [...others, ticket] };
}

/** Rounded to one decimal, as it is shown. */
export const percentOf = (part: number, whole: number): number =>
  whole === 0 ? 100 : Math.round((1000 * part) / whole) / 10;
