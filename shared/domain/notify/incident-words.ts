import type { GateResult } from '../gates/gate.ts';
import { isReleasable } from '../gates/release.ts';
import type { HostFact } from '../host.ts';
import type { IncidentOutcome } from '../incident.ts';
import { type Ask, type Notice, short } from './notice.ts';
import type { ToldIncident } from './told-incident.ts';

/** What is said of a host and its incident, in words that can be read on a phone at night. */
export type Words = Pick<Notice, 'kind' | 'severity' | 'state' | 'title' | 'body'> & {
  /** What a person could approve. */
  readonly ask?: Omit<Ask, 'hostKey'>;
};

/** The first tries may meet a device that is busy or restarts. */
export const FAILURES = 3;
export const CONFIRM = { act: 'confirm-off', gates: [] } as const;

/** It is kept with the incident, and what to do about it has to fit behind it. */
const WHY_LENGTH = 400;

export const closedGates = (gates: readonly GateResult[]): string =>
  short(
    gates
      .filter(({ open }) => !open)
      .map(({ gate, because }) => `${gate}: ${because}`)
      .join('; '),
    WHY_LENGTH,
  );

export const heldWords = (
  { host, segment }: ToldIncident,
  { why, gates }: Pick<NonNullable<ToldIncident['held']>, 'why' | 'gates'>,
): Words => ({
  kind: 'held',
  severity: 'critical',
  state: 'open',
  title: `${host} is down and not recovered: it is held`,
  body: `${why}. Segment ${segment}. It goes on by itself once that ends; or: salvor release ${host}.`,
  // Nobody can release what keeps salvor off hosts that are not its own.
  ...(gates.every(isReleasable) ? { ask: { act: 'release', gates } } : {}),
});

export const notProvenOff = (host: string, { because }: { readonly because: string }): Words => ({
  kind: 'needs-a-person',
  severity: 'critical',
  state: 'open',
  title: `${host} can not be proven off`,
  body: `${FAILURES} tries have failed, the last: ${because}. None of its instances are evacuated before. If you know that it is off: salvor confirm-off ${host}.`,
  ask: CONFIRM,
});

export const acted = (host: string, what: string, reason: string): Words => ({
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

export const unreadable = (host: string, seq: number): Words => ({
  kind: 'needs-a-person',
  severity: 'critical',
  state: 'open',
  title: `${host}: a record of its incident can not be read`,
  body: `Record ${seq}: what it says is not told, nor what others like it say. Look yourself: salvor incidents ${host}. salvor audit verify tells what was changed.`,
});

export type Ended = Pick<Extract<HostFact, { readonly type: 'incident-closed' }>, 'outcome' | 'because' | 'counts'>;

export function closedWords(host: string, fact: Ended): Words {
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
