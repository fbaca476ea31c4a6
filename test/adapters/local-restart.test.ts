/** Requests to the worker at the edge, by a queue that speaks SQS. */
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';
import { QUEUES } from '#events/catalog.ts';
import { restartRequest } from '#events/restart-service.ts';
import { startSqsServer } from '#infra/embedded/sqs-server.ts';
import { noLocalRestart, sqsLocalRestart } from '#shared/adapters/sqs/local-restart.ts';
import { NOW_MS, uuid } from '#test/support/builders.ts';

const context = { clock: { now: () => NOW_MS }, chance: { id: () => uuid(9, 1) } };

it('asks by a message, and hears nothing of what becomes of it', async () => {
  const { client, queueUrls, close } = await startSqsServer({ folder: undefined, port: 0, queues: QUEUES });
  try {
    const QueueUrl = queueUrls['host-events'];
    const answer = await sqsLocalRestart(client, QueueUrl, context).restart('edge-1', 'compute-1', 'libvirtd');
    expect(answer).toMatchObject({ kind: 'unknown', durationMs: 0, detail: expect.stringContaining('was asked') });
    const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl }));
    expect(Messages.map(({ Body = '' }) => restartRequest.parse(JSON.parse(Body)))).toEqual([
      {
        type: 'restart-service',
        version: 1,
        id: uuid(9, 1),
        time: new Date(NOW_MS).toISOString(),
        validSeconds: 15,
        host: 'compute-1',
        service: 'libvirtd',
      },
    ]);
  } finally {
    await close();
  }
  const lost = await sqsLocalRestart(client, queueUrls['host-events'], context).restart('edge-1', 'h', 's');
  expect(lost).toMatchObject({ kind: 'unknown', detail: expect.stringMatching(/^its queue may not have taken it: /) });
}, 60_000);

it('refuses where no worker is set up', async () => {
  expect(await noLocalRestart.restart('edge-1', 'compute-1', 'libvirtd')).toMatchObject({ kind: 'refused' });
});
