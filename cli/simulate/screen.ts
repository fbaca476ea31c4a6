import type { Violation } from './checks/check.ts';
import { coverageOf, coverageTable, ENOUGH } from './coverage.ts';
import { type Cut, cutScenario, cutText, lengthOf } from './cut.ts';
import { START_MS } from './engine/simulation.ts';
import type { Exploration, SeedResult } from './explore.ts';
import { scenarioOf } from './generate.ts';
import { runScenario } from './run.ts';
import { shrink } from './shrink.ts';
import type { Tally } from './tally.ts';
import { traceOf } from './trace.ts';

const REPLAY = 'npm run simulate -- --seed';
const SHRINK_LIMITS = { runs: 300, seconds: 90 };
const STORY_LINES = 80;

export function explorationText({ tally, broken, seconds }: Exploration, withTable: boolean): string {
  const { reachable, covered, missing } = coverageOf(tally);
  const rarest = [...missing].sort((a, b) => a.hits - b.hits).slice(0, 8);
  return [
    figures(tally, seconds),
    ...(withTable ? ['', coverageTable(tally), ''] : []),
    ...(rarest.length === 0
      ? [`each of the ${reachable} reachable pairs of fault and state was struck ${ENOUGH} times or more`]
      : [
          `${covered} of ${reachable} reachable pairs of fault and state were struck ${ENOUGH} times or more`,
          `rarest: ${rarest.map(({ kind, state, hits }) => `${kind} in ${state} ${hits}`).join(', ')}`,
        ]),
    ...(broken.length === 0 ? ['every invariant held'] : brokenTexts(broken)),
  ].join('\n');
}

/** Each broken invariant with its seeds, and what happened in the first of them. */
function brokenTexts(broken: Exploration['broken']): readonly string[] {
  const byId = Map.groupBy(broken, ({ violation }) => violation.id);
  return [...byId].flatMap(([id, all]) => {
    const [first, ...others] = all;
    if (first === undefined) return [];
    const seeds = others.map(({ seed }) => seed);
    return [
      brokenText(first.seed, first.violation),
      ...(seeds.length === 0 ? [] : [`  ${id} as well in ${seeds.length} other seeds: ${seeds.join(', ')}`]),
    ];
  });
}

export function seedText({ seed, violation, hash, tally }: SeedResult): string {
  return [
    figures(tally, 0),
    `hash of all that happened: ${hash}`,
    violation === undefined ? 'every invariant held' : brokenText(seed, violation),
  ].join('\n');
}

/** A broken seed, without what it does not need, and what happened in it. */
export async function shrunkText(seed: number, { id }: Violation): Promise<string> {
  const scenario = scenarioOf(seed);
  const cut = await shrink(scenario, id, SHRINK_LIMITS);
  return [
    `shortened to ${sizesOf(seed, cut)}:`,
    ...(await trace(seed, cut, STORY_LINES)),
    `to see it again: ${REPLAY} ${seed}`,
    `and shortened:   ${REPLAY} ${seed} --cut ${cutText(cut)}`,
  ].join('\n');
}

/** All that happened, or the last lines of it. */
export async function trace(seed: number, cut: Cut, lines = Number.POSITIVE_INFINITY): Promise<readonly string[]> {
  const { simulation } = await runScenario(cutScenario(scenarioOf(seed), cut));
  return traceOf(simulation.log.happenings, lines);
}

function sizesOf(seed: number, cut: Cut): string {
  const before = scenarioOf(seed);
  const after = cutScenario(before, cut);
  return (['hosts', 'instances', 'failures', 'faults'] as const)
    .map((list) => `${lengthOf(after, list)} of ${lengthOf(before, list)} ${list}`)
    .join(', ');
}

function figures(
  { seeds, incidents, instances, evacuations, powerOffs, faults, virtualHours }: Tally,
  seconds: number,
): string {
  const rate =
    seconds > 0 ? ` in ${seconds.toFixed(1)} s, ${Math.round((60 * incidents) / seconds)} incidents a minute` : '';
  const each = (count: number): string => (count / Math.max(1, incidents)).toFixed(1);
  const averages = `${each(instances)} instances and ${each(faults)} faults an incident`;
  return `${seeds} seeds, ${incidents} incidents, ${instances} instances, ${powerOffs} power-offs, ${evacuations} evacuations, ${faults} faults, ${virtualHours.toFixed(1)} h of virtual time${rate}; ${averages}`;
}

const brokenText = (seed: number, { id, sentence, what, atMs }: Violation): string =>
  `BROKEN in seed ${seed}: ${id}, ${sentence}\n  ${((atMs - START_MS) / 1000).toFixed(2)} s: ${what}`;
