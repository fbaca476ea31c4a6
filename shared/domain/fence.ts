import type { PowerOffAnswer } from '#shared/ports.ts';
import { ANSWER_DUE_MS } from './answer-due.ts';
import { fenceLevelsOf } from './fence-device.ts';
import { answerDueMs, fenceFailed } from './fence-failed.ts';
import { type HostReading, levelToTry, sameSystems, saysOn, type TimedReading } from './fence-levels.ts';
import { askCountingGates, askHostGates } from './gates/ask.ts';
import type { Evidence } from './gates/evidence.ts';
import { type GateResult, isShut, type Rules } from './gates/gate.ts';
import { withRelease } from './gates/release.ts';
import type { FenceProof, Fencing, HostState, IncidentFact } from './host.ts';
import { outdated } from './outdated.ts';
import { pause } from './pause.ts';
import type { Segment } from './policy.ts';
import { powerRead } from './power-read.ts';
import { CLOCK_SKEW_MS, closedUntouched, countingDownClaims, lastSeenUpMs, voidedByReport } from './reports.ts';
import { offRunsUntilMs } from './slow-agents.ts';
import { provenOtherwise, resetByMs } from './unread-power.ts';
import type { WatchdogLease } from './watchdog.ts';

/** A confirmation this old no longer tells how many hosts fail together. Any device that answers is asked well before. */
const CONFIRMATION_GOOD_MS = 60_000;

/**
 * What the state of the power means. Asked with a fresh reading, at the start of each step and again after each
 * power-off. `power-off` asks the shell to commit the intent, then to send the one request.
 */
export type FenceDecision =
  | { readonly do: 'commit'; readonly facts: readonly IncidentFact[] }
  | {
      readonly do: 'power-off';
      readonly facts: readonly IncidentFact[];
      readonly attempt: number;
      /** Of the fencing levels, from 0. */
      readonly level: number;
    };

/** The evidence that must be recorded beside the facts: null when a fact carries it, or nothing was asked of it. */
export const evidenceApart = (
  { power }: Pick<HostReading, 'power'>,
  fault: string | null,
  facts: readonly IncidentFact[],
  evidence: Evidence,
): Evidence | null =>
  (power === 'unknown' && !facts.some(({ type }) => type === 'proof-made')) ||
  fault !== null ||
  facts.some((fact) => 'evidence' in fact && fact.evidence !== null)
    ? null
    : evidence;

