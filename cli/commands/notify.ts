import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { Command } from 'commander';
import { readPolicy } from '#infra/site/policy-file.ts';
import { notifier } from '#shared/adapters/notify/notifier.ts';
import { fileSecrets } from '#shared/adapters/secrets/file.ts';
import type { ChannelState } from '#shared/domain/notify/channel-state.ts';
import type { Channel } from '#shared/domain/policy-notify.ts';
import { PermanentError } from '#shared/errors.ts';
import type { Notifier, OutgoingNotice, Told } from '#shared/ports.ts';
import { loadChannels } from '#shared/state/notices.ts';
import { EXIT } from '../exit.ts';
import { print, printJson, table } from '../output.ts';
import { withState } from './read-state.ts';
import { policyOption, secretsOption } from './site-options.ts';

/** `salvor notify`: by what people are told, and whether it works. */
export function notifyCommand(): Command {
  return new Command('notify')
    .description('by what people are told of dead hosts, and whether that works')
    .addCommand(channelsCommand())
    .addCommand(testCommand());
}

/** How a channel does, as it is printed. */
export interface ChannelRow extends Omit<ChannelState, 'leaseUntilMs'> {
  readonly name: string;
  readonly type: string;
}

function channelsCommand(): Command {
  return new Command('channels')
    .description('list the channels of the policy, and how each does')
    .addOption(policyOption())
    .option('--json', 'print JSON')
    .action(async ({ policy: file, json }, command: Command) => {
      const channels = channelsOf(file);
      const states = await withState(command, (state) => loadChannels(state, Object.keys(channels)));
      const rows = states.map(
        ({ leaseUntilMs: _, ...each }): ChannelRow => ({ ...each, type: channels[each.name]?.type ?? '' }),
      );
      if (json) return printJson(rows);
      const at = (ms: number | null): string => (ms === null ? '-' : new Date(ms).toISOString());
      const cells = rows.map((each) => [
        each.name,
        each.type,
        `${each.taken}`,
        at(each.lastTakenAtMs),
        `${each.lost}`,
        each.lastFailure ?? '-',
      ]);
      return print(table(['CHANNEL', 'TYPE', 'DELIVERED', 'LAST', 'GIVEN UP', 'FAILS NOW WITH'], cells));
    });
}

function testCommand(): Command {
  return new Command('test')
    .description('send a test message by one channel, or by all, and say what came back')
    .argument('[channel]', 'its name in notify.channels of the policy')
    .addOption(policyOption())
    .addOption(secretsOption())
    .option('--json', 'print JSON')
    .action(async (wanted: string | undefined, { policy: file, secrets, json }) => {
      const channels = Object.entries(channelsOf(file)).filter(([name]) => wanted === undefined || name === wanted);
      if (channels.length === 0)
        throw new PermanentError(
          wanted === undefined
            ? 'the policy has no notify.channels: docs/monitoring.md'
            : `the policy has no channel ${wanted}`,
        );
      const tell = notifier(fileSecrets(secrets));
      const told = await Promise.all(
        channels.map(async ([name, channel]) => ({ name, type: channel.type, ...(await tryOut(tell, channel)) })),
      );
      if (json) printJson(told);
      else
        print(
          table(
            ['CHANNEL', 'TYPE', 'TOOK IT', 'SAYS'],
            told.map(({ name, type, kind, detail }) => [name, type, kind === 'taken' ? 'yes' : 'no', detail]),
          ),
        );
      if (told.some(({ kind }) => kind !== 'taken')) process.exitCode = EXIT.failed;
    });
}

const channelsOf = (file: string): Readonly<Record<string, Channel>> => readPolicy(file).notify?.channels ?? {};

/** An alert that nobody ends would lie open in PagerDuty. */
async function tryOut(tell: Notifier, channel: Channel): Promise<Told> {
  const thread = `test-${randomUUID()}`;
  const notice: OutgoingNotice = {
    id: `${thread}/open`,
    thread,
    state: 'open',
    kind: 'alarm',
    severity: 'info',
    atMs: Date.now(),
    title: 'salvor: this is a test',
    body: `Sent by ${userInfo().username}@${hostname()}. Nothing has happened, and there is nothing to do.`,
    incidentId: null,
    host: null,
    segment: null,
    link: null,
    ask: null,
    approve: null,
  };
  const told = await tell.tell(channel, notice);
  if (told.kind === 'failed' || channel.type !== 'pagerduty') return told;
  return tell.tell(channel, { ...notice, id: `${thread}/over`, state: 'over' });
}
