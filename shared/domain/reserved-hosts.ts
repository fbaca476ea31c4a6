import type { Answer } from '#shared/ports.ts';
import type { AggregateRef, Asleep } from './asleep.ts';
import { choose } from './choose.ts';
import type { Candidate, Wanting } from './destinations.ts';
import type { Incident } from './incident.ts';
import type { Segment } from './policy.ts';
import { toldAnswer } from './told.ts';

/** It joins, and parts with, an aggregate of the failed host. */
export type ReservedAct = 'enable' | 'disable' | 'join' | 'part';

/** What an incident has done to a reserved host. Times are Unix ms. */
export interface ReservedUse {
  readonly serviceId: string;
  /** Why it was disabled before, and is again when it is given back. */
  readonly reason: string;
  readonly act: ReservedAct;
  readonly aggregate?: AggregateRef | undefined;
  readonly askedAtMs: number;
  /**
   * Null: none is on record yet. `too-early`: Nova was out of reach or too busy to look at it. `left`: nothing more is
   * asked for it.
   */
  readonly answer: Answer['kind'] | 'too-early' | 'left' | null;
  /** How often it was asked for. */
  readonly tries: number;
  /** Aggregates that it is in, or may be in, for this incident. Absent: none. */
  readonly joined?: readonly AggregateRef[];
}

export type ReservedUses = Readonly<Record<string, ReservedUse>>;

/** Goes to the incident's stream: a reserved host is enabled for it, and given back if it was not needed after all. */
export type ReservedFact =
  | {
      readonly type: 'reserved-host-intended';
      readonly act: ReservedAct;
      readonly host: string;
      /** Which it joins or parts with. */
      readonly aggregate?: AggregateRef;
      readonly serviceId: string;
      readonly reason: string;
      readonly because: string;
      readonly atMs: number;
    }
  | {
      readonly type: 'reserved-host-answered';
      readonly act: ReservedAct;
      readonly host: string;
      readonly aggregate?: AggregateRef;
      readonly answer: Answer['kind'];
      /** Of a refusal; 0: not sent. */
      readonly httpStatus: number | null;
      readonly detail: string;
      readonly requestId: string | null;
      readonly durationMs: number;
      readonly atMs: number;
    }
  /** It is not given back. */
  | { readonly type: 'reserved-host-left'; readonly host: string; readonly because: string; readonly atMs: number };

const MAX_TRIES = 3;
/** A committed intent without an answer: longer than any request may take, so its function has died. */
const ANSWER_EXPIRES_MS = 75_000;
/** Pause after an answer that nobody looked at the request. */
const AGAIN_MS = 10_000;

export function reservedAfter(uses: ReservedUses = {}, fact: ReservedFact): ReservedUses {
  const before = uses[fact.host];
  if (fact.type === 'reserved-host-intended') return { ...uses, [fact.host]: asked(before, fact) };
  // An answer is recorded whatever was made of its host meanwhile (A1).
  if (before === undefined) return uses;
  if (fact.type === 'reserved-host-left') return { ...uses, [fact.host]: { ...before, answer: 'left' } };
  return before.act === fact.act && before.aggregate?.id === fact.aggregate?.id
    ? { ...uses, [fact.host]: heard(before, fact) }
    : uses;
}

function asked(before: ReservedUse | undefined, fact: Extract<ReservedFact, { serviceId: string }>): ReservedUse {
  const { serviceId, reason, act, aggregate, atMs: askedAtMs } = fact;
  const isAgain = before?.act === act && before.aggregate?.id === aggregate?.id;
  const others = (before?.joined ?? []).filter(({ id }) => id !== aggregate?.id);
  // Asked for is as good as joined: nobody may hear of it.
  const joined = aggregate === undefined ? others : [...others, aggregate];
  return {
    ...{ serviceId, reason, act, aggregate, askedAtMs },
    ...{ answer: null, tries: isAgain ? before.tries + 1 : 1 },
    ...(joined.length === 0 ? {} : { joined }),
  };
}

function heard(before: ReservedUse, { answer, httpStatus }: Extract<ReservedFact, { requestId: string | null }>) {
  const { act, aggregate, tries, joined = [] } = before;
  const isEarly = answer === 'refused' && (httpStatus === 0 || httpStatus === 429);
  const isOut =
    act === 'join'
      ? answer === 'refused'
      : act === 'part' && (tries >= MAX_TRIES || (answer !== 'unknown' && !isEarly));
  const others = isOut ? joined.filter(({ id }) => id !== aggregate?.id) : joined;
  return { ...before, answer: isEarly ? ('too-early' as const) : answer, joined: others };
}

/** Not one that Nova refused, nor one that was asked for often enough, nor one whose answer is still to come. */
export function mayBeWoken({ reserved = {} }: Pick<Incident, 'reserved'>, host: string, nowMs: number): boolean {
  const use = reserved[host];
  if (use === undefined) return true;
  // An outage, however long, does not use up the tries.
  if (use.answer === 'too-early') return use.askedAtMs + AGAIN_MS <= nowMs;
  return use.tries < MAX_TRIES && (use.answer === 'accepted' || use.answer === 'unknown');
}

/** What a reserved host was chosen among, and for which instance. */
export interface WakeBasis {
  readonly instance: string;
  readonly wanting: Wanting;
  readonly candidates: readonly Candidate[];
  readonly asleep: readonly Asleep[];
}

