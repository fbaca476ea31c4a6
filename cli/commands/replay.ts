import { Command } from 'commander';
import { readPolicy } from '#infra/site/policy-file.ts';
import { type Replay, replayHost } from '#shared/domain/replay/replay.ts';
import { otherCourse } from '#shared/domain/replay/what-if.ts';
import { readHostLog } from '#shared/state/read-log.ts';
import { print, printJson } from '../output.ts';
import { findIncident } from './find-incident.ts';
import { withState } from './read-state.ts';
import { otherwiseLines, replayText } from './replay-text.ts';

/** `salvor replay <incident>`: makes the decisions of the log again, under the policy they were made under or another. */
export function replayCommand(): Command {
  return new Command('replay')
    .description('make all decisions about an incident again from the audit log, and compare')
    .argument('<incident>', 'its id or the beginning of it, or a host: then its newest')
    .option('--policy <file>', 'decide under this policy instead, to see what it would have changed')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExit status: 0 all was decided the same, or another policy was asked about; 1 something was decided otherwise.',
    )
    .action(async (wanted: string, { policy: file, json }, command: Command) => {
      const other = file === undefined ? undefined : readPolicy(file);
      const { incident, log } = await withState(command, async (state) => {
        const entry = await findIncident(state, wanted);
        return { incident: entry, log: await readHostLog(state, entry.hostKey) };
      });
      const replay = replayHost(log, { incidentId: incident.id, other });
      const otherwise = other === undefined ? undefined : otherCourse(log, incident.id, other, replay);
      if (json) printJson({ incident, policy: file ?? null, ...replay, otherwise: otherwise ?? null });
      else print([replayText(incident, replay, file), ...otherwiseLines(incident, otherwise)].join('\n'));
      process.exitCode = exitCode(replay, file !== undefined);
    });
}

const exitCode = ({ different, undecided }: Replay, underAnother: boolean): 0 | 1 =>
  !underAnother && different + undecided > 0 ? 1 : 0;
