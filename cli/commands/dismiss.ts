import { Command } from 'commander';
import { findOpen } from '../operator/find-incident.ts';
import { operatorOptions, tell } from '../operator/tell.ts';

/** `salvor dismiss`: closes an incident whose host salvor has not powered off, or that is stopped. */
export function dismissCommand(): Command {
  const command = new Command('dismiss')
    .description('close the incident of a host that salvor has not powered off, or that is stopped')
    .argument('<host>', 'the host, or the id of its incident');
  return operatorOptions(command).action(async (wanted: string) =>
    tell(command, async (state) => {
      const { hostKey, incident } = await findOpen(state, wanted);
      return { type: 'dismiss', hostKey, incidentId: incident.id };
    }),
  );
}
