import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReceiveMessageCommand, SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { afterEach } from 'vitest';
import { QUEUES, type QueueSpec } from '#events/catalog.ts';
import { type QueueSpecs, type SqsServer, type SqsServerOptions, startSqsServer } from '#infra/embedded/sqs-server.ts';

/** For `expect.poll` and `vi.waitFor`: far more than any of it takes. */
export const PATIENCE = { timeout: 20_000, interval: 20 };

type Undo = () => unknown;
const undos: Undo[] = [];
/** Undone after the test, the last one first. */
export const afterwards = (undo: Undo): void => void undos.push(undo);
afterEach(async () => {
  for (const undo of undos.splice(0).reverse()) await undo();
});

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'salvor-embedded-'));
  afterwards(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function openServer(options: Partial<SqsServerOptions> = {}): Promise<SqsServer> {
  const server = await startSqsServer({ folder: undefined, port: 0, queues: QUEUES, ...options });
  afterwards(() => server.close());
  return server;
}

/** The catalogue with other numbers for one queue. */
export const withSpec = (spec: Partial<QueueSpec>, queue: keyof typeof QUEUES = 'host-events'): QueueSpecs => ({
  ...QUEUES,
  [queue]: { ...QUEUES[queue], ...spec },
});

export async function sendTexts(client: SQSClient, QueueUrl: string, texts: readonly string[]): Promise<void> {
  const Entries = texts.map((MessageBody, index) => ({ Id: String(index), MessageBody }));
  await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
}

/** The bodies that are visible now, at most ten. */
export async function receiveTexts(client: SQSClient, QueueUrl: string): Promise<readonly string[]> {
  const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  return Messages.map(({ Body = '' }) => Body);
}
