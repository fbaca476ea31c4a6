import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';

/** The reporters of a drill: edge agents that push CloudEvents with an ordinary SQS client. */
export const REPORTERS = ['consul', 'pacemaker', 'alertmanager'] as const;

type Says = 'host.down' | 'host.up';

export interface Agents {
  /** One report, by the reporter of this number. */
  report(type: Says, host: string, reporter: number): Promise<void>;
  /** Each reporter reports, a little after the other. */
  reportAll(type: Says, host: string): Promise<void>;
  /** Each reporter sends one and the same event so many times. */
  storm(type: Says, host: string, times: number): Promise<void>;
  /** Events that nobody can act on. */
  nonsense(): Promise<void>;
  wait(ms: number): Promise<void>;
  stop(): void;
}

export function agentsFor(endpoint: string, queueUrl: string): Agents {
  const client = new SQSClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'agent', secretAccessKey: 'agent' },
    useQueueUrlAsEndpoint: false,
  });
  const send = async (body: string): Promise<void> => {
    await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }));
  };
  const report = (type: Says, host: string, reporter: number): Promise<void> =>
    send(JSON.stringify(eventOf(type, host, reporter)));
  return {
    report,
    reportAll: async (type, host) => {
      for (const [reporter] of REPORTERS.entries()) {
        await report(type, host, reporter);
        await pause(100);
      }
    },
    storm: async (type, host, times) => {
      for (const [reporter] of REPORTERS.entries()) {
        const body = JSON.stringify(eventOf(type, host, reporter));
        for (let sent = 0; sent < times; sent += 10) {
          const Entries = Array.from({ length: Math.min(10, times - sent) }, (_, index) => ({
            Id: `${index}`,
            MessageBody: body,
          }));
          await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
        }
      }
    },
    nonsense: async () => {
      for (const body of nonsense()) await send(body);
    },
    wait: (ms) => pause(ms),
    stop: () => client.destroy(),
  };
}

/** CloudEvents 1.0, structured JSON: what an agent sends. */
function eventOf(type: Says, host: string, reporter: number) {
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: `/agents/${REPORTERS[reporter]}`,
    type,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    data: { host, reason: type === 'host.down' ? 'no answer on the management and storage networks' : 'answers again' },
  };
}

function nonsense(): readonly string[] {
  const good = eventOf('host.down', 'compute-2', 0);
  return [
    '{"specversion": "1.0", ',
    JSON.stringify({ ...good, specversion: '9.9' }),
    JSON.stringify({ ...good, type: 'host.exploded' }),
    JSON.stringify({ ...good, data: { host: 'no-such-host' } }),
    JSON.stringify({ ...good, data: { host: 'compute-2', cloud: 'another-cloud' } }),
    JSON.stringify({ ...good, time: '2001-01-01T00:00:00Z' }),
    JSON.stringify({ ...good, time: '2101-01-01T00:00:00Z' }),
    JSON.stringify({ ...good, data: { host: 'compute-2', reason: 'x'.repeat(100_000) } }),
    `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
  ];
}
