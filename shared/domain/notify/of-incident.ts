import type { AuditRecord } from '../audit.ts';
import type { GateResult } from '../gates/gate.ts';
import { isReleasable } from '../gates/release.ts';
import type { HostFact } from '../host.ts';
import type { IncidentOutcome } from '../incident.ts';
import { type Ask, type Notice, short, worded } from './notice.ts';

/** How far an incident has been told, an item of its own. Times are Unix ms. */
export interface ToldIncident {
  readonly host: string;
  readonly hostKey: string;
  readonly segment: string;
  readonly openedAtMs: number;
  /** Number of the newest record that was read. */
  readonly seq: number;
  /** Channels that were told anything of it. */
  readonly channels: readonly string[];
  /** A guard holds it; told once, however its reasons change. */
  readonly held: {
    readonly sinceMs: number;
    readonly seq: number;
    readonly why: string;
    readonly gates: readonly string[];
    readonly told: boolean;
  } | null;
  /** Tries to fence it, or to tell Nova, that have failed in a row. */
  readonly failures: number;
  readonly fenced: boolean;
  readonly closed: boolean;
}

export type Follows = Pick<ToldIncident, 'host' | 'hostKey' | 'segment' | 'openedAtMs'>;

export const notToldYet = ({ host, hostKey, segment, openedAtMs }: Follows): ToldIncident => ({
  host,
  hostKey,
  segment,
  openedAtMs,
  seq: 0,
  channels: [],
  held: null,
  failures: 0,
  fenced: false,
  closed: false,
});

/** The first tries may meet a device that is busy or restarts. */
const FAILURES = 3;
const CONFIRM = { act: 'confirm-off', gates: [] } as const;

interface Step {
  readonly next: ToldIncident;
  readonly told: Words | undefined;
}
type Words = Pick<Notice, 'kind' | 'severity' | 'state' | 'title' | 'body'> & {
  /** What a person could approve. */
  readonly ask?: Omit<Ask, 'hostKey'>;
};

/**
 * What people are told of an incident, from the records of its stream that are new: each at most once, as its id holds the
 * number of its record.
 * @param records those behind `told.seq`, in their order
 * @param heldSeconds holds that are shorter are not told
 * @param most so many notices, and no record is read of which one more could come: it is for the next look
 */
export function noticesOfIncident(
  id: string,
  told: ToldIncident,
  records: readonly AuditRecord[],
  { nowMs, heldSeconds, most }: { readonly nowMs: number; readonly heldSeconds: number; readonly most: number },
): { readonly next: ToldIncident; readonly notices: readonly Notice[] } {
  const notices: Notice[] = [];
  const { host, hostKey, segment } = told;
  const about = { thread: id, incidentId: id, host, segment };
  const say = ({ ask, ...words }: Words, seq: number, atMs: number): void => {
    const asked = ask === undefined ? null : { ...ask, hostKey };
    notices.push(worded({ ...about, ...words, ask: asked, id: `${id}/${words.kind}/${seq}`, atMs }));
  };
  let next = told;
  for (const { seq, atMs, fact } of records) {
    if (notices.length >= most) return { next, notices };
    const step = after(next, fact as unknown as HostFact, seq, atMs);
    next = { ...step.next, seq };
    if (step.told !== undefined) say(step.told, seq, atMs);
  }
  const { held } = next;
  if (notices.length < most && held !== null && !held.told && nowMs - held.sinceMs >= heldSeconds * 1000) {
    say(heldWords(next, held), held.seq, held.sinceMs);
    next = { ...next, held: { ...held, told: true } };
  }
  return { next, notices };
}

