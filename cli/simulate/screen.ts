import type { Violation } from './checks/check.ts';
import { START_MS } from './engine/simulation.ts';
import type { Exploration, SeedResult } from './explore.ts';
import type { Tally } from './tally.ts';

const REPLAY = 'npm run simulate -- --seed';

export function explorationText({ tally, broken, seconds }: Exploration): string {
  const worst = broken[0];
  return [
    figures(tally, seconds),
    ...(worst === undefined
      ? ['every invariant held']
      : [brokenText(worst.seed, worst.violation), `to see it again: ${REPLAY} ${worst.seed}`]),
  ].join('\n');
}

export function seedText({ seed, violation, hash, tally }: SeedResult): string {
  return [
    figures(tally, 0),
    `hash of all that happened: ${hash}`,
    violation === undefined ? 'every invariant held' : brokenText(seed, violation),
  ].join('\n');
}

function figures(
  { seeds, incidents, instances, evacuations, powerOffs, faults, virtualHours }: Tally,
  seconds: number,
): string {
  const rate =
    seconds > 0 ? ` in ${seconds.toFixed(1)} s, ${Math.round((60 * incidents) / seconds)} incidents a minute` : '';
  return `${seeds} seeds, ${incidents} incidents, ${instances} instances, ${powerOffs} power-offs, ${evacuations} evacuations, ${faults} faults, ${virtualHours.toFixed(1)} h of virtual time${rate}`;
}

const brokenText = (seed: number, { id, sentence, what, atMs }: Violation): string =>
  `BROKEN in seed ${seed}: ${id}, ${sentence}\n  ${((atMs - START_MS) / 1000).toFixed(1)} s: ${what}`;