export function decideFencing(
  incident: Fencing,
  reading: TimedReading,
  fault: string | null,
  evidence: Evidence,
  rules: Rules,
  random: number,
  /** Of its watchdog, where it ever had one. */
  lease?: WatchdogLease,
): FenceDecision {
  const { host, claims, atMs: nowMs } = evidence;
  const { segment } = rules;
  const { power, detail } = reading;
  const read = powerRead(reading);
  const commit = (...facts: readonly IncidentFact[]): FenceDecision => ({ do: 'commit', facts: [read, ...facts] });

  if (power !== 'unknown' && fault !== null)
    return commit(stopped(`not the fence device of ${host.name}: ${fault}`, nowMs));
  // Since the host was confirmed, only an up report turns that: however long its device is out of reach, the claims
  // stay good.
  const seenUp = countingDownClaims(claims, Number.POSITIVE_INFINITY, nowMs).length === 0;
  const mayLive = incident.evacuatingSinceMs === null;
  const untouched = mayLive && incident.powerOffs === 0 && incident.earlierProof === null;
  if (untouched && seenUp)
    return commit(closedUntouched('the host was seen up before it was powered off', nowMs, evidence));
  const askHost = () => withRelease(askHostGates(evidence, rules), incident.release, nowMs);
  if (power === 'unknown') {
    const proof = provenOtherwise(incident, reading, evidence, segment, lease);
    if (typeof proof === 'string') {
      const failed = fenceFailed(incident, `no power state: ${proof}`, segment, nowMs, random);
      const soonMs = Math.min(resetByMs(lease, segment, nowMs), answerDueMs(reading, nowMs));
      return commit({ ...failed, retryAtMs: Math.min(failed.retryAtMs, soonMs) });
    }
    if (mayLive && seenUp) return commit(closedUntouched(cameBack(incident), nowMs, evidence));
    const gates = mayLive ? askHost() : [];
    return commit(gates.some(isShut) ? heldBy(gates, evidence) : proof);
  }
  const old = outdated(incident, reading, lastSeenUpMs(claims), nowMs);
  if (old !== undefined) return commit({ ...fenceFailed(incident, old, segment, nowMs, random), retryAtMs: nowMs });
  const ofHost = askHost();
  if (power === 'off') {
    // Found off, not switched off by salvor: whoever did that may be at work on it, or its device may be wrong.
    if (untouched && ofHost.some(isShut)) return commit(heldBy(ofHost, evidence));
    return commit(...whenOff(incident, reading, lastSeenUpMs(claims), nowMs));
  }

  // Once evacuations may have left, the host is kept off, whatever is said; but nothing is done while salvor is
  // switched off. Before that it may live, and have come back while its device was out of reach: everything is asked
  // again before each power-off (S2).
  const isLate = nowMs - incident.confirmedAtMs > CONFIRMATION_GOOD_MS;
  const counted = isLate ? withRelease(askCountingGates(evidence, rules), incident.release, nowMs) : [];
  const gates = [...ofHost, ...counted];
  if (mayLive) {
    if (seenUp) return commit(closedUntouched(cameBack(incident), nowMs, evidence));
    if (gates.some(isShut)) return commit(heldBy(gates, evidence));
  } else {
    const halted = evidence.disarmed ?? (evidence.stopped && `the segment is stopped: ${evidence.stopped}`);
    // That it is still on is no news either.
    if (halted !== null && halted === incident.pausedBy)
      return { do: 'commit', facts: [pause(incident, halted, nowMs)] };
    if (halted !== null) return commit(pause(incident, halted, nowMs));
  }
  const attempt = incident.powerOffs + 1;
  const level = levelToTry(reading, incident.level ?? 0);
  const asked = fenceLevelsOf(rules.policy, host.name)[level] ?? [];
  const mayRunUntilMs = offRunsUntilMs(asked, nowMs + LEAVE_WITHIN_MS);
  const intent: IncidentFact = {
    type: 'power-off-intended',
    attempt,
    ...(reading.levels === undefined ? {} : { level }),
    device: detail,
    checks: mayLive ? gates : [],
    evidence,
    dueAtMs: nowMs + ANSWER_DUE_MS,
    ...(mayRunUntilMs === undefined ? {} : { mayRunUntilMs }),
  };
  return { do: 'power-off', facts: [read, intent], attempt, level };
}

const heldBy = (gates: readonly GateResult[], evidence: Evidence): IncidentFact => ({
  type: 'held',
  gates,
  evidence,
  atMs: evidence.atMs,
  nextLookAtMs: evidence.atMs + 10_000,
});

function cameBack({ earlierProof }: Fencing): string {
  const byHand = earlierProof === null ? '' : '; if Nova has it forced down, give it back by hand';
  return `the host was seen up and its power is on: it has come back${byHand}`;
}

function whenOff(incident: Fencing, reading: TimedReading, upMs: number, nowMs: number): readonly IncidentFact[] {
  // S1: a device that says off while its host still speaks is not this host's, or lies.
  // What a person said was off since then is contradicted by nothing that a device says.
  const { offSinceMs } = ofDevice(incident.earlierProof) ?? { offSinceMs: Number.POSITIVE_INFINITY };
  if (upMs > offSinceMs + CLOCK_SKEW_MS)
    return [stopped('the host is reported up while its fence device says that it is off', nowMs)];
  return [proofMade(reading, Math.min(offSinceMs, reading.askedAtMs), nowMs)];
}

const ofDevice = (proof: FenceProof | null): FenceProof | null =>
  proof?.kind === 'power-off-read-back' ? proof : null;

