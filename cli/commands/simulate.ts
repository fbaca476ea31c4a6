import { Command, InvalidArgumentError } from 'commander';
import { print, printJson } from '../output.ts';
import { defaultWorkers, explore, playSeed } from '../simulate/explore.ts';
import { explorationText, seedText } from '../simulate/screen.ts';

const whole = (text: string): number => {
  const value = Number(text);
  if (!/^\d+$/.test(text.trim()) || value > 2 ** 31) throw new InvalidArgumentError('A whole number is needed.');
  return value;
};

/** `salvor simulate`: the functions in a simulated world, seed by seed, every invariant checked after each step. */
export function simulateCommand(): Command {
  return new Command('simulate')
    .description('play seeds of a simulated world with faults at every step, and check every invariant from outside')
    .option('--seeds <n>', 'how many seeds', whole, 200)
    .option('--from <seed>', 'the first one', whole, 1)
    .option('--seed <seed>', 'play this one only', whole)
    .option('--workers <n>', 'threads', whole, defaultWorkers())
    .option('--json', 'print one JSON document instead')
    .addHelpText('after', '\nExit status: 0 every invariant held; 1 one is broken.')
    .action(async ({ seeds, from, seed, workers, json }) => {
      if (seed !== undefined) {
        const result = await playSeed(seed);
        if (json) printJson(result);
        else print(seedText(result));
        process.exitCode = result.violation === undefined ? 0 : 1;
        return;
      }
      const workerFile = new URL('../simulate/main.ts', import.meta.url);
      const result = await explore({ seeds, from, workers, workerFile });
      if (json) printJson(result);
      else print(explorationText(result));
      process.exitCode = result.broken.length === 0 ? 0 : 1;
    });
}
