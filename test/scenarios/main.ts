/** npm run scenarios [-- [--update] [group/name …]]: performs scenarios and prints their logs, or writes the golden ones. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readCoverage } from './support/coverage.ts';
import { documentOf, PAGE } from './support/document.ts';
import { performPlay } from './support/perform.ts';
import { readScenario, scenarioIds, writeLog } from './support/scenarios.ts';

const { values, positionals } = parseArgs({ options: { update: { type: 'boolean' } }, allowPositionals: true });
const wanted = scenarioIds().filter((id) => positionals.length === 0 || positionals.some((part) => id.includes(part)));

for (const id of wanted) {
  const { play } = readScenario(id);
  const { log, violation, open } = await performPlay(play);
  if (values.update) writeLog(id, log);
  else process.stdout.write(`${id}\n${log}\n`);
  const broken = violation && `${violation.id}: ${violation.what} (${violation.sentence})`;
  const left = open.filter((name) => !play.leavesOpen?.includes(name));
  const closed = play.leavesOpen?.filter((name) => !open.includes(name)) ?? [];
  const troubles = [
    ...(broken === undefined ? [] : [broken]),
    ...left.map((name) => `the incident of ${name} is still open`),
    ...closed.map((name) => `the incident of ${name} is not open any more`),
  ];
  for (const trouble of troubles) process.stderr.write(`${id}: ${trouble}\n`);
  if (troubles.length > 0) process.exitCode = 1;
}
if (values.update) writeFileSync(PAGE, documentOf(scenarioIds().map(readScenario), readCoverage()));
