import { Command } from 'commander';
import { readPolicy } from '#infra/site/policy-file.ts';
import type { Policy } from '#shared/domain/policy.ts';
import { replayInstance, replayProcesses } from '#shared/domain/replay/other.ts';
import { type Replay, replayHost } from '#shared/domain/replay/replay.ts';
import { otherCourse } from '#shared/domain/replay/what-if.ts';
import type { StateReader } from '#shared/ports.ts';
import { readHostLog, readOtherLog } from '#shared/state/read-log.ts';
import { EXIT } from '../exit.ts';
import { print, printJson } from '../output.ts';
import { findAny } from './find-incident.ts';
import type { Other } from './find-other.ts';
import { withState } from './read-state.ts';
import { otherwiseLines, replayText, subjectOf } from './replay-text.ts';

/** `salvor replay <incident>`: makes the decisions of the log again, under the policy they were made under or another. */
export function replayCommand(): Command {
  return new Command('replay')
    .description('make all decisions about an incident again from the audit log, and compare')
    .argument('<incident>', 'its id or the beginning of it; or a host: then its newest; or an instance')
    .option('--policy <file>', 'decide under this policy instead, to see what it would have changed')
    .option('--json', 'print JSON')
    .action(async (wanted: string, { policy: file, json }, command: Command) => {
      const other = file === undefined ? undefined : readPolicy(file);
      const { incident, subject, replay, otherwise } = await withState(command, async (state) => {
        const found = await findAny(state, wanted);
        if ('other' in found) return replayOther(state, found.other, other);
        const { incident } = found;
        const log = await readHostLog(state, incident.hostKey);
        const again = replayHost(log, { incidentId: incident.id, other });
        const course = other === undefined ? undefined : otherCourse(log, incident.id, other, again);
        return { incident, subject: subjectOf(incident), replay: again, otherwise: course };
      });
      if (json) printJson({ incident, policy: file ?? null, ...replay, otherwise: otherwise ?? null });
      else print([replayText(subject, replay, file), ...otherwiseLines(subject, otherwise)].join('\n'));
      process.exitCode = exitCode(replay, file !== undefined);
    });
}

async function replayOther(state: StateReader, { kind, key, name, stream }: Other, other: Policy | undefined) {
  const log = await readOtherLog(state, stream);
  const replay = kind === 'instance' ? replayInstance(key, log, other) : replayProcesses(key, log, other);
  const subject = { name, openedAtMs: log.records[0]?.atMs ?? 0 };
  return { incident: { stream, ...subject }, subject, replay, otherwise: undefined };
}

const exitCode = ({ different, undecided }: Replay, underAnother: boolean): number =>
  !underAnother && different + undecided > 0 ? EXIT.person : EXIT.well;
