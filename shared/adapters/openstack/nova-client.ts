import * as z from 'zod';
import { RetryableError } from '#shared/errors.ts';
import type { Redact } from '#shared/http/redact.ts';
import type { Exchange } from '#shared/http/transport.ts';
import type { Answer } from '#shared/ports.ts';
import { computeEndpoint } from './catalog.ts';
import type { Answered } from './http.ts';
import type { Session, Token } from './keystone.ts';
import { type Microversion, newestOf, versionSchema } from './microversion.ts';
import { messageOf, parseBody } from './parse.ts';
import { readError, withToken } from './read.ts';

/** Nova's own limit of a page as shipped (`[api] max_limit`). */
export const PAGE_SIZE = 1000;

type Query = Readonly<Record<string, string>>;

export interface ChangeLimits {
  readonly isTooLate?: () => boolean;
  /** Its answer is waited for so long; unless given as long as any. */
  readonly timeoutMs?: number;
}

export interface NovaClient {
  /** The newest microversion that Nova has; asked once, a failure is not remembered. */
  newest(): Promise<Microversion>;
  /** @throws RetryableError, PermanentError as the port `Compute` says. */
  read<T>(path: string, schema: z.ZodType<T>, microversion: Microversion, query?: Query): Promise<T>;
  /** As `read`; undefined on 404. */
  find<T>(path: string, schema: z.ZodType<T>, microversion: Microversion): Promise<T | undefined>;
  /** Every entry of a collection, page after page. */
  list<T>(
    path: string,
    collection: string,
    entry: z.ZodType<T>,
    microversion: Microversion,
    query: Query,
  ): Promise<readonly T[]>;
  /** Sends one request with an effect, unless by then it may not leave any more. Never rejects. */
  change(
    method: 'POST' | 'PUT',
    path: string,
    body: unknown,
    microversion: Microversion,
    limits?: ChangeLimits,
  ): Promise<Answer>;
}

/** HTTP to one region's Nova: address, token, microversion, pages, and what each answer means. */
export function novaClient(session: Session): NovaClient {
  const { http, redact } = session;
  let newest: Promise<Microversion> | undefined;

  const urlOf = (token: Token, path: string, query: Query = {}): URL => {
    const url = computeEndpoint(token.catalog, session.cloud);
    url.pathname += path;
    url.search = new URLSearchParams(query).toString();
    return url;
  };

  async function get(path: string, query: Query, microversion: Microversion | undefined): Promise<Answered> {
    return withToken(session, (token) => http.get(urlOf(token, path, query), headersOf(token, microversion)));
  }

  const refusal = (answer: Answered, who: string): Error => {
    const isDenied = answer.status === 401 || answer.status === 403;
    const more = isDenied ? `. Does cloud ${session.cloud.name} have the role admin?` : '';
    return readError(who, answer, redact, more);
  };

  async function read<T>(
    path: string,
    schema: z.ZodType<T>,
    microversion: Microversion | undefined,
    query: Query = {},
  ): Promise<T> {
    const answer = await get(path, query, microversion);
    const who = `Nova: GET ${path}`;
    if (answer.status !== 200) throw refusal(answer, who);
    return parseBody(schema, answer.body, who);
  }

  return {
    read,
    newest: () => {
      newest ??= read('/', versionSchema, undefined).then(
        ({ version }) => newestOf(version.version),
        (error: unknown) => {
          newest = undefined;
          throw error;
        },
      );
      return newest;
    },
    find: async (path, schema, microversion) => {
      const answer = await get(path, {}, microversion);
      const who = `Nova: GET ${path}`;
      if (answer.status === 404) return undefined;
      if (answer.status !== 200) throw refusal(answer, who);
      return parseBody(schema, answer.body, who);
    },
    list: async <T>(
      path: string,
      collection: string,
      entry: z.ZodType<T>,
      microversion: Microversion,
      query: Query,
    ) => {
      const entries: T[] = [];
      const seen = new Set<string>();
      let marker: string | undefined;
      do {
        const page = { ...query, limit: String(PAGE_SIZE), ...(marker === undefined ? {} : { marker }) };
        const answer = await get(path, page, microversion);
        const who = `Nova: GET ${path}`;
        if (answer.status === 400 && marker !== undefined)
          throw new RetryableError(`${who}: the listing changed on the way: ${messageOf(answer.body, redact)}`);
        if (answer.status !== 200) throw refusal(answer, who);
        const parsed = parseBody(pageSchema(collection, entry), answer.body, who);
        entries.push(...parsed.entries);
        marker = parsed.nextMarker;
        if (marker !== undefined && seen.has(marker))
          throw new RetryableError(`${who}: page ${marker} comes round again`);
        if (marker !== undefined) seen.add(marker);
      } while (marker !== undefined);
      return entries;
    },
    change: async (method, path, body, microversion, { isTooLate, timeoutMs } = {}) => {
      const startMs = performance.now();
      const exchange = await changeOnce(session, microversion, async (token, headers) => {
        if (isTooLate?.()) throw new Error('its time was over before it could be sent');
        return http.send(method, urlOf(token, path), headers, body, timeoutMs);
      });
      return answerOf(exchange, Math.round(performance.now() - startMs), redact);
    },
  };
}

