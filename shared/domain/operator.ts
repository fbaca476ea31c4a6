import type { OperatorCommand } from '#events/operator-command.ts';
import { decideConfirmOff } from './confirm-off.ts';
import type { GateName } from './gates/gate.ts';
import { isReleasable } from './gates/release.ts';
import type { GuardState } from './guards.ts';
import type { HostState, Incident, IncidentFact } from './host.ts';
import type { Policy, Segment } from './policy.ts';
import { closedUntouched } from './reports.ts';

/** What operators ask for, and what becomes of it. Whoever may send to the queue is believed. */

/** One record of the operators' audit stream for each command, whatever became of it. */
export interface OperatorFact {
  readonly type: 'obeyed' | 'refused';
  /** `change`: of the segments that the Masakari API makes, which is no message. */
  readonly command: OperatorCommand['type'] | 'change';
  readonly commandId: string;
  readonly by: string;
  /** Who has sent it, where that is told apart from the name: `senderOfCommand`. */
  readonly sender?: string;
  readonly reason: string;
  /** What it was about: the whole cloud, a segment or a host. */
  readonly on: string;
  /** What was done or why nothing was, in words for the operator. */
  readonly said: string;
  readonly incidentId: string | null;
  readonly askedAtMs: number;
}

/** A command that lets salvor do more than before counts this long: what an operator saw then may not be true any more. */
const MAX_AGE_MS = 900_000;
/** For how long gates are released. */
const RELEASE_MS = 900_000;

export type Refused = { readonly refused: string };
export type Switch = Extract<OperatorCommand, { type: 'disarm' | 'arm' }>;
export type OnIncident = Extract<OperatorCommand, { type: 'release' | 'dismiss' | 'confirm-off' }>;
export type OnHost = Exclude<OperatorCommand, Switch | OnIncident>;

/** When it was asked for: never in the future, whatever the operator's clock says. */
export const askedAtMs = ({ time }: OperatorCommand, nowMs: number): number => Math.min(Date.parse(time), nowMs);

export function tooOld(command: OperatorCommand, nowMs: number): string | undefined {
  const ageMs = nowMs - askedAtMs(command, nowMs);
  return ageMs > MAX_AGE_MS
    ? `it was asked for ${Math.round(ageMs / 1000)} s ago, and counts for ${MAX_AGE_MS / 1000} s: ask again`
    : undefined;
}

/** A disarm is obeyed however late it comes, unless the switch was moved after it was asked for. */
export function decideSwitch(
  command: Switch,
  guard: GuardState,
  nowMs: number,
  { switches }: Pick<Policy, 'switches'>,
): Refused | { readonly guard: GuardState; readonly said: string } {
  const atMs = askedAtMs(command, nowMs);
  if (atMs < guard.switchedAtMs)
    return { refused: `somebody has switched it since, at ${new Date(guard.switchedAtMs).toISOString()}` };
  const { by, reason } = command;
  if (command.type === 'disarm') {
    if (switches.requireExpiry && command.forSeconds === undefined)
      return { refused: 'the policy asks for an expiry (switches.requireExpiry): say for how long, with --for' };
    const untilMs = command.forSeconds === undefined ? null : atMs + command.forSeconds * 1000;
    const disarmed = { by, reason, atMs, untilMs };
    const until = untilMs === null ? 'until it is armed' : `until ${new Date(untilMs).toISOString()}`;
    return { guard: { ...guard, disarmed, switchedAtMs: atMs }, said: `disarmed ${until}` };
  }
  const old = tooOld(command, nowMs);
  if (old !== undefined) return { refused: old };
  const said = guard.disarmed === null ? 'it was armed already' : 'armed';
  return { guard: { ...guard, disarmed: null, switchedAtMs: atMs }, said };
}

/** What a command does to its incident. The stop of its segment is lifted with the same commit. */
export interface IncidentDecision {
  readonly facts: readonly IncidentFact[];
  readonly said: string;
}

/**
 * @param hasTasks whether tasks of the incident exist: each must have its outcome before it closes (L1)
 * @param sender of `senderOfCommand`
 * @param segment the incident's; undefined where the policy has it no more
 */
