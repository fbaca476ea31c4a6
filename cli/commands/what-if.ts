import { Command, InvalidArgumentError, Option } from 'commander';
import { readPolicy } from '#infra/site/policy-file.ts';
import { lasting } from '#shared/domain/doctor/symptom.ts';
import type { ForecastInstance } from '#shared/domain/forecast/what-if.ts';
import type { StateReader } from '#shared/ports.ts';
import type { Failing } from '#shared/views/failing.ts';
import { ASSUMED, foretell, type WhatIf } from '#shared/views/what-if.ts';
import { UsageError } from '../exit.ts';
import { print, printJson, table } from '../output.ts';
import { withState } from './read-state.ts';
import { cloudOption, policyOption, secretsOption } from './site-options.ts';

interface Options {
  readonly host?: readonly string[];
  readonly rack?: string;
  readonly zone?: string;
  readonly segment?: string;
  readonly policy: string;
  readonly live?: true;
  readonly secrets: string;
  readonly cloud?: string;
  readonly novaDownSeconds: number;
  readonly fencingSeconds: number;
  readonly evacuationSeconds: number;
  readonly rebuildSeconds: number;
  readonly json?: true;
}

/** `salvor what-if`: what a failure would come to. Nothing is asked of a device, nothing is done, and nothing is written. */
export function whatIfCommand(): Command {
  return new Command('what-if')
    .description(
      'say which instances would come back if a host, a rack, a zone or a segment failed now: where, in what order, when; and which not, and why',
    )
    .addOption(new Option('--host <name...>', 'this host, or these together').conflicts(['rack', 'zone', 'segment']))
    .addOption(
      new Option('--rack <name>', 'all hosts of this failure domain of the policy').conflicts(['zone', 'segment']),
    )
    .addOption(new Option('--zone <name>', 'all hosts of this availability zone').conflicts('segment'))
    .option('--segment <name>', 'all hosts of this segment of the policy')
    .addOption(policyOption())
    .option('--live', 'ask Nova now, in place of what salvor has mirrored')
    .addOption(secretsOption())
    .addOption(cloudOption())
    .addOption(
      new Option(
        '--nova-down-seconds <n>',
        'taken for the time until Nova sees a host down, where requireNovaDown asks for it, while none is on record',
      )
        .default(ASSUMED.novaDownSeconds)
        .argParser(seconds),
    )
    .addOption(
      new Option('--fencing-seconds <n>', 'taken for a fencing while none is on record')
        .default(ASSUMED.fencingSeconds)
        .argParser(seconds),
    )
    .addOption(
      new Option('--evacuation-seconds <n>', 'taken for an evacuation while none is on record')
        .default(ASSUMED.evacuationSeconds)
        .argParser(seconds),
    )
    .addOption(
      new Option(
        '--rebuild-seconds <n>',
        'taken for making a disk of a snapshot and starting it while none is on record',
      )
        .default(ASSUMED.rebuildSeconds)
        .argParser(seconds),
    )
    .option('--json', 'print JSON')
    .action(async (options: Options, command: Command) => {
      const failing = failingOf(options);
      const told = await withState(command, (state) => tell(state, options, failing));
      if (options.json === true) printJson(told);
      else print(asText(told));
    });
}

function failingOf({ host, rack, zone, segment }: Options): Failing {
  if (host !== undefined) return { hosts: host };
  if (rack !== undefined) return { rack };
  if (zone !== undefined) return { zone };
  if (segment !== undefined) return { segment };
  throw new UsageError('say what fails: --host, --rack, --zone or --segment');
}

async function tell(state: StateReader, options: Options, failing: Failing): Promise<WhatIf> {
  const { policy: policyFile, secrets: secretsFile, cloud: cloudName, live } = options;
  if (live !== true) return foretell({ state, policy: readPolicy(policyFile) }, failing, options, Date.now());
  const { openSite } = await import('#infra/site/open-site.ts');
  const site = openSite({ policyFile, secretsFile, ...(cloudName === undefined ? {} : { cloudName }) });
  try {
    const { compute } = site.connection;
    return await foretell({ state, policy: site.policy, compute }, failing, options, Date.now());
  } finally {
    await site.connection.close();
  }
}

function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new InvalidArgumentError('A number of seconds is needed.');
  return value;
}

function asText({ hosts, instances, asOf, inShort, countedWith }: WhatIf): string {
  const lines = [`If ${listed(hosts.map(({ host }) => host))} failed now (${asOf}):`];
  for (const { host, blockers, seen, unread } of hosts) {
    for (const blocker of blockers) lines.push(`${host} would NOT be fenced, and nothing of it comes back: ${blocker}`);
    if (!seen) lines.push(`${host}: its instances are not known`);
    for (const what of unread) lines.push(`${host}: not seen, and may be needed of a destination: ${what}`);
  }
  if (instances.length > 0) lines.push(rows(instances));
  return [...lines, inShort, `counted with: ${countedWith}`].join('\n');
}

const listed = (names: readonly string[]): string =>
  names.length <= 5 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`;

function rows(instances: readonly ForecastInstance[]): string {
  return table(
    ['#', 'INSTANCE', 'FROM', 'OUTCOME', 'ON', 'UP AFTER', 'BECAUSE'],
    instances.map(({ name, host, outcome, destination, times, because }, index) => [
      times === null ? '-' : String(index + 1),
      name,
      host,
      outcome,
      destination ?? '-',
      times === null ? '-' : lasting(times.upAtSeconds * 1000),
      because,
    ]),
  );
}
