import { Command } from 'commander';
import { findHost } from '../operator/find-host.ts';
import { operatorOptions, tell } from '../operator/tell.ts';
import { duration } from './duration.ts';

/** `salvor maintenance on`, `off`: planned work on a host, which is neither fenced nor scheduled to meanwhile. */
export function maintenanceCommand(): Command {
  return new Command('maintenance')
    .description('keep a host out of service for planned work')
    .addCommand(onCommand())
    .addCommand(offCommand());
}

function onCommand(): Command {
  const command = new Command('on')
    .description('disable its service; with --drain live-migrate its instances away first')
    .argument('<host>', 'the host')
    .option('--drain', 'live-migrate its instances away')
    .option('--for <time>', 'end it by itself after so long: 30m, 2h, 1d', duration);
  return operatorOptions(command).action(async (wanted: string, { drain, for: forSeconds }) =>
    tell(command, async (state) => ({
      type: 'maintenance-on',
      hostKey: (await findHost(state, wanted)).hostKey,
      drain: drain === true,
      ...(forSeconds === undefined ? {} : { forSeconds }),
    })),
  );
}

function offCommand(): Command {
  const command = new Command('off')
    .description('enable its service again, if salvor has disabled it, as soon as it is up')
    .argument('<host>', 'the host');
  return operatorOptions(command).action(async (wanted: string) =>
    tell(command, async (state) => ({ type: 'maintenance-off', hostKey: (await findHost(state, wanted)).hostKey })),
  );
}
