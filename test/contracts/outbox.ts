import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SendMessageBatchCommandInput,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { QueueName } from '#events/catalog.ts';
import type { Command, StepCommand } from '#events/commands.ts';
import type { HostEvent } from '#events/host-event.ts';
import { sqsOutbox } from '#shared/adapters/sqs/outbox.ts';
import { LimitError, RetryableError } from '#shared/errors.ts';
import type { Outbox } from '#shared/ports.ts';

/** Empty queues of the catalogue to which nothing else listens. */
export interface OutboxUnderTest {
  readonly client: SQSClient;
  readonly queueUrls: Readonly<Record<QueueName, string>>;
  close(): Promise<void>;
}

const MEBIBYTE = 1024 * 1024;
const RECEIVE_BOUND = 20;

const step = (type: StepCommand['type'], tick: number): Command => ({
  type,
  version: 1,
  hostKey: 'cloud/region/service',
  incidentId: '01890a5d-ac96-774b-bcce-b302099a8057',
  tick,
});

const hostDown = (id: string, reason: string): HostEvent => ({
  specversion: '1.0',
  id,
  source: 'urn:agent',
  type: 'host.down',
  time: '2026-11-02T03:04:05Z',
  data: { schemaVersion: 1, host: 'compute-1', reason },
});

const at = (delaySeconds: number) => (message: Command | HostEvent) => ({ message, delaySeconds });
const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

/** What every queue behind the outbox must do. */
export function defineOutboxContract(name: string, open: () => Promise<OutboxUnderTest>): void {
  describe(`the outbox on ${name}`, () => {
    let subject: OutboxUnderTest;
    let outbox: Outbox;
    beforeAll(async () => {
      subject = await open();
      outbox = sqsOutbox(subject.client, subject.queueUrls);
    });
    afterAll(() => subject.close());

    /** Receives until `count` have come, and deletes them. */
    async function take(queue: QueueName, count: number, waitSeconds = 2): Promise<readonly Message[]> {
      const { client } = subject;
      const QueueUrl = subject.queueUrls[queue];
      const taken: Message[] = [];
      for (let turn = 0; taken.length < count && turn < RECEIVE_BOUND; turn += 1) {
        const { Messages = [] } = await client.send(
          new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: waitSeconds }),
        );
        if (Messages.length === 0) continue;
        taken.push(...Messages);
        const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
        await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
      }
      return taken;
    }

    const bodies = (messages: readonly Message[]): readonly unknown[] =>
      messages.map(({ Body = '' }) => JSON.parse(Body) as unknown);

    async function isEmpty(queue: QueueName): Promise<boolean> {
      const { Messages = [] } = await subject.client.send(
        new ReceiveMessageCommand({ QueueUrl: subject.queueUrls[queue], WaitTimeSeconds: 1 }),
      );
      return Messages.length === 0;
    }

    test('each message goes to the queue of its type', async () => {
      await outbox.send([step('fence-host', 1), step('plan-evacuation', 2), hostDown('e', 'r')].map(at(0)));
      expect(bodies(await take('fence-host', 1))).toEqual([step('fence-host', 1)]);
      expect(bodies(await take('plan-evacuation', 1))).toEqual([step('plan-evacuation', 2)]);
      expect(bodies(await take('host-events', 1))).toEqual([hostDown('e', 'r')]);
    });

    test('nothing to send is nothing', async () => {
      await expect(outbox.send([])).resolves.toBeUndefined();
    });

    test('more messages than one request holds all arrive', async () => {
      const messages = range(37).map((tick) => step('fence-host', tick));
      await outbox.send(messages.map(at(0)));
      const arrived = bodies(await take('fence-host', 37)) as readonly { tick: number }[];
      expect(arrived.map(({ tick }) => tick).sort((a, b) => a - b)).toEqual(range(37));
    });

    test('large messages that do not fit into one request together all arrive', async () => {
      const reason = 'x'.repeat(MEBIBYTE / 2);
      await outbox.send(['a', 'b', 'c'].map((id) => at(0)(hostDown(id, reason))));
      const arrived = bodies(await take('host-events', 3)) as readonly HostEvent[];
      expect(arrived.map(({ id }) => id).sort()).toEqual(['a', 'b', 'c']);
    });

    test('any text passes', async () => {
      const reason = 'Grüße \u{1f525} \ud800 \uffff \ufffe \u0000 \u0007 "';
      await outbox.send([at(0)(hostDown('text', reason))]);
      expect(bodies(await take('host-events', 1))).toEqual([hostDown('text', reason)]);
    });

    test('a delayed message is not seen before its time', async () => {
      const sentAtMs = Date.now();
      await outbox.send([at(2)(step('fence-host', 9))]);
      expect(await take('fence-host', 1)).toHaveLength(1);
      expect(Date.now() - sentAtMs).toBeGreaterThanOrEqual(1_900);
    });

    test('the longest delay is taken', async () => {
      await outbox.send([at(900)(step('confirm-host-down', 1))]);
      expect(await isEmpty('confirm-host-down')).toBe(true);
    });

    test.each([901, -1, 1.5, Number.NaN])(
      'a delay of %d s is a defect of the caller, and nothing is sent',
      async (delay) => {
        const sent = outbox.send([at(0)(step('plan-evacuation', 1)), at(delay)(step('plan-evacuation', 2))]);
        await expect(sent).rejects.toThrow(LimitError);
        expect(await isEmpty('plan-evacuation')).toBe(true);
      },
    );

    test('a message above 1 MiB is a defect of the caller, and nothing is sent', async () => {
      const sent = outbox.send([at(0)(step('plan-evacuation', 1)), at(0)(hostDown('large', 'x'.repeat(MEBIBYTE)))]);
      await expect(sent).rejects.toThrow(LimitError);
      expect(await isEmpty('plan-evacuation')).toBe(true);
    });

    test('one message of a request that the queue refuses is retryable, and names no content', async () => {
      // The queue itself refuses this character; the outbox never lets one through.
      subject.client.middlewareStack.add(
        (next) => (args) => {
          const { Entries = [] } = args.input as SendMessageBatchCommandInput;
          const spoilt = Entries.map((entry) =>
            entry.Id === '1' ? { ...entry, MessageBody: 'secret \uffff' } : entry,
          );
          return next({ ...args, input: { ...args.input, Entries: spoilt } as typeof args.input });
        },
        { step: 'initialize', name: 'spoil' },
      );
      const sent = outbox.send([step('fence-host', 1), step('fence-host', 2)].map(at(0)));
      await expect(sent.finally(() => subject.client.middlewareStack.remove('spoil'))).rejects.toThrow(RetryableError);
      await expect(sent).rejects.not.toThrow(/secret/);
      expect(bodies(await take('fence-host', 1))).toEqual([step('fence-host', 1)]);
    });

    test('a queue that is not there is retryable', async () => {
      const gone = sqsOutbox(subject.client, {
        ...subject.queueUrls,
        'fence-host': subject.queueUrls['fence-host'].replace(/[^/]+$/, 'no-such-queue'),
      });
      await expect(gone.send([at(0)(step('fence-host', 1))])).rejects.toThrow(RetryableError);
    });
  });
}
