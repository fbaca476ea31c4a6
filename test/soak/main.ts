/**
 * `npm run soak [-- --kills 5 --worlds 8 --at evacuate --share 1/2]`: recoveries on the embedded pipeline, killed with SIGKILL that many times at
 * each point of `points.ts`. Prints what was survived, and writes it to .salvor/soak.json. Exit status 1: something broke.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { print } from '#cli/output.ts';
import { seededRandom } from '#sim/random.ts';
import { shareOf } from '#test/support/share.ts';
import { POINTS } from './points.ts';
import { type Quota, quotaOf } from './quota.ts';
import { reportOf, tables } from './report.ts';
import { type RoundResult, runRound } from './round.ts';

const RESULT_FOLDER = '.salvor';
const RESULT = `${RESULT_FOLDER}/soak.json`;
const LIMIT_SECONDS = 600;

const count = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('A whole number from 1 is needed.');
  return value;
};

const command = new Command('soak')
  .option('--kills <n>', 'at each point', count, 5)
  .option('--worlds <n>', 'recoveries at the same time', count, 8)
  .option('--at <text>', 'only at points whose name holds it, as "evacuate" or "after commit"', '')
  .option('--share <text>', 'one part of the points, as "1/2"', '1/1')
  .option('--seed <n>', 'of the clouds, and of who is killed when', count, 1)
  .parse();
const { kills, worlds, at, seed, share } = command.opts<{
  kills: number;
  worlds: number;
  at: string;
  seed: number;
  share: string;
}>();
const startedMs = performance.now();
const { next } = seededRandom(seed);
const points = shareOf(
  POINTS.filter((point) => point.includes(at)),
  share,
);
if (points.length === 0) throw new Error(`no point is called ${at}; there are ${POINTS.join(', ')}`);
const quota = quotaOf(points, kills, next);
const rounds: RoundResult[] = [];
await Promise.all(Array.from({ length: worlds }, () => work(quota)));

const report = reportOf(quota, rounds, (performance.now() - startedMs) / 1000);
mkdirSync(RESULT_FOLDER, { recursive: true });
writeFileSync(RESULT, `${JSON.stringify(report, null, 2)}\n`);
print(tables(quota.survived));
print(JSON.stringify({ ...report, survived: undefined }, null, 2));
process.exitCode = report.broken.length === 0 && report.notReached.length === 0 ? 0 : 1;

/** One recovery after the other, while kills are left. */
async function work(from: Quota): Promise<void> {
  for (;;) {
    const share = from.take();
    if (share === undefined) return;
    const round = await runRound({ seed: seed * 1000 + rounds.length, stops: share, limitSeconds: LIMIT_SECONDS });
    from.give(share, round.kills);
    rounds.push(round);
    const verdict = round.broken.length === 0 ? 'well' : `BROKEN (${round.folder}):\n  ${round.broken.join('\n  ')}`;
    print(`${round.kills.length} of ${share.size} kills in ${round.seconds.toFixed(0)} s: ${verdict}`);
  }
}
