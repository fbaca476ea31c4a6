import { decideConfirmation, waitsForProbes } from '../confirm.ts';
import { evolveHost } from '../evolve-host.ts';
import type { Evidence } from '../gates/evidence.ts';
import { isShut } from '../gates/gate.ts';
import { type Held, type HostFact, type HostState, isSilentFact, type Suspected } from '../host.ts';
import type { Policy } from '../policy.ts';
import { decideReports, type ReceivedEvent } from '../reports.ts';
import { evidenceIn, segmentOf } from './host.ts';
import type { HostLog } from './log.ts';
import { courseOf, type Replay } from './replay.ts';
import { eventsIn } from './reports.ts';

/** What another policy would have made of an incident up to the moment at which its host is fenced, or is left alone. */
export interface WhatIf {
  readonly course: readonly { readonly atMs: number; readonly what: string }[];
  /** How it ends, and what of that the log can't tell. */
  readonly end: string;
}

interface Input {
  readonly atMs: number;
  readonly segment: string | null;
  readonly events: readonly ReceivedEvent[];
}

/** Each look takes the newest evidence; after so many without an end nothing new comes. */
const MAX_LOOKS = 10_000;

/** Only a difference before its host was touched leads to another course that the log can tell of. */
export function otherCourse(
  log: HostLog,
  incidentId: string,
  policy: Policy,
  { decisions }: Replay,
): WhatIf | undefined {
  const first = decisions.find(({ difference, cannot }) => difference !== null || cannot !== null);
  if (first?.by !== 'reports' && first?.by !== 'gates') return undefined;
  return whatIf(log, incidentId, policy);
}

/**
 * Plays the reports and readings of the log to the deciders under another policy, from the report that opened the
 * incident on. Readings from after salvor acted tell of what it did, and are left out.
 * @throws CannotDecide when the policy has no segment of the incident's name
 */
function whatIf(log: HostLog, incidentId: string, policy: Policy): WhatIf | undefined {
  const steps = courseOf(log);
  const opening = steps.findIndex(({ after }) => after.incident?.id === incidentId);
  const first = steps[opening];
  if (first === undefined) return undefined;
  const ofIncident = steps.slice(opening).map(({ decision: { facts, basis, atMs } }) => {
    return { facts: facts as readonly unknown[] as readonly HostFact[], basis, atMs };
  });
  const acted = ofIncident.find(({ facts }) => facts.some(({ type }) => type === 'power-off-intended'));
  const actedAtMs = acted?.atMs ?? Number.POSITIVE_INFINITY;
  const inputs = ofIncident.flatMap(({ basis, facts }): readonly Input[] =>
    basis?.by === 'reports' && basis.atMs <= actedAtMs
      ? [{ atMs: basis.atMs, segment: basis.segment, events: eventsIn(facts, basis.atMs) }]
      : [],
  );
  const readings = ofIncident
    .map(({ facts }) => evidenceIn(facts))
    .filter((each) => each !== null)
    .filter(({ atMs }) => atMs <= actedAtMs);
  const confirmed = ofIncident.flatMap(({ facts }) => facts).find((fact) => fact.type === 'confirmed');
  return new Course(first.before, inputs, readings, policy, incidentId).play(actedAtMs, confirmed?.atMs);
}

const ALL_ANSWERED = { devices: [], services: [] };

/** The reading as it would have been at another moment, had nothing changed: salvor itself has gone on running. */
function asIfReadAt(reading: Evidence, atMs: number, claims: HostState['claims']): Evidence {
  const laterMs = Math.max(0, atMs - reading.atMs);
  const beat = reading.beat === null ? null : { ...reading.beat, lastMs: reading.beat.lastMs + laterMs };
  return { ...reading, atMs, claims, beat };
}

class Course {
  #assumed = false;
  readonly #told: { atMs: number; what: string }[] = [];
  #host: HostState;
  readonly #inputs: Input[];
  readonly #readings: readonly Evidence[];
  readonly #policy: Policy;
  readonly #incidentId: string;

  constructor(
    host: HostState,
    inputs: readonly Input[],
    readings: readonly Evidence[],
    policy: Policy,
    incidentId: string,
  ) {
    this.#host = host;
    this.#inputs = [...inputs];
    this.#readings = readings;
    this.#policy = policy;
    this.#incidentId = incidentId;
  }

