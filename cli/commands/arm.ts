import { Command } from 'commander';
import { operatorOptions, tell } from '../operator/tell.ts';

/** `salvor arm`: what was disarmed goes on. */
export function armCommand(): Command {
  const command = new Command('arm')
    .description('switch salvor on again, for everything or for one segment')
    .option('--segment <name>', 'only this segment: one that was disarmed by itself');
  return operatorOptions(command).action(async ({ segment }) =>
    tell(command, () => ({ type: 'arm', ...(segment === undefined ? {} : { segment }) })),
  );
}