export function decideOnIncident(
  command: OnIncident,
  host: HostState | undefined,
  hasTasks: boolean,
  segment: Segment | undefined,
  nowMs: number,
  sender: string | null = null,
): Refused | IncidentDecision {
  const old = tooOld(command, nowMs);
  if (old !== undefined) return { refused: old };
  const incident = host?.incident;
  if (host === undefined || incident?.id !== command.incidentId) return { refused: 'its incident has ended' };
  switch (command.type) {
    case 'release':
      return decideRelease(command, incident, nowMs);
    case 'dismiss':
      return decideDismissal(command, incident, hasTasks, nowMs);
    case 'confirm-off':
      return segment === undefined
        ? { refused: `the policy has no segment ${incident.segment} any more` }
        : decideConfirmOff(command, { claims: host.claims, incident }, segment, sender, nowMs);
  }
}

function decideRelease(
  { id: commandId, by, reason, gates }: Extract<OperatorCommand, { type: 'release' }>,
  { status }: Incident,
  nowMs: number,
): Refused | IncidentDecision {
  const fact = (released: readonly GateName[]): IncidentFact => ({
    type: 'released',
    commandId,
    by,
    reason,
    gates: released,
    atMs: nowMs,
    untilMs: nowMs + RELEASE_MS,
  });
  if (status === 'stopped') {
    // Whoever names gates has seen it held: that it contradicts itself was not known then.
    if (gates.length > 0)
      return { refused: 'it is stopped now, and not by a gate: look at it, and release it without any' };
    return { facts: [fact([])], said: 'the stop is lifted: the power of the host is read anew, and it goes on' };
  }
  if (status !== 'held') return { refused: `it is ${status}: only what is held or stopped can be released` };
  const released = gates.filter(isReleasable);
  if (released.length < gates.length) {
    const fixed = gates.filter((gate) => !isReleasable(gate));
    return { refused: `no operator can release ${fixed.join(', ')}: remove what closes it` };
  }
  if (released.length === 0) return { refused: 'it names no gate to release' };
  return { facts: [fact(released)], said: `${gates.join(', ')} released for ${RELEASE_MS / 1000} s` };
}

function decideDismissal(
  { id: commandId, by, reason }: Extract<OperatorCommand, { type: 'dismiss' }>,
  incident: Incident,
  hasTasks: boolean,
  nowMs: number,
): Refused | IncidentDecision {
  const why = whyNotDismissed(incident);
  if (why !== undefined) return { refused: why };
  const done = doneTo(incident);
  const dismissed: IncidentFact = { type: 'dismissed', commandId, by, reason, done, atMs: nowMs };
  if (hasTasks) return { facts: [dismissed], said: `its instances are handed to a person; ${done}` };
  const closed = closedUntouched(`dismissed by ${by}: ${reason}; ${done}`, nowMs, null, 'dismissed');
  return { facts: [dismissed, closed], said: `dismissed; ${done}` };
}

function whyNotDismissed(incident: Incident): string | undefined {
  switch (incident.status) {
    case 'suspected':
    case 'held':
    case 'stopped':
      return undefined;
    case 'fencing':
      return incident.powerOffs === 0 && incident.earlierProof === null && incident.evacuatingSinceMs === null
        ? undefined
        : 'salvor has asked for its power to be switched off: it goes on to its end, or disarm salvor';
    default:
      return `it is ${incident.status}: its host is off by salvor's doing, and it goes on to its end; or disarm salvor`;
  }
}

/** For whoever goes on by hand. */
function doneTo(incident: Incident): string {
  const { powerOffs, proof, evacuatingSinceMs } = { powerOffs: 0, proof: null, evacuatingSinceMs: null, ...incident };
  const moved = evacuatingSinceMs !== null;
  const done = [
    ...(powerOffs > 0 ? [`its power was switched off by request of salvor (asked for ${powerOffs} times)`] : []),
    ...(moved || proof !== null ? ['Nova may have it forced down'] : []),
    ...(moved ? ['instances of it were evacuated'] : []),
  ];
  return done.join('; ') || 'nothing was done to the host';
}
