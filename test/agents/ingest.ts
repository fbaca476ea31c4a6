import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DeleteMessageCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { fetch } from 'undici';
import { QUEUES } from '#events/catalog.ts';
import { type HostEvent, hostEvent } from '#events/host-event.ts';
import { startHttpServer } from '#infra/embedded/http-server.ts';
import { startSqsServer } from '#infra/embedded/sqs-server.ts';
import { sqsOutbox } from '#shared/adapters/sqs/outbox.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { type SeenRequest, serve } from '../adapters/server.ts';
import { connectionOf } from '../docs/sources-config.ts';
import { fakeIngest, fakeSecrets } from '../ingest/support.ts';

export const AGENTS = fileURLToPath(new URL('../../agents/', import.meta.url));
const TOKEN = 'a-token-of-the-test';

/** What docs/sources.md has a user write, for the test's own server and files. */
export const connectedTo = (ingest: Ingest, title: string): string =>
  connectionOf(title)
    .replaceAll('https://salvor.example:15868', ingest.url)
    .replaceAll('/etc/salvor/token', ingest.tokenFile)
    .replaceAll('/etc/salvor/agent.conf', ingest.agentConfig)
    .replaceAll('/usr/lib/salvor/', AGENTS)
    .replaceAll('1f0c…', TOKEN);

export interface Ingest {
  /** Where programs send to: hands everything on to the embedded server, and remembers it. */
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  /** A folder of the test's own, removed at the end. */
  readonly folder: string;
  /** The file that holds the reporter's token, and the configuration of `agents/salvor-send` that names it. */
  readonly tokenFile: string;
  readonly agentConfig: string;
  /** The embedded queue's API and queue, for who sends straight to it. */
  readonly endpoint: string;
  readonly queueUrl: string;
  /**
   * Events that arrived in the queue, in order, until `enough` says so.
   * @throws Error that names what came instead, when that takes too long.
   */
  events(enough: (events: readonly HostEvent[]) => boolean, timeoutMs?: number): Promise<readonly HostEvent[]>;
  /** Makes programs get this status, as if salvor were away; undefined: answers are salvor's again. */
  away(status: number | undefined): void;
  close(): Promise<void>;
}

/** The embedded HTTP server in front of an embedded queue that nobody reads, with the reporter `monitor`. */
export async function startIngest(): Promise<Ingest> {
  const folder = mkdtempSync(join(tmpdir(), 'salvor-agents-'));
  const sqs = await startSqsServer({ folder: undefined, port: 0, queues: QUEUES });
  const services = fakeIngest(
    { reporters: { monitor: { token: 'monitor' } } },
    fakeSecrets({ monitor: { token: TOKEN } }),
  );
  const outbox = sqsOutbox(sqs.client, sqs.queueUrls);
  const http = await startHttpServer({ ...services, clock: systemClock, outbox }, { address: '127.0.0.1', port: 0 });
  let status: number | undefined;
  const front = await serve(async ({ method, path, headers, body }) => {
    if (status !== undefined) return { status };
    const passed = Object.entries(headers).filter(
      ([name]) => !['host', 'connection', 'content-length', 'expect'].includes(name),
    );
    const response = await fetch(`${http.url}${path}`, {
      method,
      headers: Object.fromEntries(passed) as Record<string, string>,
      body,
    });
    return { status: response.status, body: await response.json() };
  });
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, TOKEN, { mode: 0o600 });
  const agentConfig = join(folder, 'agent.conf');
  const lines = [`url=${front.url}`, `token_file=${tokenFile}`, `spool=${join(folder, 'spool')}`];
  writeFileSync(agentConfig, `${lines.join('\n')}\n`);
  const arrived: HostEvent[] = [];
  const queueUrl = sqs.queueUrls['host-events'];
  return {
    url: front.url,
    requests: front.requests,
    folder,
    tokenFile,
    agentConfig,
    endpoint: sqs.endpoint,
    queueUrl,
    events: async (enough, timeoutMs = 60_000) => {
      const untilMs = Date.now() + timeoutMs;
      while (!enough(arrived)) {
        if (Date.now() > untilMs) throw new Error(`there were only ${JSON.stringify(arrived)}`);
        const { Messages = [] } = await sqs.client.send(
          new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
        );
        for (const { Body, ReceiptHandle } of Messages) {
          arrived.push(hostEvent.parse(JSON.parse(Body ?? '')));
          await sqs.client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
        }
      }
      return arrived;
    },
    away: (answer) => {
      status = answer;
    },
    close: async () => {
      await front.close();
      await http.close();
      await sqs.close();
      services.state.close();
      keep(front.requests);
      rmSync(folder, { recursive: true });
    },
  };
}

/** With SALVOR_CAPTURE=<folder> the bytes that programs have sent stay there: golden payloads are made so. */
function keep(requests: readonly SeenRequest[]): void {
  const folder = process.env.SALVOR_CAPTURE;
  if (folder === undefined) return;
  requests.forEach(({ path, body }, index) => {
    const source = path.replace(/^\/v1\/(webhooks\/)?/, '').replace(/[^a-z]+.*/s, '');
    mkdirSync(join(folder, source), { recursive: true });
    writeFileSync(join(folder, source, `${Date.now()}-${String(index).padStart(3, '0')}.json`), body);
  });
}