  /** @param actedAtMs infinite when salvor never acted on the host */
  play(actedAtMs: number, confirmedAtMs: number | undefined): WhatIf {
    const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
    const end = (text: string): WhatIf => ({
      course: this.#told,
      end: this.#assumed ? `${text} Other devices and the cloud's services are taken to have answered then.` : text,
    });
    // Stryker disable next-line EqualityOperator: one look more or less tells nothing
    for (let look = 0; look < MAX_LOOKS; look += 1) {
      const { incident } = this.#host;
      const next = this.#inputs[0];
      if (incident === null) {
        if (next === undefined) return end(this.#untouched());
        this.#report(next);
        continue;
      }
      if (incident.status === 'fencing') {
        const { confirmedAtMs: atMs } = incident;
        const apart = atMs - (confirmedAtMs ?? atMs);
        const late = either(apart, `, ${seconds(-apart)} earlier than it was`, `, ${seconds(apart)} later than it was`);
        const unknown =
          atMs > actedAtMs
            ? ` Whether it would have come back by itself until then the log can't tell: salvor acted on it ${seconds(atMs - actedAtMs)} before.`
            : '';
        return end(
          `The host would have been fenced${late}. What its device would have said then is not in the log.${unknown}`,
        );
      }
      // Neither reports nor gates lead to any other status.
      const open = incident as Suspected | Held;
      if (next !== undefined && next.atMs <= open.dueAtMs) this.#report(next);
      else if (!this.#look(open, next === undefined))
        return end(
          open.status === 'held'
            ? `It would be held: ${open.failedGates.map((gate) => gate.because).join('; ')}. The log holds no later reading.`
            : 'The log holds no reading to ask the gates of.',
        );
    }
    return end('It would still be held.');
  }

  #untouched(): string {
    return this.#told.length > 0 ? 'Nothing would have been done to the host.' : 'No incident would have been opened.';
  }

  #report(input: Input): void {
    this.#inputs.shift();
    const segment = this.#policy.segments.find(({ name }) => name === input.segment);
    const given = { events: input.events, segment, newIncidentId: this.#incidentId };
    this.#apply(decideReports(this.#host, given, this.#policy, input.atMs), input.atMs);
  }

  /** @returns false when a further look would see nothing that an earlier one has not seen. */
  #look(incident: Suspected | Held, last: boolean): boolean {
    const { dueAtMs: atMs } = incident;
    const reading = this.#readings.findLast((each) => each.atMs <= atMs) ?? this.#readings[0];
    if (reading === undefined) return false;
    const newest = this.#readings.at(-1);
    const rules = { policy: this.#policy, segment: segmentOf(this.#policy, incident.segment) };
    const asRead = asIfReadAt(reading, atMs, this.#host.claims);
    // What was not tried out then is taken to have answered: the log can't tell.
    const untried = waitsForProbes(incident, asRead, rules);
    const tried = this.#readings.find(({ probes }) => probes !== null)?.probes;
    const evidence = untried ? { ...asRead, probes: tried ?? ALL_ANSWERED } : asRead;
    this.#assumed ||= untried && tried === undefined;
    const facts = decideConfirmation(incident, evidence, rules);
    // Stryker disable next-line MethodExpression: a silent fact is the only one of its look
    const nothingNew = last && reading === newest && facts.every((fact) => isSilentFact(fact));
    this.#apply(facts, atMs, reading.atMs);
    return !nothingNew;
  }

  #apply(facts: readonly HostFact[], atMs: number, readAtMs: number = atMs): void {
    for (const fact of facts) {
      this.#host = evolveHost(this.#host, fact);
      const what = sentence(fact, atMs);
      const apart = Math.round((readAtMs - atMs) / 1000);
      const asOf = either(apart, ` (by what was read ${-apart} s before)`, ` (by what was read ${apart} s later)`);
      if (what !== undefined) this.#told.push({ atMs, what: `${what}${asOf}` });
    }
  }
}

/** Nothing when they are not apart. */
const either = (apart: number, before: string, after: string): string => (apart < 0 ? before : apart > 0 ? after : '');

function sentence(fact: HostFact, atMs: number): string | undefined {
  switch (fact.type) {
    case 'incident-opened':
      return `incident opened, ${fact.because}; the grace period runs for ${((fact.graceEndsAtMs - atMs) / 1000).toFixed(1)} s`;
    case 'held':
      return `held: ${fact.gates
        .filter(isShut)
        .map((gate) => gate.because)
        .join('; ')}`;
    case 'confirmed':
      return 'confirmed down';
    case 'incident-closed':
      return `closed as ${fact.outcome}: ${fact.because}`;
    // Stryker disable next-line ConditionalExpression: without it nothing would be told either
    default:
      return undefined;
  }
}
