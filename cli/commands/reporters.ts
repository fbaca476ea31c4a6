import { Command, Option } from 'commander';
import { readPolicy } from '#infra/site/policy-file.ts';
import type { ReporterRow } from '#shared/domain/reporter-summary.ts';
import { reportersNow } from '#shared/views/reporters.ts';
import { print, printJson, table } from '../output.ts';
import { withState } from './read-state.ts';

/** `salvor reporters`: who reported what and when, who disagrees, flaps or is silent, and what was refused. */
export function reportersCommand(): Command {
  return new Command('reporters')
    .description('list who reported what and when, and what reporters were refused')
    .option('--host <name>', 'of this host only')
    .addOption(new Option('--policy <file>', 'also name the reporters of the policy that were never heard'))
    .option('--json', 'print JSON')
    .action(async ({ host, policy: file, json }, command: Command) => {
      const policy = file === undefined ? undefined : readPolicy(file);
      const told = await withState(command, (state) => reportersNow(state, policy, Date.now()));
      const { refused, unheard, coverage } = told;
      const rows = host === undefined ? told.reports : told.reports.filter((row) => row.host === host);
      if (json) {
        printJson({ reports: rows, refused, unheard, coverage });
        return;
      }
      print(rows.length === 0 ? 'nobody has reported anything' : asTable(rows));
      for (const { subject, because, count, lastAtMs } of refused)
        print(`REFUSED: ${subject}: ${because} (${count} times, last at ${iso(lastAtMs)})`);
      for (const name of unheard) print(`UNHEARD: reporter ${name} of the policy has never said anything`);
    });
}

const asTable = (rows: readonly ReporterRow[]): string =>
  table(
    ['REPORTER', 'HOST', 'SAYS', 'HEARD', ''],
    rows.map(({ reporter, host, says, heardAtMs, remarks }) => [
      reporter,
      host,
      says,
      iso(heardAtMs),
      remarks.join('; '),
    ]),
  );

const iso = (unixMs: number): string => new Date(unixMs).toISOString();