/** Enables the reserved host that an instance is to go to, once it is in all aggregates that it must be in. */
export function decideWake(
  { instance, wanting, candidates, asleep }: WakeBasis,
  { destinations, evacuation }: Segment,
  atMs: number,
): readonly ReservedFact[] {
  const chosen = choose({ candidates, asleep }, wanting, evacuation.maxInFlightPerDestination, destinations);
  const host = chosen.to === 'reserved-host' ? asleep.find((each) => each.host === chosen.host) : undefined;
  if (host === undefined) return [];
  const { serviceId, reason, missing: [aggregate] = [] } = host;
  const first = aggregate === undefined ? '' : `, and must be in the aggregate ${aggregate.name} for that`;
  const because = `${instance} is to go there, by the method ${destinations.method}${first}`;
  const common = { type: 'reserved-host-intended', host: host.host, serviceId, reason, because, atMs } as const;
  return [aggregate === undefined ? { ...common, act: 'enable' } : { ...common, act: 'join', aggregate }];
}

/** What Nova answered, as it is recorded. */
export function reservedAnswered(
  host: string,
  { act, aggregate }: Pick<ReservedUse, 'act' | 'aggregate'>,
  answer: Answer,
  atMs: number,
): Extract<ReservedFact, { type: 'reserved-host-answered' }> {
  const httpStatus = answer.kind === 'refused' ? answer.httpStatus : null;
  const about = { act, host, ...(aggregate === undefined ? {} : { aggregate }) };
  return { type: 'reserved-host-answered', ...about, ...toldAnswer(answer), httpStatus, atMs };
}

/** No answer was recorded in all the time that a request may take: then nobody knows, and it may be asked for again. */
export function lostAnswer(
  host: string,
  use: ReservedUse,
  atMs: number,
): readonly Extract<ReservedFact, { type: 'reserved-host-answered' }>[] {
  if (use.answer !== null || atMs < use.askedAtMs + ANSWER_EXPIRES_MS) return [];
  const lost: Answer = { kind: 'unknown', error: 'no answer was recorded', durationMs: 0 };
  return [reservedAnswered(host, use, lost, atMs)];
}

/** What was seen of a reserved host that the incident may have enabled, when all its tasks had ended. */
export interface ReservedSeen {
  readonly status: 'enabled' | 'disabled' | null;
  /** On it, by Nova's records. */
  readonly instances: number;
  /** To it, by other incidents. */
  readonly inFlight: number;
  /** Why nothing may be asked of the outside now. */
  readonly halted: string | null;
  /** Why it is for somebody else to decide by now whether it is in service. Absent: it is not. */
  readonly theirs?: string;
  /** It is disabled for planned work alone, with salvor's own reason; else it would be enabled. Absent: it is not. */
  readonly workedOn?: true;
}

/** Hosts that must be looked at before the incident may close. */
export const toGiveBack = ({ reserved = {} }: Pick<Incident, 'reserved'>): readonly string[] =>
  Object.entries(reserved)
    .filter(([, use]) => isOpen(use))
    .map(([host]) => host);

/** Whether something is to be done for it yet: an answer to wait for, or to be told of it that it is given back. */
function isOpen({ act, answer, tries, joined = [] }: ReservedUse): boolean {
  if (answer === null) return true;
  if (answer === 'left') return false;
  if (joined.length > 0) return true;
  if (act === 'enable') return answer === 'accepted' || answer === 'unknown';
  return act === 'disable' && (answer === 'unknown' || answer === 'too-early') && tries < MAX_TRIES;
}

/**
 * A reserved host is given back when nothing has come to it: it is disabled, and leaves the aggregates that it has joined.
 * Else it is a host like any other from now on. One that is worked on meanwhile gets the reason of before, so that the end of the
 * work leaves it asleep.
 * @returns nothing while an answer is still to come
 */
export function decideGiveBack(
  host: string,
  use: ReservedUse,
  seen: ReservedSeen,
  atMs: number,
): readonly ReservedFact[] {
  if (use.answer === null) return lostAnswer(host, use, atMs);
  const { act, answer, tries, serviceId, reason, joined: [aggregate] = [] } = use;
  const left = (because: string): readonly ReservedFact[] => [{ type: 'reserved-host-left', host, because, atMs }];
  const kept = whyLeft(seen);
  if (kept !== undefined) return left(kept);
  const because = 'no instance has come to it';
  const common = { type: 'reserved-host-intended', host, serviceId, reason, because, atMs } as const;
  const isTried = act === 'disable' && (answer === 'refused' || tries >= MAX_TRIES);
  if (seen.status === 'enabled' || seen.workedOn)
    return isTried ? left('Nova does not disable it') : [{ ...common, act: 'disable' }];
  return aggregate === undefined ? left('it is disabled already') : [{ ...common, act: 'part', aggregate }];
}

function whyLeft({ status, instances, inFlight, halted, theirs }: ReservedSeen): string | undefined {
  if (theirs !== undefined) return theirs;
  if (status === null) return 'Nova no longer knows it';
  if (instances > 0) return `it holds ${instances} instances by now`;
  if (inFlight > 0) return `${inFlight} evacuations of other hosts are on their way to it`;
  return halted ?? undefined;
}
