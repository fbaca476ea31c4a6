import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { startEmbedded } from '#infra/embedded/runtime.ts';
import { recorded, recorder } from './recorder.ts';
import { outsideServices, recordedLog } from './stubs.ts';
import { afterwards, newFolder, PATIENCE } from './support.ts';

const VICTIM = fileURLToPath(new URL('./victim.ts', import.meta.url));
const SENDERS = 8;

interface Round {
  /** Messages whose sender was told that they are in the queue. */
  readonly accepted: readonly string[];
  /** Messages whose function was told that they are in the state. */
  readonly committed: readonly string[];
}

/** Sends to a pipeline as fast as it takes them, and kills it once it has committed enough of them. */
async function killAfter(commits: number, stateDir: string, round: number): Promise<Round> {
  const child = spawn(process.execPath, [VICTIM, stateDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  afterwards(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  const ended = once(lines, 'close');
  const [queueUrl] = (await once(lines, 'line')) as [string];
  const committed: string[] = [];
  lines.on('line', (line) => {
    committed.push(line);
    if (committed.length === commits) child.kill('SIGKILL');
  });
  const accepted = await sendUntilDead(child, queueUrl, round);
  await ended;
  return { accepted, committed };
}

async function sendUntilDead(child: ChildProcess, QueueUrl: string, round: number): Promise<readonly string[]> {
  const client = new SQSClient({
    region: 'us-east-1',
    endpoint: new URL(QueueUrl).origin,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    useQueueUrlAsEndpoint: false,
    maxAttempts: 1,
  });
  const accepted: string[] = [];
  const alive = () => child.exitCode === null && child.signalCode === null;
  const sendOn = async (sender: number): Promise<void> => {
    for (let count = 0; alive(); count += 1) {
      const MessageBody = `${round}-${sender}-${count}`;
      try {
        await client.send(new SendMessageCommand({ QueueUrl, MessageBody }));
        accepted.push(MessageBody);
      } catch {
        // Nobody promised anything for this one.
      }
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, (_, sender) => sendOn(sender)));
  client.destroy();
  return accepted;
}

test('kill -9 loses no accepted message and no committed state', { timeout: 120_000 }, async () => {
  const stateDir = newFolder();
  const rounds: Round[] = [];
  for (const commits of [1, 150, 400]) rounds.push(await killAfter(commits, stateDir, rounds.length));
  const accepted = rounds.flatMap((round) => round.accepted);
  const committed = rounds.flatMap((round) => round.committed);
  expect(accepted.length).toBeGreaterThan(500);

  const embedded = await startEmbedded({
    stateDir,
    port: 0,
    services: outsideServices(recordedLog()),
    functions: { 'receive-host-event': recorder(() => {}) },
  });
  afterwards(() => embedded.stop());
  const atOnce = await recorded(embedded.state);
  expect(committed.filter((body) => !atOnce.has(body))).toEqual([]);
  const empty = () => embedded.depths()['host-events'];
  await expect.poll(empty, PATIENCE).toEqual({ visible: 0, inFlight: 0, delayed: 0, deadLettered: 0 });
  const atLast = await recorded(embedded.state);
  expect(accepted.filter((body) => !atLast.has(body))).toEqual([]);
});
