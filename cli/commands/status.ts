import { Command } from 'commander';
import { disarmedAmong } from '#shared/state/guards.ts';
import { MAX_DUE } from '#shared/state/hosts.ts';
import { listHosts } from '#shared/state/list-hosts.ts';
import { wordsFor } from '../host-words.ts';
import { print, printJson } from '../output.ts';
import { switchLine } from '../switch-line.ts';
import { withState } from './read-state.ts';

/** `salvor status`: what is switched off and until when, and how many hosts are in which state. */
export function statusCommand(): Command {
  return new Command('status')
    .description('say what is disarmed, why and until when, and how many hosts are not simply in service')
    .option('--json', 'print JSON')
    .action(async ({ json }, command: Command) => {
      const { hosts, disarmed } = await withState(command, async (state) => ({
        hosts: await Array.fromAsync(listHosts(state)),
        disarmed: disarmedAmong(await state.due(Number.MAX_SAFE_INTEGER, MAX_DUE), Date.now()).values,
      }));
      const states = hosts.map(({ state }) => wordsFor(state)?.state ?? 'nothing to tell');
      const counts = Object.fromEntries(
        [...Map.groupBy(states, (name) => name)].map(([name, all]) => [name, all.length] as const).sort(),
      );
      if (json) {
        printJson({ disarmed, hosts: counts });
        return;
      }
      for (const each of disarmed) print(switchLine(each));
      if (disarmed.length === 0) print('armed: nobody has switched salvor off');
      for (const [name, count] of Object.entries(counts)) print(`${count} hosts, ${name}`);
    });
}
