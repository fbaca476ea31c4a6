import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';

/** A load balancer in front of the API that can't reach it at times. */
export interface LoadBalancer {
  readonly url: string;
  /** What was answered to each POST, in order. */
  readonly posts: number[];
  /** So many POSTs are answered with 503 from now on. */
  failNext(count: number): void;
  close(): Promise<void>;
}

export async function startProxy(target: string): Promise<LoadBalancer> {
  const posts: number[] = [];
  let failing = 0;
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const answer = (status: number, text: string): void => {
      if (incoming.method === 'POST') posts.push(status);
      outgoing.writeHead(status, { 'content-type': 'application/json' }).end(text);
    };
    if (failing > 0 && incoming.method === 'POST') {
      failing -= 1;
      return answer(503, '{}');
    }
    const { host: _host, connection: _connection, ...headers } = incoming.headers;
    const method = incoming.method === 'POST' ? 'POST' : 'GET';
    const body = method === 'POST' ? Buffer.concat(chunks) : null;
    const { statusCode, body: told } = await request(`${target}${incoming.url}`, { method, headers, body });
    return answer(statusCode, await told.text());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posts,
    failNext: (count) => {
      failing = count;
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
