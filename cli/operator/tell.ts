import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { OperatorCommand } from '#events/operator-command.ts';
import { RetryableError } from '#shared/errors.ts';
import type { StateReader } from '#shared/ports.ts';
import { type CommandOutcome, loadOutcome } from '#shared/state/operator-log.ts';
import { withState } from '../commands/read-state.ts';
import { print, printJson } from '../output.ts';
import { queuesOf, urlsOf } from './queues.ts';

const LOOK_EVERY_MS = 250;

/** What every command of an operator is given. */
export interface Given {
  readonly reason: string;
  readonly by: string;
  readonly timeout: number;
  readonly json?: true;
}

/** What the command asks for; the rest is said of everyone alike. */
type Asked<C extends OperatorCommand = OperatorCommand> = C extends OperatorCommand
  ? Omit<C, 'version' | 'id' | 'time' | 'by' | 'reason'>
  : never;

/** The options that every command of an operator has. */
export const operatorOptions = (command: Command): Command =>
  command
    .requiredOption('--reason <text>', 'why: it goes into the audit')
    .addOption(
      new Option('--by <name>', 'who: it goes into the audit').default(
        `${userInfo().username}@${hostname()}`,
        'your user and machine',
      ),
    )
    .addOption(new Option('--timeout <seconds>', 'how long to wait for salvor to obey').default(30).argParser(positive))
    .option('--json', 'print JSON');

function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0)) throw new InvalidArgumentError('A number above 0 is needed.');
  return value;
}

/** Sends what is asked for, waits until the state shows what became of it, and prints that. Refused: exit status 1. */
export function tell(command: Command, ask: (state: StateReader) => Promise<Asked> | Asked): Promise<void> {
  return withState(command, async (state) => {
    const { reason, by, timeout, json } = command.optsWithGlobals<Given>();
    const queues = await queuesOf(command);
    try {
      const asked = await ask(state);
      const said = { version: 1, id: randomUUID(), time: new Date().toISOString(), by, reason } as const;
      const message = { ...asked, ...said } as OperatorCommand;
      const { sqsOutbox } = await import('#shared/adapters/sqs/outbox.ts');
      await sqsOutbox(queues.client, urlsOf(queues)).send([{ message, delaySeconds: 0 }]);
      show(await outcomeOf(state, message, timeout), json === true);
    } finally {
      queues.client.destroy();
    }
  });
}

/** @throws RetryableError when nothing shows in time: the command is in the queue, and may be obeyed yet. */
async function outcomeOf(
  state: StateReader,
  { type, id }: OperatorCommand,
  timeoutSeconds: number,
): Promise<CommandOutcome> {
  const endMs = performance.now() + timeoutSeconds * 1000;
  for (;;) {
    const outcome = await loadOutcome(state, id);
    if (outcome !== undefined) return outcome;
    if (performance.now() > endMs)
      throw new RetryableError(
        `nobody has obeyed the ${type} within ${timeoutSeconds} s: it is in the queue, and may be obeyed yet; see the log of salvor, and "salvor parked"`,
      );
    await pause(LOOK_EVERY_MS);
  }
}

function show(outcome: CommandOutcome, json: boolean): void {
  const { type, command, on, said } = outcome;
  if (json) printJson(outcome);
  else print(`${command} of ${on} ${type}: ${said}`);
  if (type === 'refused') process.exitCode = 1;
}
