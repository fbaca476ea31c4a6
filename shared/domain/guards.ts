/**
 * What is asked of a segment, or of the whole cloud, before anything is done. A confirmation takes a ticket of its
 * segment and a global one in the same transaction that confirms the host (S5): however many functions decide at once,
 * the count is exact. The commit of a power-off finds both guards unchanged, so that no switch is overtaken.
 */
export interface Ticket {
  readonly hostKey: string;
  readonly incidentId: string;
  readonly atMs: number;
}

/** A device and its host contradicted each other. */
export interface Stop {
  readonly reason: string;
  readonly incidentId: string;
  readonly atMs: number;
}

/** An operator has switched salvor off. */
export interface Disarmed {
  readonly by: string;
  readonly reason: string;
  readonly atMs: number;
  /** It is armed again from then on; null: until somebody arms it. */
  readonly untilMs: number | null;
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
  /** Nothing in the segment is fenced until a person has released or dismissed the incident of each. */
  readonly stops: readonly Stop[];
  readonly disarmed: Disarmed | null;
  /** When an operator switched it last: a command from before that comes too late. */
  readonly switchedAtMs: number;
}

export const NO_GUARD: GuardState = { tickets: [], storm: null, stops: [], disarmed: null, switchedAtMs: 0 };

/** The two guards that a host is under. */
export interface Guards {
  readonly segment: GuardState;
  readonly global: GuardState;
}

/** The switch, while it is off. */
export const inForce = ({ disarmed }: GuardState, nowMs: number): Disarmed | undefined =>
  disarmed !== null && (disarmed.untilMs === null || disarmed.untilMs > nowMs) ? disarmed : undefined;

/** Who has switched salvor off here, and why; undefined while it is armed. */
export function whyDisarmed({ segment, global }: Guards, nowMs: number): string | undefined {
  const everywhere = inForce(global, nowMs);
  if (everywhere !== undefined) return `salvor is disarmed ${inWords(everywhere)}`;
  const here = inForce(segment, nowMs);
  return here && `the segment is disarmed ${inWords(here)}`;
}

const inWords = ({ by, reason, atMs, untilMs }: Disarmed): string =>
  `by ${by} since ${iso(atMs)}${untilMs === null ? '' : ` until ${iso(untilMs)}`}: ${reason}`;

const iso = (unixMs: number): string => new Date(unixMs).toISOString();

export const whyStopped = ({ stops }: GuardState): string | undefined =>
  stops.length === 0 ? undefined : stops.map(({ reason }) => reason).join('; ');

/** Why salvor may ask nothing of the outside for hosts of this segment that changes anything there. */
export function whyHalted(guards: Guards, nowMs: number): string | undefined {
  const stopped = whyStopped(guards.segment);
  return whyDisarmed(guards, nowMs) ?? (stopped && `the segment is stopped: ${stopped}`);
}

export const withStop = (guard: GuardState, stop: Stop): GuardState => ({
  ...guard,
  stops: [...withoutStop(guard, stop.incidentId).stops, stop],
});

export const withoutStop = (guard: GuardState, ofIncident: string): GuardState => ({
  ...guard,
  stops: guard.stops.filter(({ incidentId }) => incidentId !== ofIncident),
});

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

/** Rounded to one decimal, as it is shown. Of nothing, all. */
export const percentOf = (part: number, whole: number): number =>
  whole === 0 ? 100 : Math.round((1000 * part) / whole) / 10;
