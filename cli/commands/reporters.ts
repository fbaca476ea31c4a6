import { Command, Option } from 'commander';
import { readPolicy } from '#infra/site/policy-file.ts';
import type { Policy } from '#shared/domain/policy.ts';
import { REFUSED_SUBJECT } from '#shared/domain/reporter.ts';
import { type ReporterRow, reporterRows } from '#shared/domain/reporter-summary.ts';
import { type Judged, listReports } from '#shared/state/list-reports.ts';
import { print, printJson, table } from '../output.ts';
import { withState } from './read-state.ts';

/** As the policy has it by default, for hosts of which nothing is on record that tells it. */
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
      const reports = await withState(command, listReports);
      const { refused, judgedBy } = reports;
      const all = reporterRows(reports, (each) => ttlOf(judgedBy.get(each.key), policy), Date.now());
      const rows = host === undefined ? all : all.filter((row) => row.host === host);
      const refusedNames = refused.map(({ subject }) => subject.slice(REFUSED_SUBJECT.length));
      const heard = new Set([...all.map(({ reporter }) => reporter), ...refusedNames]);
      // A relay speaks in the names of others.
      const unheard = Object.entries(policy?.reporters ?? {}).flatMap(([name, { relay }]) =>
        relay || heard.has(name) ? [] : [name],
      );
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

/** By the policy that was given, else by the one on record. */
export const ttlOf = (judged: Judged | undefined, policy: Policy | undefined = judged?.policy): number =>
  policy?.segments.find(({ name }) => name === judged?.segment)?.reporters.claimTtlSeconds ?? DEFAULT_TTL_SECONDS;

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
