import { Command, InvalidArgumentError, Option } from 'commander';
import { askedToEnd } from '../asked-to-end.ts';
import { FAULTS } from '../drill/faults.ts';
import { DEFAULTS, type DrillOptions, FAULT_NAMES } from '../drill/options.ts';
import { screen, summary } from '../drill/screen.ts';
import { jsonLog, print, printJson, silentLog } from '../output.ts';

const number =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= min && value <= max))
      throw new InvalidArgumentError(`A number from ${min} to ${max} is needed.`);
    return value;
  };

/** The newest drill's state, for `salvor audit`; each drill begins anew. */
const KEPT = '.salvor/drill';
/** As `salvor up` has it. */
const DEFAULT_CONSOLE_PORT = 15868;

/** `salvor drill`: the main job, end to end, against a simulated cloud; nothing outside this process is touched. */
export function drillCommand(): Command {
  const faults = FAULT_NAMES.map((name) => `  ${name.padEnd(16)} ${FAULTS[name].story}`).join('\n');
  return new Command('drill')
    .description('kill a host of a simulated cloud and watch its instances come back')
    .option('--hosts <n>', 'hosts of the cloud', number(5, 200), DEFAULTS.hosts)
    .option('--instances <n>', 'instances on the host that dies', number(1, 2000), DEFAULTS.instances)
    .option('--grace <seconds>', 'grace period', number(0, 600), DEFAULTS.graceSeconds)
    .option('--evacuation <seconds>', 'how long one evacuation takes', number(0, 60), DEFAULTS.evacuationSeconds)
    .addOption(new Option('--fault <name>', 'what else goes wrong').choices(FAULT_NAMES))
    .option('--seed <n>', 'ids and delays of the simulated cloud', number(0, 2 ** 31), DEFAULTS.seed)
    .option('--json', 'print one JSON document instead')
    .option('--console [port]', 'serve the console, and go on until Ctrl-C', (text) => number(0, 65_535)(text))
    .option('--verbose', "show the pipeline's own log on standard error")
    .addHelpText('after', `\nFaults:\n${faults}`)
    .action(async (given) => {
      const { hosts, instances, grace, evacuation, fault, seed, json, verbose, console: port } = given;
      const options: DrillOptions = {
        hosts,
        instances,
        graceSeconds: grace,
        evacuationSeconds: evacuation,
        fault,
        seed,
        stateDir: KEPT,
        ...(port === undefined
          ? {}
          : { consolePort: port === true ? DEFAULT_CONSOLE_PORT : port, until: () => askedToEnd() }),
      };
      const shown = screen(json ? process.stderr : process.stdout);
      const audience = json ? { scene: () => undefined, line: () => undefined, progress: () => undefined } : shown;
      const { runDrill } = await import('../drill/drill.ts');
      const result = await runDrill(options, audience, verbose ? jsonLog() : silentLog);
      shown.end();
      if (json) printJson(result);
      else
        print(
          `${summary(result)}\nEverything that was decided and done: npm run salvor -- --state-dir ${KEPT} audit compute-1`,
        );
      process.exitCode = result.exitCode;
    });
}
