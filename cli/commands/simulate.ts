import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { print, printJson } from '../output.ts';
import { type Cut, parseCut } from '../simulate/cut.ts';

const whole = (text: string): number => {
  const value = Number(text);
  if (!/^\d+$/.test(text.trim()) || value > 2 ** 31) throw new InvalidArgumentError('A whole number is needed.');
  return value;
};
const cutOption = (text: string): Cut => {
  try {
    return parseCut(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
};

/** `salvor simulate`: the functions in a simulated world, seed by seed, every invariant checked after each step. */
export function simulateCommand(): Command {
  return new Command('simulate')
    .description('play seeds of a simulated world with faults at every step, and check every invariant from outside')
    .option('--seeds <n>', 'how many seeds', whole, 200)
    .option('--from <seed>', 'the first one', whole, 1)
    .option('--seed <seed>', 'play this one only, exactly as before', whole)
    .option('--cut <cut>', 'only what is left of that seed: failures=0/faults=2,5', cutOption)
    .addOption(
      new Option('--workers <n>', 'threads').default(availableParallelism(), 'one for each processor').argParser(whole),
    )
    .option('--go-on', 'play all of them, and list every broken one')
    .option('--covered <n>', 'fail unless every reachable pair of fault and state was struck so often', whole, 0)
    .option('--table', 'print how often each fault struck in each state')
    .option('--trace', 'with --seed: print what happened')
    .option('--json', 'print one JSON document instead')
    .addHelpText(
      'after',
      '\nThe first seed that breaks an invariant ends the search. It is shortened, told, and can be played again.\n' +
        'With --go-on all are played, and every broken seed is listed by invariant; --from SEED --seeds 1 shortens one.',
    )
    .action(async ({ seeds, from, seed, cut, workers, covered, table, trace: traced, json, goOn }) => {
      const { explore, playSeed } = await import('../simulate/explore.ts');
      const { explorationText, seedText, shrunkText, trace } = await import('../simulate/screen.ts');
      if (seed !== undefined) {
        const result = await playSeed(seed, cut);
        if (json) printJson(result);
        else {
          if (traced || cut !== undefined) for (const line of await trace(seed, cut ?? {})) print(line);
          print(seedText(result));
        }
        process.exitCode = result.violation === undefined ? 0 : 1;
        return;
      }
      const workerFile = new URL('../simulate/main.ts', import.meta.url);
      const result = await explore({ seeds, from, workers, workerFile, goOn: goOn === true });
      const worst = result.broken[0];
      if (json) printJson(result);
      else {
        print(explorationText(result, table === true));
        if (worst !== undefined && goOn !== true) print(await shrunkText(worst.seed, worst.violation));
      }
      const { coverageOf } = await import('../simulate/coverage.ts');
      const { missing } = coverageOf(result.tally, covered);
      for (const { kind, state, hits } of missing)
        process.stderr.write(`${kind} in ${state} was struck ${hits} times, and is to be ${covered} times\n`);
      process.exitCode = worst === undefined && missing.length === 0 ? 0 : 1;
    });
}