function proofMade({ systemUuid, askedAtMs, detail }: TimedReading, offSinceMs: number, atMs: number): IncidentFact {
  const proof: FenceProof = { kind: 'power-off-read-back', systemUuid, readAtMs: askedAtMs, offSinceMs, detail };
  return { type: 'proof-made', proof, atMs };
}

/** The gates and Nova's word must be this young when a power-off leaves (S2). */
const LEAVE_WITHIN_MS = 30_000;

/**
 * Why a power-off whose intent was committed may not leave after all (S2): the device may have taken seconds to be ready
 * for it, and the function may have stood still meanwhile.
 * @param now as read when only the request was left to send
 * @param halted why nothing may be asked of the outside, by the switches as read then
 */
export function objectionToPowerOff(
  intended: Fencing,
  askedAtMs: number,
  now: HostState | undefined,
  halted: string | undefined,
  nowMs: number,
): string | undefined {
  const ageMs = nowMs - askedAtMs;
  if (ageMs > LEAVE_WITHIN_MS)
    return `the gates were asked ${Math.round(ageMs / 1000)} s ago, which counts for ${LEAVE_WITHIN_MS / 1000} s`;
  if (now?.incident?.id !== intended.id || now.incident.tick !== intended.tick)
    return 'another step of the incident was taken meanwhile';
  if (halted !== undefined) return halted;
  const seenUp = countingDownClaims(now.claims, Number.POSITIVE_INFINITY, nowMs).length === 0;
  return seenUp && intended.evacuatingSinceMs === null ? 'the host was seen up meanwhile' : undefined;
}

export const powerOffAnswered = (attempt: number, { kind, detail, durationMs }: PowerOffAnswer): IncidentFact => ({
  type: 'power-off-answered',
  attempt,
  answer: kind,
  detail,
  durationMs,
});

/**
 * After a power-off was answered and the power was read back for a while.
 * @param asked what the system that was powered off had told of itself before; its device may be another's by now (S2)
 * @param upMs when the host was last seen up, by its claims of now: a report may have come while the power was read
 */
export function decideAfterPowerOff(
  incident: Fencing,
  answer: PowerOffAnswer,
  asked: Pick<HostReading, 'systemUuid' | 'levels'>,
  reading: TimedReading,
  upMs: number,
  segment: Segment,
  nowMs: number,
  random: number,
  /** That the level is given: `attemptsAt`. */
  attempts = 1,
): readonly IncidentFact[] {
  const { kind, detail } = answer;
  const answered = powerOffAnswered(incident.powerOffs, answer);
  const { power, systemUuid } = reading;
  const read = powerRead(reading);
  const levels = reading.levels?.length ?? 1;
  if (!sameSystems(asked, reading)) {
    const because = `the power of ${asked.systemUuid ?? 'a system without UUID'} was to be read back, and ${systemUuid ?? 'one without'} answered`;
    return [answered, read, fenceFailed(incident, because, segment, nowMs, random, { levels })];
  }
  // Another level's answer may have been kept.
  const old = reading.askedEarlier && outdated(incident, reading, upMs, nowMs);
  if (old !== undefined)
    return [answered, read, { ...fenceFailed(incident, old, segment, nowMs, random), retryAtMs: nowMs }];
  if (power === 'off') {
    const { askedAtMs } = reading;
    return [answered, read, proofMade(reading, askedAtMs, nowMs), ...voidedByReport(askedAtMs, upMs, nowMs)];
  }
  const because =
    kind === 'refused'
      ? `it was not powered off: ${detail}`
      : `the power is still ${power} after a power-off that was ${kind}: ${reading.detail}`;
  // What came of the request is settled only by a reading, and a no for good is one the second time too: accounts lock.
  const left = kind === 'refused' || !saysOn(reading, incident.level ?? 0) ? 1 : attempts;
  const failed = fenceFailed(incident, because, segment, nowMs, random, { levels, attempts: left });
  return [answered, read, { ...failed, retryAtMs: Math.min(failed.retryAtMs, answerDueMs(reading, nowMs)) }];
}

const stopped = (because: string, atMs: number): IncidentFact => ({ type: 'stopped', because, atMs });
