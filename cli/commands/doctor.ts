import { Command, InvalidArgumentError, Option } from 'commander';
import { readPolicy } from '#infra/site/policy-file.ts';
import type { Within } from '#shared/domain/access.ts';
import type { Symptom } from '#shared/domain/doctor/symptom.ts';
import { examine } from '#shared/views/health.ts';
import { EXIT } from '../exit.ts';
import { queueLooksOf } from '../operator/queue-looks.ts';
import { paint, print, printJson, table } from '../output.ts';
import { withState } from './read-state.ts';
import { policyOption } from './site-options.ts';

/** `salvor doctor`: what is wrong or about to be, before it is needed. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('say what is wrong, or about to be: who could not be fenced, what stands still')
    .addOption(policyOption())
    .addOption(
      new Option(
        '--within <days>',
        'certificates and credentials that end within so many days; as in the survey of the policy unless given',
      ).argParser(days),
    )
    .option('--json', 'print JSON')
    .action(async ({ policy: file, within, json }, command: Command) => {
      const policy = readPolicy(file);
      const health = await withState(command, (state) =>
        examine({ state, policy, queues: queueLooksOf(command) }, withinOf(policy.survey, within), Date.now()),
      );
      const troubles = health.symptoms.filter(({ level }) => level === 'trouble');
      if (json) printJson(health);
      else print(asText(health.symptoms, health.hosts));
      if (troubles.length > 0) process.exitCode = EXIT.person;
    });
}

const withinOf = (survey: Within, days: number | undefined): Within =>
  days === undefined ? survey : { certificateDays: days, credentialDays: days };

function days(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('A whole number of days is needed.');
  return value;
}

function asText(symptoms: readonly Symptom[], hosts: number): string {
  const troubles = symptoms.filter(({ level }) => level === 'trouble').length;
  const end = `${hosts} hosts: ${troubles === 0 ? 'no trouble' : `${troubles} troubles`}, ${symptoms.length - troubles} notes`;
  if (symptoms.length === 0) return end;
  const rows = symptoms.map(({ level, what, about, says }) => [level, what, about, says]);
  const lines = table(['LEVEL', 'WHAT', 'ABOUT', 'SAYS'], rows).split('\n');
  return [...lines.map((line) => (line.startsWith('trouble') ? paint('red', line) : line)), end].join('\n');
}
