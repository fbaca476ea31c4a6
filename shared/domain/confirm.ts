import { askGates, needsProbes } from './gates/ask.ts';
import type { Evidence } from './gates/evidence.ts';
import { type GateResult, isShut, type Rules } from './gates/gate.ts';
import type { Held, IncidentFact, Suspected } from './host.ts';
import { closedUntouched, countingDownClaims } from './reports.ts';

/** How soon a held host is looked at again: soon at first, since Nova may only be late to see it down. */
function nextHoldLookMs(incident: Suspected | Held, nowMs: number): number {
  const { sinceMs } = { sinceMs: nowMs, ...incident };
  return nowMs + (nowMs - sinceMs > 60_000 ? 10_000 : 2_000);
}

/** A tick may arrive this much early: delays of SQS are whole seconds. */
const EARLY_MS = 999;

const isEarly = ({ dueAtMs }: Suspected | Held, nowMs: number): boolean => dueAtMs - nowMs > EARLY_MS;

/** Whether the decision waits only for what is tried out: the probes of the evidence. */
export const waitsForProbes = (incident: Suspected | Held, evidence: Evidence, rules: Rules): boolean =>
  !isEarly(incident, evidence.atMs) && needsProbes(evidence, rules, incident.release);

/**
 * The grace period is over, or a held host is due for another look. `confirmed` must be committed together with
 * the tickets of both guards. Pure in the evidence, so that it can be decided again from the audit.
 */
export function decideConfirmation(
  incident: Suspected | Held,
  evidence: Evidence,
  rules: Rules,
): readonly IncidentFact[] {
  const { claims, atMs: nowMs } = evidence;
  const { segment } = rules;
  if (isEarly(incident, nowMs))
    return incident.status === 'suspected'
      ? [{ type: 'grace-went-on', untilMs: incident.dueAtMs }]
      : [{ type: 'still-held', failedGates: incident.failedGates, nextLookAtMs: incident.dueAtMs }];

  const down = countingDownClaims(claims, segment.reporters.claimTtlSeconds, nowMs);
  if (down.length === 0) return [closedUntouched('nobody says any more that the host is down', nowMs, evidence)];

  const gates = askGates(evidence, rules, incident.release);
  const closed = gates.filter(isShut);
  if (closed.some((gate) => gate.gate === 'protected')) {
    const reason = closed.map((gate) => gate.because).join('; ');
    return [
      { type: 'held', gates, evidence, atMs: nowMs, nextLookAtMs: nowMs },
      closedUntouched(`the host is not protected: ${reason}`, nowMs),
    ];
  }
  const nextLookAtMs = nextHoldLookMs(incident, nowMs);
  if (closed.length > 0)
    return incident.status === 'held' && sameGates(incident.failedGates, closed)
      ? [{ type: 'still-held', failedGates: closed, nextLookAtMs }]
      : [{ type: 'held', gates, evidence, atMs: nowMs, nextLookAtMs }];
  if (segment.mode === 'shadow')
    return [
      { type: 'confirmed', gates, evidence, atMs: nowMs },
      closedUntouched('shadow mode: the host would be fenced and its instances evacuated now', nowMs, null, 'shadow'),
    ];
  return [{ type: 'confirmed', gates, evidence, atMs: nowMs }];
}

/** S2 asks for live reads: while Nova does not answer nobody is fenced, and the host waits in plain sight. */
export function holdForOutage(incident: Suspected | Held, because: string, nowMs: number): IncidentFact {
  const nextLookAtMs = nextHoldLookMs(incident, nowMs);
  const gates: readonly GateResult[] = [{ gate: 'nova-answers', open: false, because }];
  if (incident.status === 'held' && sameGates(incident.failedGates, gates))
    return { type: 'still-held', failedGates: gates, nextLookAtMs };
  return { type: 'held', gates, evidence: null, atMs: nowMs, nextLookAtMs };
}

/** The same gates are closed: what changed in their numbers is in the state, and not worth a record. */
const sameGates = (a: readonly GateResult[], b: readonly GateResult[]): boolean =>
  a.map((gate) => gate.gate).join() === b.map((gate) => gate.gate).join();
