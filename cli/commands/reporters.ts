import { Command, Option } from 'commander';
import { readPolicy } from '#infra/site/policy-file.ts';
import type { HostState } from '#shared/domain/host.ts';
import type { Policy } from '#shared/domain/policy.ts';
import { type ReporterRow, reporterRows } from '#shared/domain/reporter-summary.ts';
import { listReports } from '#shared/state/list-reports.ts';
import { print, printJson, table } from '../output.ts';
import { withState } from './read-state.ts';

/** As the policy has it by default; of a closed incident's host the segment is not on record. */
const DEFAULT_TTL_SECONDS = 900;

/** `salvor reporters`: who reported what and when, who disagrees, flaps or is silent, and what was refused. */
export function reportersCommand(): Command {
  return new Command('reporters')
    .description('list who reported what and when, and what reporters were refused')
    .option('--host <name>', 'of this host only')
    .addOption(new Option('--policy <file>', 'also name the reporters of the policy that were never heard'))
    .option('--json', 'print JSON')
    .action(async ({ host, policy: file, json }, command: Command) => {
      const policy = file === undefined ? undefined : readPolicy(file);
      const { hosts, leases, refused } = await withState(command, listReports);
      const all = reporterRows(hosts, leases, (each) => ttlOf(each, policy), Date.now());
      const rows = host === undefined ? all : all.filter((row) => row.host === host);
      const heard = new Set(all.map(({ reporter }) => reporter));
      const unheard = Object.keys(policy?.reporters ?? {}).filter((name) => !heard.has(name));
      if (json) {
        printJson({ reports: rows, refused, unheard });
        return;
      }
      print(rows.length === 0 ? 'nobody has reported anything' : asTable(rows));
      for (const { subject, because, count, lastAtMs } of refused)
        print(`REFUSED: ${subject}: ${because} (${count} times, last at ${iso(lastAtMs)})`);
      for (const name of unheard) print(`UNHEARD: reporter ${name} of the policy has never said anything`);
    });
}

export const ttlOf = ({ incident }: HostState, policy: Policy | undefined): number =>
  policy?.segments.find(({ name }) => name === incident?.segment)?.reporters.claimTtlSeconds ?? DEFAULT_TTL_SECONDS;

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
