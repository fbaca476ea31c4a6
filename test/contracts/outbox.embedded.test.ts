import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QUEUES } from '#events/catalog.ts';
import { startSqsServer } from '#infra/embedded/sqs-server.ts';
import { defineOutboxContract } from './outbox.ts';

const open = (folder?: string) => startSqsServer({ folder, port: 0, queues: QUEUES });

defineOutboxContract('fauxqs in memory', () => open());
defineOutboxContract('fauxqs on disk', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'salvor-queues-'));
  const server = await open(folder);
  const close = async (): Promise<void> => {
    await server.close();
    rmSync(folder, { recursive: true });
  };
  return { ...server, close };
});
