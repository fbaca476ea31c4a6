import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { WorkerName } from '#events/catalog.ts';

/** A request of a function to DynamoDB or SQS: `TransactWriteItems`, `SendMessageBatch`, … */
export interface AwsRequest {
  readonly from: WorkerName;
  readonly operation: string;
  readonly body: string;
}
export interface AwsAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Stands between functions and AWS: a request takes effect when, and if, it calls `pass`. */
export type AwsStand = (request: AwsRequest, pass: () => Promise<AwsAnswer>) => Promise<AwsAnswer>;

export interface AwsProxy {
  /** Where the requests of this function must go. */
  endpointFor(name: WorkerName): Promise<string>;
  close(): Promise<void>;
}

/** One server for each function, as nothing in a request tells who sent it. */
export function startAwsProxy(upstream: string, stand: AwsStand): AwsProxy {
  const servers: Server[] = [];
  return {
    endpointFor: async (from) => {
      const server = createServer(async (request, response) => {
        const body = await bodyOf(request);
        const operation =
          String(request.headers['x-amz-target'] ?? '')
            .split('.')
            .at(-1) ?? '';
        const pass = (): Promise<AwsAnswer> => forward(upstream, request, body);
        const answer = await stand({ from, operation, body: body.toString() }, pass).catch(unreachable);
        response.writeHead(answer.status, answer.headers).end(answer.body);
      });
      servers.push(server);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
      return `http://127.0.0.1:${address.port}`;
    },
    close: async () => {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

/** An error that DynamoDB gives when a table is asked for more than it has. */
export const throttled = (operation: string): AwsAnswer => ({
  status: 400,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: Buffer.from(
    JSON.stringify({
      __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
      message: `the table throttles ${operation}`,
    }),
  ),
});

const HOP: ReadonlySet<string> = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'expect']);

async function forward(upstream: string, request: IncomingMessage, body: Buffer): Promise<AwsAnswer> {
  const headers = Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
    HOP.has(name) || value === undefined ? [] : [[name, String(value)]],
  );
  const response = await fetch(`${upstream}${request.url}`, { method: request.method ?? 'POST', headers, body });
  const kept = [...response.headers].filter(([name]) => !HOP.has(name) && name !== 'content-encoding');
  return {
    status: response.status,
    headers: Object.fromEntries(kept),
    body: Buffer.from(await response.arrayBuffer()),
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const unreachable = (error: unknown): AwsAnswer => ({ status: 503, headers: {}, body: Buffer.from(String(error)) });
