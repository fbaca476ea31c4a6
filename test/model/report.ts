import { INVARIANTS, type Invariant } from './invariants.ts';
import { PROFILES, type Profile } from './profiles.ts';
import type { Found } from './search.ts';

/** What came of the search of one profile. */
export interface Outcome {
  readonly profile: string;
  readonly found: Found;
  /** How often the real functions were run: once for each different history of answers. */
  readonly replays: number;
  readonly seconds: number;
}

const count = (number: number): string => number.toLocaleString('en-US');

export function line({ profile, found, replays, seconds }: Outcome): string {
  const { states, transitions, depth, longestFairRun, exhausted, violation } = found;
  const end = violation !== undefined ? `VIOLATION of ${violation.invariant}` : exhausted ? 'all' : 'NOT ALL';
  return [
    profile.padEnd(20),
    `${end}: ${count(states)} states, ${count(transitions)} transitions, ${depth} steps deep,`,
    `${longestFairRun} at most to an end, ${count(replays)} replays, ${seconds} s`,
  ].join(' ');
}

/** As docs/safety.md shows them. */
export const figuresOf = (outcomes: readonly Outcome[], seconds: number) => ({
  seconds,
  profiles: outcomes.map(({ profile, found: { states, transitions, exhausted, violation }, seconds }) => ({
    name: profile,
    bounds: boundsOf(profile),
    states,
    transitions,
    seconds,
    broken: violation?.invariant ?? (exhausted ? null : 'not searched to its end'),
  })),
});

/**
 * Its first line is for machines: `ok`, `incomplete` or `violation <invariant> <profile>`.
 * @param seconds that all of it took
 */
export function report(outcomes: readonly Outcome[], seconds: number): string {
  const broken = outcomes.find(({ found }) => found.violation !== undefined);
  const complete = outcomes.every(({ found }) => found.exhausted);
  const first =
    broken?.found.violation !== undefined
      ? `violation ${broken.found.violation.invariant} ${broken.profile}`
      : complete
        ? 'ok'
        : 'incomplete';
  const sum = (of: (found: Found) => number): string =>
    count(outcomes.reduce((total, { found }) => total + of(found), 0));
  const lines = [
    first,
    ...(broken === undefined ? [] : story(broken)),
    ...outcomes.flatMap((outcome) => [line(outcome), `  ${boundsOf(outcome.profile)}`]),
    `${sum((found) => found.states)} distinct states, ${sum((found) => found.transitions)} transitions, ${seconds} s`,
  ];
  return `${lines.join('\n')}\n`;
}

function story({ found: { violation } }: Outcome): readonly string[] {
  if (violation === undefined) return [];
  const { invariant, text, path } = violation;
  return [`${INVARIANTS[invariant as Invariant]}: ${text}`, ...path.map((step, index) => `${index + 1}. ${step}`), ''];
}

function boundsOf(name: string): string {
  const profile = PROFILES.find((each) => each.name === name);
  return profile === undefined ? '' : `${profile.about}: ${inWords(profile)}`;
}

function inWords({ hosts, instances, budget, bounds, from }: Profile): string {
  const guests = Object.values(instances).reduce((sum, each) => sum + each, 0);
  const faults = Object.entries(budget).map(([fault, times]) => `${fault} ${times}`);
  const switches = budget.switch === undefined ? ', any number of switches' : '';
  return `${hosts} hosts, ${guests} instances, ${bounds.atOnce} functions at once${switches}, ${faults.join(', ')}${from === undefined ? '' : `, from ${from} on`}`;
}
