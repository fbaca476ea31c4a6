import { setTimeout as pause } from 'node:timers/promises';
import { PermanentError, RetryableError } from '#shared/errors.ts';
import type { Exchange } from '#shared/http/transport.ts';
import type { BareMetal, BareMetalRequest } from '#shared/ports.ts';
import { SERVICE_TYPES, serviceEndpoint } from './catalog.ts';
import type { Session, Token } from './keystone.ts';
import { refusedByMiddleware } from './nova-client.ts';

/** Stein: a node tells its fault and its conductor. */
const MICROVERSION = '1.49';

/** The Ironic of the cloud that the session is of, as its catalogue names it. */
export function bareMetal(session: Session): BareMetal {
  const { http, cloud } = session;

  async function send(token: Token, { method, path, body, deadlineMs }: BareMetalRequest): Promise<Exchange> {
    const endpoint = serviceEndpoint(token.catalog, cloud, SERVICE_TYPES.ironic);
    if (endpoint === undefined)
      throw new PermanentError(
        `the catalogue of ${cloud.name} names no service of type ${SERVICE_TYPES.ironic[0]}: there is no Ironic`,
      );
    const root = endpoint.pathname.replace(/\/+$/, '').replace(/\/v1$/, '');
    const url = new URL(`${root}/v1${path}`, endpoint.origin);
    const headers = { 'x-auth-token': token.value, 'x-openstack-ironic-api-version': MICROVERSION };
    const timeoutMs = Math.max(1, Math.round(deadlineMs - performance.now()));
    return method === 'GET' ? http.once(url, headers, timeoutMs) : http.send(method, url, headers, body, timeoutMs);
  }

  return {
    redact: session.redact,
    exchange: async (request) => {
      try {
        const token = await inTime(session.token(), request.deadlineMs);
        const first = await send(token, request);
        if (!refusedByMiddleware(first)) return first;
        session.reject(token);
        return await send(await inTime(session.token(), request.deadlineMs), request);
      } catch (error) {
        const text = session.redact(error instanceof Error ? error.message : 'unknown');
        if (error instanceof PermanentError) return { kind: 'refused', detail: text };
        return { kind: 'failed', sent: false, error: text, durationMs: 0 };
      }
    },
  };
}

/** A token that comes too late is kept for the next request. */
async function inTime(token: Promise<Token>, deadlineMs: number): Promise<Token> {
  const over = new AbortController();
  const late = pause(Math.max(0, deadlineMs - performance.now()), undefined, { signal: over.signal }).then(() => {
    throw new RetryableError('Keystone gave no token in time');
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([token, late]);
  } finally {
    over.abort();
    token.catch(() => undefined);
  }
}