function after(told: ToldIncident, fact: HostFact, seq: number, atMs: number): Step {
  const { host, segment } = told;
  const step = (words?: Words, changed: Partial<ToldIncident> = {}): Step => ({
    next: { ...told, ...changed },
    told: words,
  });
  switch (fact.type) {
    case 'incident-opened': {
      const grace = Math.round((fact.graceEndsAtMs - fact.atMs) / 1000);
      return step({
        kind: 'opened',
        severity: 'warning',
        state: 'open',
        title: `${host} is said to be down`,
        body: `Segment ${segment}. ${fact.because}. Unless it is up within ${grace} s, it is fenced and its instances are evacuated.`,
      });
    }
    case 'held': {
      const why = closedGates(fact.gates);
      const gates = fact.gates.flatMap(({ gate, open }) => (open ? [] : [gate]));
      // A host in maintenance is held by that alone: somebody knows.
      const isPlanned = fact.gates.some(({ gate, open }) => gate === 'in-service' && !open);
      const since = told.held ?? { sinceMs: atMs, seq, told: false };
      return step(undefined, { held: isPlanned ? null : { ...since, why, gates } });
    }
    case 'confirmed':
      return step(undefined, { held: null });
    case 'fence-failed':
    case 'force-down-failed': {
      const failures = told.failures + 1;
      return step(failures === FAILURES ? notProvenOff(host, fact) : undefined, { failures });
    }
    case 'proof-made':
      return step(
        told.fenced
          ? undefined
          : {
              kind: 'fenced',
              severity: 'info',
              state: 'open',
              title: `${host} is fenced`,
              body: `It is proven off: ${fact.proof.detail}. Its instances are evacuated now.`,
            },
        { failures: 0, fenced: true, held: null },
      );
    case 'stopped':
      return step(
        {
          kind: 'needs-a-person',
          severity: 'critical',
          state: 'open',
          title: `${host}: salvor has stopped, a person must look`,
          body: `${fact.because}. Nothing of segment ${segment} is recovered until somebody releases or dismisses it: salvor release ${host}.`,
          ask: { act: 'release', gates: [] },
        },
        { held: null },
      );
    case 'deadline-passed':
      return step({
        kind: 'needs-a-person',
        severity: 'critical',
        state: 'open',
        title: `${host}: its instances are for a person now`,
        body: `${fact.because}. What has no outcome yet is handed over.`,
      });
    case 'off-confirmed':
      return step(
        fact.complete
          ? acted(host, `confirmed off by ${fact.names.join(' and ')}`, fact.reason)
          : {
              kind: 'needs-a-person',
              severity: 'critical',
              state: 'open',
              title: `${host}: one more person must confirm that it is off`,
              body: `${fact.by} has: ${fact.reason}. Look at the host itself, then: salvor confirm-off ${host}.`,
              ask: CONFIRM,
            },
      );
    case 'released':
    case 'dismissed':
      return step(acted(host, `${fact.type} by ${fact.by}`, fact.reason), { held: null });
    case 'incident-closed':
      return step(closedWords(host, fact), { closed: true, held: null });
    default:
      return step();
  }
}

/** It is kept with the incident, and what to do about it has to fit behind it. */
const WHY_LENGTH = 400;

const closedGates = (gates: readonly GateResult[]): string =>
  short(
    gates
      .filter(({ open }) => !open)
      .map(({ gate, because }) => `${gate}: ${because}`)
      .join('; '),
    WHY_LENGTH,
  );

const heldWords = ({ host, segment }: ToldIncident, { why, gates }: NonNullable<ToldIncident['held']>): Words => ({
  kind: 'held',
  severity: 'critical',
  state: 'open',
  title: `${host} is down and not recovered: it is held`,
  body: `${why}. Segment ${segment}. It goes on by itself once that ends; or: salvor release ${host}.`,
  // Nobody can release what keeps salvor off hosts that are not its own.
  ...(gates.every(isReleasable) ? { ask: { act: 'release', gates } } : {}),
});

const notProvenOff = (host: string, { because }: { readonly because: string }): Words => ({
  kind: 'needs-a-person',
  severity: 'critical',
  state: 'open',
  title: `${host} can not be proven off`,
  body: `${FAILURES} tries have failed, the last: ${because}. None of its instances are evacuated before. If you know that it is off: salvor confirm-off ${host}.`,
  ask: CONFIRM,
});

const acted = (host: string, what: string, reason: string): Words => ({
  kind: 'person-acted',
  severity: 'info',
  state: 'acknowledged',
  title: `${host}: ${what}`,
  body: reason,
});

const OUTCOME: Readonly<Record<IncidentOutcome, (host: string) => string>> = {
  recovered: (host) => `${host}: all instances are recovered`,
  'partly-recovered': (host) => `${host}: not all instances could be recovered`,
  'stood-down': (host) => `${host}: false alarm, nothing was done`,
  dismissed: (host) => `${host}: dismissed, nothing more is done`,
  shadow: (host) => `${host}: would have been fenced (shadow)`,
};

function closedWords(host: string, fact: Extract<HostFact, { readonly type: 'incident-closed' }>): Words {
  const counts = Object.entries(fact.counts).map(([outcome, count]) => `${count} ${outcome}`);
  const isLeft = fact.outcome === 'partly-recovered';
  return {
    kind: 'closed',
    severity: isLeft ? 'critical' : 'info',
    state: isLeft ? 'open' : 'over',
    title: OUTCOME[fact.outcome](host),
    body: `${fact.because}.${counts.length === 0 ? '' : ` Instances: ${counts.join(', ')}.`}`,
  };
}
