import { Command } from 'commander';
import { wordsFor } from '#shared/domain/now/host-words.ts';
import { listHosts } from '#shared/state/list-hosts.ts';
import { print, printJson, table } from '../output.ts';
import { withState } from './read-state.ts';

/** `salvor hosts`: which hosts are out of the ordinary, and why: an incident, on the way back, quarantine, maintenance. */
export function hostsCommand(): Command {
  return new Command('hosts')
    .description('list the hosts that are not simply in service, and why')
    .option('--all', 'all others too')
    .option('--json', 'print JSON')
    .action(async ({ all, json }, command: Command) => {
      const hosts = await withState(command, (state) => Array.fromAsync(listHosts(state)));
      const rows = hosts
        .map(({ known, state }) => ({ host: known.host, segment: known.segment, ...wordsFor(state), now: state }))
        .filter(({ state }) => all === true || state !== undefined)
        .sort((a, b) => (a.host < b.host ? -1 : 1));
      if (json) {
        printJson({
          hosts: rows.map(({ host, segment, state = null, why = [], now }) => {
            const { returning = null, maintenance = null, lastReturn = null } = now ?? {};
            return { host, segment, state, why, returning, maintenance, lastReturn };
          }),
          others: hosts.length - rows.length,
        });
        return;
      }
      if (rows.length > 0) {
        const lines = rows.flatMap(({ host, segment, state = '-', why: [first = '', ...more] = [] }) => [
          [host, segment ?? '-', state, first],
          ...more.map((why) => ['', '', '', why]),
        ]);
        print(table(['HOST', 'SEGMENT', 'STATE', 'WHY'], lines));
      }
      if (all !== true) print(`${hosts.length - rows.length} other hosts, of which there is nothing to tell`);
    });
}
