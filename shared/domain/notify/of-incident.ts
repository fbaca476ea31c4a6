import type { AuditRecord } from '../audit.ts';
import type { HostFact } from '../host.ts';
import type { IncidentOutcome } from '../incident.ts';
import {
  acted,
  CONFIRM,
  closedGates,
  closedWords,
  type Ended,
  FAILURES,
  heldWords,
  notProvenOff,
  unreadable,
  type Words,
} from './incident-words.ts';
import { type Notice, worded } from './notice.ts';
import type { ToldIncident } from './told-incident.ts';

interface Step {
  readonly next: ToldIncident;
  readonly told: Words | undefined;
}

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
  for (const { seq, atMs: saidMs, fact } of records) {
    if (notices.length >= most) return { next, notices };
    const atMs = Number.isFinite(saidMs) ? saidMs : nowMs;
    const step = afterRecord(next, fact as unknown as HostFact, seq, atMs);
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

/** A record that is not what we write keeps back none behind it. That there is one is told, once. */
function afterRecord(told: ToldIncident, fact: HostFact, seq: number, atMs: number): Step {
  try {
    if ((fact.type as string) !== 'unreadable') return after(told, fact, seq, atMs);
  } catch {}
  return { next: { ...told, blind: true }, told: told.blind === true ? undefined : unreadable(told.host, seq) };
}

/**
 * The end of one whose records can't all be read, by the list of incidents: its record may be among those. Nothing where it is
 * still open there.
 */
export function endOfBlind(
  id: string,
  told: ToldIncident,
  entry: Omit<Ended, 'outcome'> & { readonly closedAtMs: number | null; readonly outcome: IncidentOutcome | null },
): { readonly next: ToldIncident; readonly notices: readonly Notice[] } {
  const { closedAtMs, outcome, because, counts } = entry;
  if (told.closed || closedAtMs === null || outcome === null) return { next: told, notices: [] };
  const { host, segment } = told;
  const words = closedWords(host, { outcome, because, counts });
  const about = { thread: id, incidentId: id, host, segment };
  const notice = worded({ ...about, ...words, ask: null, id: `${id}/${words.kind}/${told.seq}`, atMs: closedAtMs });
  return { next: { ...told, closed: true, held: null }, notices: [notice] };
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
