import { Command } from 'commander';
import { findHost } from '../operator/find-host.ts';
import { operatorOptions, tell } from '../operator/tell.ts';

/** `salvor return`: gives back a host that salvor has forced down or disabled, as soon as it is well. */
export function returnCommand(): Command {
  const command = new Command('return')
    .description('give a host back that salvor has forced down, as soon as it is up and well')
    .argument('<host>', 'the host');
  return operatorOptions(command).action(async (wanted: string) =>
    tell(command, async (state) => ({ type: 'return', hostKey: (await findHost(state, wanted)).hostKey })),
  );
}
