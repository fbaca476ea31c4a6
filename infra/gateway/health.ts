import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { Clock } from '#shared/ports.ts';
import type { Log } from '#shared/services.ts';
import type { Forwarder } from './forward.ts';

/** How a program beside salvor shows that it lives, and whether what it sees comes to salvor. */

const TELL_EVERY_MS = 60_000;
/** So long without salvor, and it is not well. */
const UNWELL_AFTER_MS = 60_000;

export const isReaching = (forwarder: Forwarder, clock: Pick<Clock, 'now'>): boolean =>
  clock.now() - (forwarder.failingSinceMs() ?? clock.now()) < UNWELL_AFTER_MS;

/** Logs the figures each minute, also when nothing has changed. @returns what ends it */
export function tellEveryMinute(log: Log, message: string, figures: () => object): () => void {
  const timer = setInterval(() => log.info(message, figures()), TELL_EVERY_MS);
  return () => clearInterval(timer);
}

/** `GET /healthz` on 127.0.0.1: 200, or 503 when it is not well, with the figures as JSON. */
export async function serveHealth(port: number, isWell: () => boolean, figures: () => object): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume();
    const status = request.url === '/healthz' ? (isWell() ? 200 : 503) : 404;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(figures()));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
