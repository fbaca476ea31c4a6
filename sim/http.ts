import type { IncomingMessage } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { RequestRecord } from './request-log.ts';

/** What the handlers of all simulated APIs share. */
export interface SimEnv {
  Bindings: HttpBindings;
  Variables: { record: RequestRecord };
}

/** The request's JSON body; undefined if there is none or it is not JSON. Reading it again costs nothing. */
export async function jsonBody(c: Context): Promise<unknown> {
  if (c.req.method === 'GET' || c.req.method === 'DELETE') return undefined;
  try {
    return await c.req.json();
  } catch {
    return undefined;
  }
}

/** Keeps the connection open without an answer until the client gives up or the cloud stops. */
export function hang({ socket }: IncomingMessage): Promise<Response> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve(new Response(null, { status: 499 })));
  });
}

/** Closes the connection without an answer. */
export function closeConnection(incoming: IncomingMessage): Promise<Response> {
  const gone = hang(incoming);
  incoming.socket.destroy();
  return gone;
}

/** `2026-11-21T04:26:53Z` */
export function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** `2026-11-21T04:26:53.000000`: Nova's records keep whole seconds. */
export function isoMicroseconds(ms: number | null): string | null {
  return ms === null ? null : `${new Date(ms).toISOString().slice(0, 19)}.000000`;
}
