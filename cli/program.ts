import { Command, Option } from 'commander';
import { VERSION } from '#shared/version.ts';
import { armCommand } from './commands/arm.ts';
import { auditCommand } from './commands/audit.ts';
import { capacityCommand } from './commands/capacity.ts';
import { addCompletion } from './commands/completion.ts';
import { confirmOffCommand } from './commands/confirm-off.ts';
import { deployCommand } from './commands/deploy.ts';
import { disarmCommand } from './commands/disarm.ts';
import { dismissCommand } from './commands/dismiss.ts';
import { doctorCommand } from './commands/doctor.ts';
import { drillCommand } from './commands/drill.ts';
import { explainCommand } from './commands/explain.ts';
import { fenceWorkerCommand } from './commands/fence-worker.ts';
import { gatewayCommand } from './commands/gateway.ts';
import { hostsCommand } from './commands/hosts.ts';
import { importCommand } from './commands/import.ts';
import { incidentsCommand } from './commands/incidents.ts';
import { instancesCommand } from './commands/instances.ts';
import { maintenanceCommand } from './commands/maintenance.ts';
import { notifyCommand } from './commands/notify.ts';
import { parkedCommand } from './commands/parked.ts';
import { policyCommand } from './commands/policy.ts';
import { practiceCommand } from './commands/practice.ts';
import { probeCommand } from './commands/probe.ts';
import { processesCommand } from './commands/processes.ts';
import { redriveCommand } from './commands/redrive.ts';
import { releaseCommand } from './commands/release.ts';
import { replayCommand } from './commands/replay.ts';
import { reportersCommand } from './commands/reporters.ts';
import { returnCommand } from './commands/return.ts';
import { schemaCommand } from './commands/schema.ts';
import { segmentsCommand } from './commands/segments.ts';
import { simulateCommand } from './commands/simulate.ts';
import { statusCommand } from './commands/status.ts';
import { tokenCommand } from './commands/token.ts';
import { upCommand } from './commands/up.ts';
import { watchCommand } from './commands/watch.ts';
import { whatIfCommand } from './commands/what-if.ts';
import { addManual } from './manual/help.ts';

/** The groups of `salvor --help` and of docs/cli.md, and what is in each, in the order in which they are shown. */
const GROUPS: Readonly<Record<string, readonly (() => Command)[]>> = {
  'Run it': [drillCommand, practiceCommand, upCommand, deployCommand],
  Look: [
    ...[statusCommand, watchCommand, incidentsCommand, hostsCommand, segmentsCommand, instancesCommand],
    ...[processesCommand, reportersCommand, parkedCommand],
  ],
  'Ask why': [explainCommand, auditCommand, replayCommand],
  'Know beforehand': [doctorCommand, whatIfCommand, capacityCommand, policyCommand, notifyCommand],
  Act: [
    ...[disarmCommand, armCommand, releaseCommand, dismissCommand, confirmOffCommand, returnCommand],
    ...[maintenanceCommand, redriveCommand],
  ],
  'Beside it': [gatewayCommand, probeCommand, fenceWorkerCommand, tokenCommand, importCommand],
  'For developers': [schemaCommand, simulateCommand],
};

/** `salvor` with all its commands. It never ends the process: what is wrong is thrown. */
export function salvorProgram(): Command {
  const program = new Command('salvor')
    .description(
      'When an OpenStack compute host dies, its instances run again on another host: soon, never twice, with a record of all that was done.',
    )
    .version(VERSION)
    .addOption(
      new Option('--state-dir <folder>', 'where the pipeline keeps its state')
        .env('SALVOR_STATE_DIR')
        .default('.salvor'),
    )
    .addOption(
      new Option('--state-table <name>', 'read a deployed stack instead: its state table').env('SALVOR_STATE_TABLE'),
    )
    .addOption(new Option('--audit-table <name>', 'and its audit table').env('SALVOR_AUDIT_TABLE'))
    .addOption(
      new Option('--queue-url <url>', 'and the queue of its operators: the output OperatorQueueUrl').env(
        'SALVOR_QUEUE_URL',
      ),
    )
    .showHelpAfterError('(add --help to see how it is used)')
    .exitOverride();
  for (const [group, commands] of Object.entries(GROUPS))
    for (const make of commands) program.addCommand(make().helpGroup(`${group}:`));
  addCompletion(program);
  addManual(program);
  inherit(program);
  return program;
}

/** Commands that were made apart have none of the settings of those above them. */
function inherit(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent);
    inherit(command);
  }
}
