import type { Answer } from '#shared/ports.ts';
import { choose } from './choose.ts';
import type { Asleep, Candidate, Wanting } from './destinations.ts';
import type { Incident } from './incident.ts';
import type { Segment } from './policy.ts';

/** What an incident has done to a reserved host. Times are Unix ms. */
export interface ReservedUse {
  readonly serviceId: string;
  /** Why it was disabled before, and is again when it is given back. */
  readonly reason: string;
  readonly act: 'enable' | 'disable';
  readonly askedAtMs: number;
  /** Null: none is on record yet. `left`: nothing more is asked for it. */
  readonly answer: Answer['kind'] | 'left' | null;
  /** How often it was asked for. */
  readonly tries: number;
}

export type ReservedUses = Readonly<Record<string, ReservedUse>>;

/** Goes to the incident's stream: a reserved host is enabled for it, and given back if it was not needed after all. */
export type ReservedFact =
  | {
      readonly type: 'reserved-host-intended';
      readonly act: 'enable' | 'disable';
      readonly host: string;
      readonly serviceId: string;
      readonly reason: string;
      readonly because: string;
      readonly atMs: number;
    }
  | {
      readonly type: 'reserved-host-answered';
      readonly act: 'enable' | 'disable';
      readonly host: string;
      readonly answer: Answer['kind'];
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

export function reservedAfter(uses: ReservedUses = {}, fact: ReservedFact): ReservedUses {
  const before = uses[fact.host];
  if (fact.type === 'reserved-host-intended') {
    const { serviceId, reason, act, atMs: askedAtMs } = fact;
    const tries = before?.act === act ? before.tries + 1 : 1;
    return { ...uses, [fact.host]: { serviceId, reason, act, askedAtMs, answer: null, tries } };
  }
  // An answer is recorded whatever was made of its host meanwhile (A1).
  if (before === undefined) return uses;
  return { ...uses, [fact.host]: { ...before, answer: fact.type === 'reserved-host-left' ? 'left' : fact.answer } };
}

/** Not one that Nova refused, nor one that was asked for often enough, nor one whose answer is still to come. */
export function mayBeWoken({ reserved = {} }: Pick<Incident, 'reserved'>, host: string): boolean {
  const use = reserved[host];
  return use === undefined || (use.tries < MAX_TRIES && (use.answer === 'accepted' || use.answer === 'unknown'));
}

/** What a reserved host was chosen among, and for which instance. */
export interface WakeBasis {
  readonly instance: string;
  readonly wanting: Wanting;
  readonly candidates: readonly Candidate[];
  readonly asleep: readonly Asleep[];
}

/** Enables the reserved host that an instance is to go to. */
export function decideWake(
  { instance, wanting, candidates, asleep }: WakeBasis,
  { destinations, evacuation }: Segment,
  atMs: number,
): readonly ReservedFact[] {
  const chosen = choose({ candidates, asleep }, wanting, evacuation.maxInFlightPerDestination, destinations);
  const host = chosen.to === 'reserved-host' ? asleep.find((each) => each.host === chosen.host) : undefined;
  if (host === undefined) return [];
  const because = `${instance} is to go there, by the method ${destinations.method}`;
  const { serviceId, reason } = host;
  return [{ type: 'reserved-host-intended', act: 'enable', host: host.host, serviceId, reason, because, atMs }];
}

/** What Nova answered, as it is recorded. */
export function reservedAnswered(
  host: string,
  act: 'enable' | 'disable',
  answer: Answer,
  atMs: number,
): Extract<ReservedFact, { type: 'reserved-host-answered' }> {
  const { kind, durationMs } = answer;
  const detail =
    kind === 'accepted' ? 'accepted' : kind === 'unknown' ? answer.error : `${answer.httpStatus} ${answer.message}`;
  const requestId = kind === 'unknown' ? null : answer.requestId;
  return { type: 'reserved-host-answered', act, host, answer: kind, detail, requestId, durationMs, atMs };
}

/** No answer was recorded in all the time that a request may take: then nobody knows, and it may be asked for again. */
export function lostAnswer(
  host: string,
  { act, answer, askedAtMs }: ReservedUse,
  atMs: number,
): readonly Extract<ReservedFact, { type: 'reserved-host-answered' }>[] {
  if (answer !== null || atMs < askedAtMs + ANSWER_EXPIRES_MS) return [];
  const lost: Answer = { kind: 'unknown', error: 'no answer was recorded', durationMs: 0 };
  return [reservedAnswered(host, act, lost, atMs)];
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
}

/** Hosts that must be looked at before the incident may close. */
export const toGiveBack = ({ reserved = {} }: Pick<Incident, 'reserved'>): readonly string[] =>
  Object.entries(reserved)
    .filter(([, use]) => isOpen(use))
    .map(([host]) => host);

/** Whether something is to be done for it yet: an answer to wait for, or to be told of it that it is given back. */
function isOpen({ act, answer, tries }: ReservedUse): boolean {
  if (answer === null) return true;
  return act === 'enable' ? ['accepted', 'unknown'].includes(answer) : answer === 'unknown' && tries < MAX_TRIES;
}

/**
 * A reserved host is given back when nothing has come to it; else it is a host like any other from now on.
 * @returns nothing while an answer is still to come
 */
export function decideGiveBack(
  host: string,
  use: ReservedUse,
  seen: ReservedSeen,
  atMs: number,
): readonly ReservedFact[] {
  if (use.answer === null) return lostAnswer(host, use, atMs);
  const because = whyLeft(seen);
  if (because !== undefined) return [{ type: 'reserved-host-left', host, because, atMs }];
  const { serviceId, reason } = use;
  const unused = 'no instance has come to it';
  return [{ type: 'reserved-host-intended', act: 'disable', host, serviceId, reason, because: unused, atMs }];
}

function whyLeft({ status, instances, inFlight, halted }: ReservedSeen): string | undefined {
  if (status !== 'enabled') return status === null ? 'Nova no longer knows it' : 'it is disabled already';
  if (instances > 0) return `it holds ${instances} instances by now`;
  if (inFlight > 0) return `${inFlight} evacuations of other hosts are on their way to it`;
  return halted ?? undefined;
}
