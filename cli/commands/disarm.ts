import { Command } from 'commander';
import { operatorOptions, tell } from '../operator/tell.ts';
import { duration } from './duration.ts';

/** `salvor disarm`: no power-off, no force-down and no new evacuation until it is armed, or for a while. */
export function disarmCommand(): Command {
  const command = new Command('disarm')
    .description('switch salvor off, for everything or for one segment; what runs in Nova goes on')
    .option('--segment <name>', 'only this segment of the policy')
    .option('--for <time>', 'for so long only: 90s, 30m, 2h, 1d', duration);
  return operatorOptions(command).action(async ({ segment, for: forSeconds }) =>
    tell(command, () => ({
      type: 'disarm',
      ...(segment === undefined ? {} : { segment }),
      ...(forSeconds === undefined ? {} : { forSeconds }),
    })),
  );
}
