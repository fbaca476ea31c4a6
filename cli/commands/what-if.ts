import { Command, InvalidArgumentError, Option } from 'commander';
import { readPolicy } from '#infra/site/policy-file.ts';
import { lasting } from '#shared/domain/doctor/symptom.ts';
import type { Figure, Pace } from '#shared/domain/forecast/pace.ts';
import type { CloudView } from '#shared/domain/forecast/view.ts';
import { type Forecast, type ForecastInstance, whatIf } from '#shared/domain/forecast/what-if.ts';
import type { Policy } from '#shared/domain/policy.ts';
import type { StateReader } from '#shared/ports.ts';
import { loadStanding, loadView } from '#shared/shell/forecast-view.ts';
import { UsageError } from '../exit.ts';
import { type Failing, hostsOf, mirroredAtMs, recordedPace } from '../operator/forecast.ts';
import { liveView } from '../operator/live-view.ts';
import { policyInForce } from '../operator/policy-in-force.ts';
import { print, printJson, table } from '../output.ts';
import { withState } from './read-state.ts';
import { cloudOption, policyOption, secretsOption } from './site-options.ts';

interface Options {
  readonly host?: readonly string[];
  readonly rack?: string;
  readonly zone?: string;
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
      'say which instances would come back if a host, a rack or a zone failed now: where, in what order, when; and which not, and why',
    )
    .addOption(new Option('--host <name...>', 'this host, or these together').conflicts(['rack', 'zone']))
    .addOption(new Option('--rack <name>', 'all hosts of this failure domain of the policy').conflicts('zone'))
    .option('--zone <name>', 'all hosts of this availability zone')
    .addOption(policyOption())
    .option('--live', 'ask Nova now, in place of what salvor has mirrored')
    .addOption(secretsOption())
    .addOption(cloudOption())
    .addOption(
      new Option(
        '--nova-down-seconds <n>',
        'taken for the time until Nova sees a host down, where requireNovaDown asks for it, while none is on record',
      )
        .default(60)
        .argParser(seconds),
    )
    .addOption(
      new Option('--fencing-seconds <n>', 'taken for a fencing while none is on record').default(30).argParser(seconds),
    )
    .addOption(
      new Option('--evacuation-seconds <n>', 'taken for an evacuation while none is on record')
        .default(60)
        .argParser(seconds),
    )
    .addOption(
      new Option(
        '--rebuild-seconds <n>',
        'taken for making a disk of a snapshot and starting it while none is on record',
      )
        .default(120)
        .argParser(seconds),
    )
    .option('--json', 'print JSON')
    .action(async (options: Options, command: Command) => {
      const failing = failingOf(options);
      await withState(command, async (state) => {
        const { view, policy, asOf } = await look(state, options, failing);
        const pace = await recordedPace(state, options);
        const hosts = hostsOf(failing, view, policy);
        const forecast = whatIf(hosts, view, await loadStanding(state, policy), policy, pace, Date.now());
        if (options.json === true) printJson({ asOf, pace, ...forecast });
        else print(asText(forecast, pace, asOf, policy));
      });
    });
}

function failingOf({ host, rack, zone }: Options): Failing {
  if (host !== undefined) return { hosts: host };
  if (rack !== undefined) return { rack };
  if (zone !== undefined) return { zone };
  throw new UsageError('say what fails: --host, --rack or --zone');
}

async function look(
  state: StateReader,
  options: Options,
  failing: Failing,
): Promise<{ view: CloudView; policy: Policy; asOf: string }> {
  const { policy: policyFile, secrets: secretsFile, cloud: cloudName, live } = options;
  if (live === true) {
    const files = { policyFile, secretsFile, ...(cloudName === undefined ? {} : { cloudName }) };
    const { view, policy } = await liveView(files, failing);
    return { view, policy: await policyInForce(state, policy), asOf: 'as Nova says now' };
  }
  const policy = await policyInForce(state, readPolicy(policyFile));
  const atMs = await mirroredAtMs(state, policy);
  return {
    view: await loadView(state, policy.cloud),
    policy,
    asOf: `as mirrored; all hosts by ${new Date(atMs).toISOString()}`,
  };
}

function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new InvalidArgumentError('A number of seconds is needed.');
  return value;
}

function asText({ hosts, instances }: Forecast, pace: Pace, asOf: string, policy: Policy): string {
  const lines = [`If ${listed(hosts.map(({ host }) => host))} failed now (${asOf}):`];
  for (const { host, blockers, seen, unread } of hosts) {
    for (const blocker of blockers) lines.push(`${host} would NOT be fenced, and nothing of it comes back: ${blocker}`);
    if (!seen) lines.push(`${host}: its instances are not known`);
    for (const what of unread) lines.push(`${host}: not seen, and may be needed of a destination: ${what}`);
  }
  if (instances.length > 0) lines.push(rows(instances));
  const count = (outcome: ForecastInstance['outcome']) => instances.filter((each) => each.outcome === outcome).length;
  const restored = count('from-snapshot');
  const fromSnapshot = restored === 0 ? '' : `${restored} from a snapshot, `;
  const last = Math.max(0, ...instances.map(({ times }) => times?.upAtSeconds ?? 0));
  const when = last === 0 ? '' : `; the last is up about ${lasting(last * 1000)} after the first report`;
  lines.push(
    `${instances.length} instances: ${count('comes-back')} come back, ${fromSnapshot}${count('maybe')} maybe, ${count('stays')} stay down, ${count('not-protected')} not protected${when}`,
    `counted with: grace periods of ${graces(hosts, policy)}; ${novaDown(hosts, pace, policy)}fencing ${figure(pace.fencingSeconds)}; an evacuation ${evacuation(pace)}${restored === 0 ? '' : `; a disk made of a snapshot ${figure(pace.rebuildSeconds)}`}`,
  );
  return lines.join('\n');
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

function graces(hosts: Forecast['hosts'], { segments }: Policy): string {
  const own = new Set(hosts.map(({ segment }) => segment));
  const all = segments.filter(({ name }) => own.has(name)).map(({ graceSeconds }) => `${graceSeconds} s`);
  return [...new Set(all)].join(', ') || 'no segment';
}

/** Only where some of the hosts wait for it. */
const novaDown = (hosts: Forecast['hosts'], { novaDownSeconds }: Pace, { segments }: Policy): string =>
  segments.some(({ name, requireNovaDown }) => requireNovaDown && hosts.some(({ segment }) => segment === name))
    ? `Nova sees a host down after ${figure(novaDownSeconds)}; `
    : '';

const figure = ({ seconds: value, of }: Figure): string =>
  of === 0 ? `${value} s, assumed: none is on record` : `${value.toFixed(1)} s, the median of ${of}`;

function evacuation({ evacuationSeconds }: Pace): string {
  const [first] = evacuationSeconds;
  if (first === undefined || first.of === 0) return first === undefined ? '' : figure(first);
  return evacuationSeconds.map((each) => `${figure(each)} (${each.inFlight} or more in flight)`).join(', ');
}
