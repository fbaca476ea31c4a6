import { Command } from 'commander';
import { findOpen } from '../operator/find-incident.ts';
import { loginHere } from '../operator/login.ts';
import { operatorOptions, tell } from '../operator/tell.ts';

/** `salvor confirm-off`: a person has seen that a host is off, whose fence devices do not answer. */
export function confirmOffCommand(): Command {
  const command = new Command('confirm-off')
    .description('confirm that a host is off, which you have seen with your own eyes: its fence devices do not answer')
    .argument('<host>', 'the host, or the id of its incident')
    .addHelpText(
      'after',
      `
Its instances are started elsewhere on your word. If the host still runs, they run twice and their disks are destroyed:
pull its power, and see to it that it can not come back by itself.`,
    );
  return operatorOptions(command).action(async (wanted: string) =>
    tell(command, async (state) => {
      const { hostKey, incident } = await findOpen(state, wanted);
      // For a stack SQS knows who sends; of an older one no more is understood.
      const isDeployed = command.optsWithGlobals<{ queueUrl?: string }>().queueUrl !== undefined;
      const login = isDeployed ? {} : { login: loginHere() };
      return { type: 'confirm-off', hostKey, incidentId: incident.id, ...login };
    }),
  );
}
