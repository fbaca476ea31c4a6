import { setTimeout as pause } from 'node:timers/promises';
import { RetryableError } from '#shared/errors.ts';
import { addressOf } from '#shared/http/redact.ts';
import {
  type Exchange,
  type HttpRequest,
  httpTransport,
  type Transport,
  type TransportOptions,
} from '#shared/http/transport.ts';

export interface HttpOptions extends Omit<TransportOptions, 'reuseConnections'> {
  /** For the User-Agent header. */
  readonly version: string;
  /** Uniform in [0, 1): spreads the pauses. */
  readonly random: () => number;
  /** For one call: all tries and the pauses between them; default 30 000 ms. */
  readonly timeoutMs?: number;
  /** How often a read is sent at most; default 4. */
  readonly maxTries?: number;
  /** Pause before the second try, doubled for each further one; default 250 ms. */
  readonly retryBaseMs?: number;
  /** A longer pause than this is not waited for, also when the server asks for it by Retry-After; default 5 000 ms. */
  readonly retryMaxMs?: number;
  /** Ends requests and pauses. */
  readonly signal?: AbortSignal;
  /** Waits; replaced in tests. */
  readonly sleep?: (delayMs: number) => Promise<unknown>;
}

export type Answered = Extract<Exchange, { kind: 'answer' }>;
type Headers = Readonly<Record<string, string>>;

export interface OpenStackHttp {
  /**
   * A read. 429, 5xx and broken connections are tried again, after a pause.
   * @throws RetryableError when that did not help.
   */
  get(url: URL, headers: Headers): Promise<Answered>;
  /** A read that is sent once. Never rejects. */
  once(url: URL, headers: Headers, timeoutMs: number): Promise<Exchange>;
  /** A request with an effect: sent once, on a connection of its own. Never rejects. */
  send(method: 'POST' | 'PUT', url: URL, headers: Headers, body: unknown, timeoutMs?: number): Promise<Exchange>;
  close(): Promise<void>;
}

export function openStackHttp(options: HttpOptions): OpenStackHttp {
  const reads = httpTransport(options);
  // Whose certificate it would show, a read has shown. Looking costs the resumption of TLS sessions.
  const { onCertificate: _, ...unseen } = options;
  const changes = httpTransport({ ...unseen, reuseConnections: false });
  const common = { accept: 'application/json', 'user-agent': `salvor/${options.version}` };
  const callMs = options.timeoutMs ?? 30_000;
  const exchange = (transport: Transport, request: Omit<HttpRequest, 'signal'>) =>
    transport.exchange({
      ...request,
      headers: { ...common, ...request.headers },
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  return {
    get: (url, headers) =>
      getWithRetry(options, callMs, url, (timeoutMs) => exchange(reads, { method: 'GET', url, headers, timeoutMs })),
    once: (url, headers, timeoutMs) => exchange(reads, { method: 'GET', url, headers, timeoutMs }),
    send: (method, url, headers, body, timeoutMs = callMs) => {
      const json = { ...headers, 'content-type': 'application/json' };
      return exchange(changes, { method, url, headers: json, body: JSON.stringify(body), timeoutMs });
    },
    close: async () => {
      await Promise.all([reads.close(), changes.close()]);
    },
  };
}

async function getWithRetry(
  options: HttpOptions,
  callMs: number,
  url: URL,
  attempt: (timeoutMs: number) => Promise<Exchange>,
): Promise<Answered> {
  const { maxTries = 4, retryBaseMs = 250, retryMaxMs = 5000, signal } = options;
  const sleep =
    options.sleep ?? ((delayMs: number) => pause(delayMs, undefined, signal === undefined ? {} : { signal }));
  const endMs = performance.now() + callMs;
  for (let tries = 1; ; tries += 1) {
    const exchange = await attempt(Math.max(1, Math.round(endMs - performance.now())));
    if (exchange.kind === 'answer' && exchange.status !== 429 && exchange.status < 500) return exchange;
    const what = exchange.kind === 'answer' ? `answered ${exchange.status}` : `gave no answer: ${exchange.error}`;
    const asked = exchange.kind === 'answer' ? retryAfterMs(exchange.headers['retry-after']) : undefined;
    const delayMs = asked ?? Math.min(retryMaxMs, retryBaseMs * 2 ** (tries - 1)) * (0.5 + options.random() / 2);
    const inTime = delayMs <= retryMaxMs && performance.now() + delayMs < endMs;
    const again = tries < maxTries && inTime && signal?.aborted !== true;
    if (!again) {
      const wait = asked === undefined ? '' : `; it asks to wait ${Math.ceil(asked / 1000)} s`;
      throw new RetryableError(`GET ${addressOf(url)} ${what} (${tries} ${tries === 1 ? 'try' : 'tries'})${wait}`);
    }
    try {
      await sleep(delayMs);
    } catch {
      throw new RetryableError(`GET ${addressOf(url)} ${what}, and the caller gave up`);
    }
  }
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const delayMs = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(delayMs) ? undefined : Math.max(0, delayMs);
}