function headersOf(token: Token, microversion: Microversion | undefined): Record<string, string> {
  return {
    'x-auth-token': token.value,
    ...(microversion === undefined ? {} : { 'openstack-api-version': `compute 2.${microversion}` }),
  };
}

/** The link to the next page is read for its marker only: behind proxies its address is often wrong. */
function pageSchema<T>(collection: string, entry: z.ZodType<T>) {
  const links = z.array(z.looseObject({ rel: z.string(), href: z.string() }));
  return z
    .looseObject({ [collection]: z.array(entry), [`${collection}_links`]: links.optional() })
    .transform((page) => {
      const next = (page[`${collection}_links`] as z.infer<typeof links> | undefined)?.find(
        ({ rel }) => rel === 'next',
      );
      const marker = next === undefined ? null : new URLSearchParams(next.href.split('?')[1]).get('marker');
      return { entries: page[collection] as readonly T[], nextMarker: marker ?? undefined };
    });
}

/**
 * A 401 with the challenge `WWW-Authenticate: Keystone` is of keystonemiddleware, which stands before Nova: the request
 * had no effect, so that it may be sent again with a new token. That happens once.
 */
async function changeOnce(
  session: Session,
  microversion: Microversion,
  send: (token: Token, headers: Record<string, string>) => Promise<Exchange>,
): Promise<Exchange> {
  const startMs = performance.now();
  try {
    const token = await session.token();
    const exchange = await send(token, headersOf(token, microversion));
    if (!refusedByMiddleware(exchange)) return exchange;
    session.reject(token);
    const second = await session.token();
    return await send(second, headersOf(second, microversion));
  } catch (error) {
    const text = error instanceof Error ? error.message : 'unknown';
    return { kind: 'failed', sent: false, error: text, durationMs: Math.round(performance.now() - startMs) };
  }
}

/** By keystonemiddleware, which stands before a service: nothing was done. */
export function refusedByMiddleware(exchange: Exchange): boolean {
  return (
    exchange.kind === 'answer' &&
    exchange.status === 401 &&
    /^\s*keystone\b/i.test(exchange.headers['www-authenticate'] ?? '')
  );
}

/**
 * What a request with an effect came to.
 * - 2xx: accepted. 3xx and 4xx, 429 among them: refused, nothing was done.
 * - Not one byte was sent (no connection, no token): refused too, with `httpStatus` 0.
 * - 5xx, 408, a 401 that is not the middleware's, a broken connection, no answer in time: unknown.
 */
function answerOf(exchange: Exchange, durationMs: number, redact: Redact): Answer {
  if (exchange.kind === 'failed') {
    if (exchange.sent) return { kind: 'unknown', error: `Nova: ${exchange.error}`, durationMs };
    return notSent(`Nova: ${redact(exchange.error)}`, 0, durationMs);
  }
  const { status, headers, body } = exchange;
  const requestId = headers['x-openstack-request-id'] ?? headers['x-compute-request-id'] ?? null;
  if (status >= 200 && status < 300) return { kind: 'accepted', requestId, durationMs };
  const message = messageOf(body, redact);
  const strange401 = status === 401 && !refusedByMiddleware(exchange);
  if (status >= 500 || status === 408 || strange401)
    return { kind: 'unknown', error: `Nova answered ${status}: ${message}`, durationMs };
  return { kind: 'refused', httpStatus: status, message, requestId, durationMs };
}

/** The answer to a request that never left this process. */
export function notSent(why: string, httpStatus: number, durationMs: number): Extract<Answer, { kind: 'refused' }> {
  return { kind: 'refused', httpStatus, message: `not sent: ${why}`, requestId: null, durationMs };
}
