/**
 * `npm run mutate [-- options of stryker run]`: tries the mutants, and writes docs/mutation.json and docs/mutation.md
 * unless `--mutate` names only some files. Exits as Stryker does: 1 under the threshold of `stryker.config.json`.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import { WORDING } from './wording.ts';

/** The part that is read here of Stryker's report. */
const mutantSchema = z.object({
  status: z.string(),
  /** Of one that is left out: the rule, or the comment beside the code. */
  statusReason: z.string().optional(),
  mutatorName: z.string(),
  replacement: z.string().optional(),
});
const reportSchema = z.object({ files: z.record(z.string(), z.object({ mutants: z.array(mutantSchema) })) });
type Mutant = z.infer<typeof mutantSchema>;

const fileOf = (path: string): URL => new URL(`../../${path}`, import.meta.url);
const isWording = ({ statusReason }: Mutant): boolean => statusReason === WORDING;
const isKilled = ({ status }: Mutant): boolean => status === 'Killed' || status === 'Timeout';
const isExplained = ({ status }: Mutant): boolean => status === 'Ignored';
/** With it no test could be loaded: nothing was asked of the tests. */
const isInvalid = ({ status }: Mutant): boolean => status === 'RuntimeError' || status === 'CompileError';

/** `score` is in per cent of all of them: one that is explained counts like one that survived. */
function count(mutants: readonly Mutant[]) {
  const killed = mutants.filter(isKilled).length;
  const explained = mutants.filter(isExplained).length;
  const score = mutants.length === 0 ? 100 : Math.floor((1000 * killed) / mutants.length) / 10;
  return { mutants: mutants.length, killed, survived: mutants.length - killed - explained, explained, score };
}

const REPORT = fileOf('reports/mutation/mutation.json');
rmSync(REPORT, { force: true });
const options = process.argv.slice(2);
const { status, error } = spawnSync('stryker', ['run', ...options], { stdio: 'inherit' });
if (error !== undefined) throw error;
process.exitCode = status ?? 1;
const report = reportSchema.parse(JSON.parse(readFileSync(REPORT, 'utf8')));
const files = Object.entries(report.files).map(([path, { mutants }]) => ({
  path,
  counted: mutants.filter((each) => !isWording(each) && !isInvalid(each)),
}));
const summary = {
  ...count(files.flatMap(({ counted }) => counted)),
  wording: Object.values(report.files).flatMap(({ mutants }) => mutants.filter(isWording)).length,
  invalid: Object.values(report.files).flatMap(({ mutants }) => mutants.filter(isInvalid)).length,
  files: Object.fromEntries(files.map(({ path, counted }) => [path, count(counted)])),
};

const notKilled = files.flatMap(({ path, counted }) =>
  counted
    .filter((each) => !isKilled(each))
    .map(
      (each) =>
        `- ${path}, ${each.mutatorName}: ${isExplained(each) ? each.statusReason : `survived, as ${each.replacement}`}`,
    ),
);
const page = [
  '# Mutation testing of the domain',
  '',
  'Written by `npm run mutate`: each mutant is one small change of `shared/domain`, and killed when a test of',
  '`test/domain` fails with it. The command fails under 95 %.',
  '',
  `**${summary.score} %** of ${summary.mutants} mutants are killed: ${summary.killed}; ${summary.survived} survived, ${summary.explained} are left out by a comment beside the code, which says why nothing can tell one of them from it; Stryker leaves out all of its kind on the line.`,
  `Not mutated: ${summary.wording} texts for people, which are plain strings that hold a space; templates, which carry the numbers of a decision, are. ${summary.invalid} more could not be loaded at all.`,
  '',
  '| file | mutants | killed | survived | explained | % |',
  '| --- | --- | --- | --- | --- | --- |',
  ...Object.entries(summary.files).map(
    ([path, { mutants, killed, survived, explained, score }]) =>
      `| ${path} | ${mutants} | ${killed} | ${survived} | ${explained} | ${score} |`,
  ),
  ...(notKilled.length === 0 ? [] : ['', '## Not killed', '', ...notKilled]),
  '',
].join('\n');

if (!options.some((option) => /^(-m|--mutate)/.test(option))) {
  writeFileSync(fileOf('docs/mutation.json'), `${JSON.stringify(summary, null, 2)}\n`);
  writeFileSync(fileOf('docs/mutation.md'), page);
}
process.stdout.write(`${summary.killed} of ${summary.mutants} mutants are killed: ${summary.score} %\n`);
