import { Command, InvalidArgumentError } from 'commander';
import { operatorOptions, tell } from '../operator/tell.ts';

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

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

function duration(text: string): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const seconds = Number(count) * SECONDS[(unit ?? 's') as keyof typeof SECONDS];
  if (!(seconds >= 1 && seconds <= 30 * SECONDS.d))
    throw new InvalidArgumentError('A time is needed, such as 90s, 30m, 2h or 1d; 30d at most.');
  return seconds;
}
