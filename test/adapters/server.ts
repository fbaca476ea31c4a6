import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface SeenRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface TestServer {
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  close(): Promise<void>;
}

/** `drop` closes the connection without an answer, `hang` keeps it open. */
export type Reply =
  | 'drop'
  | 'hang'
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: unknown };
export type Handler = (request: SeenRequest, index: number) => Reply | Promise<Reply>;

/** An HTTP server on 127.0.0.1 that answers as the handler says and remembers what it was asked. */
export async function serve(handler: Handler): Promise<TestServer> {
  const requests: SeenRequest[] = [];
  const server = createServer(async (incoming, response) => {
    const request = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      body: await textOf(incoming),
    };
    requests.push(request);
    send(await handler(request, requests.length - 1), incoming, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the test server has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** An address on which nobody listens. */
export async function deadUrl(): Promise<string> {
  const server = await serve(() => 'drop');
  await server.close();
  return server.url;
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of incoming) text += String(chunk);
  return text;
}

function send(reply: Reply, incoming: IncomingMessage, response: ServerResponse): void {
  if (reply === 'hang') return;
  if (reply === 'drop') {
    incoming.socket.destroy();
    return;
  }
  const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? {});
  response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers }).end(text);
}
