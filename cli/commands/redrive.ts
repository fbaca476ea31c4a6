import { Argument, Command } from 'commander';
import { deadLetterQueueOf, type QueueName } from '#events/catalog.ts';
import type { HearAgain } from '#events/operator-command.ts';
import { type DeadLetter, drop, sendBack, showAgain, takeDeadLetters } from '#shared/adapters/sqs/dead-letters.ts';
import type { StateReader } from '#shared/ports.ts';
import { judgeLetter, type Verdict } from '#shared/shell/dead-letter.ts';
import { listParked } from '#shared/state/parked.ts';
import { QUEUE_NAMES, type Queues, queuesOf } from '../operator/queues.ts';
import { print, printJson, table } from '../output.ts';
import { withState } from './read-state.ts';

interface Found extends Verdict {
  readonly queue: QueueName;
  readonly letter: DeadLetter;
}

/** `salvor redrive`: what failed too often, and, once asked, the way back into its queue. */
export function redriveCommand(): Command {
  return new Command('redrive')
    .description('show what lies in the dead-letter queues, and send it back once its cause is gone')
    .addArgument(new Argument('[queue]', 'only this one').choices(QUEUE_NAMES))
    .option('--go', 'send back what may still do something, and delete what is void')
    .option('--json', 'print JSON')
    .action((queue: QueueName | undefined, { go, json }, command: Command) =>
      withState(command, async (state) => {
        const queues = await queuesOf(command);
        try {
          const found = await lookInto(queues, state, queue === undefined ? QUEUE_NAMES : [queue]);
          const why = await reasons(state);
          if (go === true) for (const each of found) await settle(queues, each);
          else await leaveAll(queues, found);
          if (json)
            printJson(found.map((each) => ({ ...asJson(each), why: why.get(each.queue) ?? [], done: go === true })));
          else show(found, why, go === true);
        } finally {
          queues.client.destroy();
        }
      }),
    );
}

async function lookInto(
  { client, urlOf }: Queues,
  state: StateReader,
  names: readonly QueueName[],
): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const queue of names)
    for (const letter of await takeDeadLetters(client, urlOf(deadLetterQueueOf(queue))))
      found.push({ queue, letter, ...(await judgeLetter(state, queue, letter.body)) });
  return found;
}

/** Each was judged a moment ago, and its receiver asks the state once more. */
async function settle({ client, urlOf }: Queues, { queue, letter, voidBecause }: Found): Promise<void> {
  const from = urlOf(deadLetterQueueOf(queue));
  if (voidBecause !== null) await drop(client, from, letter);
  else if (queue === 'host-events')
    // Sent there by us it would be our word, in our scope.
    await sendBack(client, from, urlOf('operator-commands'), letter, JSON.stringify(asWordOfItsSender(letter)));
  else await sendBack(client, from, urlOf(queue), letter);
}

const asWordOfItsSender = ({ senderId, body }: DeadLetter): HearAgain => ({
  type: 'hear-again',
  version: 1,
  ...(senderId === undefined ? {} : { senderId }),
  body,
});

async function leaveAll({ client, urlOf }: Queues, found: readonly Found[]): Promise<void> {
  for (const [queue, all] of Map.groupBy(found, (each) => each.queue))
    await showAgain(
      client,
      urlOf(deadLetterQueueOf(queue)),
      all.map(({ letter }) => letter),
    );
}

/** Why messages failed the last time, by their queue, as far as a function lived to tell. */
async function reasons(state: StateReader): Promise<ReadonlyMap<QueueName, readonly string[]>> {
  const all = await Array.fromAsync(listParked(state));
  const of = (queue: QueueName) => all.filter(({ subject }) => subject === deadLetterQueueOf(queue));
  return new Map(QUEUE_NAMES.map((queue) => [queue, of(queue).map(({ because }) => because)]));
}

const asJson = ({ queue, letter: { messageId, sentAtMs, body }, about, voidBecause }: Found) => ({
  queue,
  messageId,
  sentAt: new Date(sentAtMs).toISOString(),
  about,
  voidBecause,
  body,
});

function show(found: readonly Found[], why: ReadonlyMap<QueueName, readonly string[]>, done: boolean): void {
  if (found.length === 0) {
    print('no dead letters');
    return;
  }
  const rows = found.map(({ queue, letter, about, voidBecause }) => [
    queue,
    age(Date.now() - letter.sentAtMs),
    about,
    voidBecause === null ? (done ? 'sent back' : 'to be sent back') : `void: ${voidBecause}`,
  ]);
  print(table(['QUEUE', 'AGE', 'ABOUT', 'WHAT'], rows));
  for (const queue of new Set(found.map((each) => each.queue)))
    for (const because of why.get(queue) ?? []) print(`${queue} failed: ${because}`);
  const back = found.filter(({ voidBecause }) => voidBecause === null).length;
  print(
    done
      ? `${back} sent back, ${found.length - back} void ones deleted`
      : `"salvor redrive --go" sends ${back} back, and deletes ${found.length - back} void ones`,
  );
}

function age(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
