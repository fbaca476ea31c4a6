import type { Dispatcher } from 'undici';
import Agent from 'undici/lib/dispatcher/agent.js';
import { CertificateNotPinned, lookingConnector, type ShownCertificate } from './connector.ts';

export interface TransportOptions {
  /** Time for TCP and TLS to come up; default 5 000 ms. */
  readonly connectTimeoutMs?: number;
  /** Connections at the same time to one origin; further requests wait for one. Default 16. */
  readonly maxConnections?: number;
  /**
   * Keep connections for later requests; default true. Without, each request has its own, and cannot be lost in one that
   * the server closes at that very moment.
   */
  readonly reuseConnections?: boolean;
  /** PEM text of the CA to trust instead of the system's. */
  readonly caPem?: string;
  /** Accept any certificate. */
  readonly insecureTls?: boolean;
  /**
   * SHA-256 of the one certificate to accept, in 64 hexadecimal digits: whoever issued it, whatever its name and dates.
   * With `caPem` it must be of that CA too. Then `insecureTls` means nothing, and `http:` is refused.
   */
  readonly certificateSha256?: string;
  /** Told of the certificate of each new connection, and whose it is. */
  readonly onCertificate?: (certificate: ShownCertificate, origin: string) => void;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** From the call to the last byte of the answer, the wait for a connection included. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export type Exchange =
  | {
      readonly kind: 'answer';
      readonly status: number;
      /** Names in lower case. */
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      readonly durationMs: number;
    }
  | {
      readonly kind: 'failed';
      /** False only when it is certain that no byte of the request left this process. */
      readonly sent: boolean;
      /** Our own words and an error code; nothing that was sent or received. */
      readonly error: string;
      readonly durationMs: number;
    };

export interface Transport {
  /** One request, sent once. Never rejects. Redirects are not followed. */
  exchange(request: HttpRequest): Promise<Exchange>;
  /** Ends all connections; what is under way fails. */
  close(): Promise<void>;
}

const LARGEST_BODY_BYTES = 64 * 1024 * 1024;

/** HTTP/1.1 by undici, below its `request`: only `dispatch` tells whether a request has left. */
export function httpTransport(options: TransportOptions = {}): Transport {
  const { certificateSha256: pin, caPem, onCertificate } = options;
  const connect = {
    timeout: options.connectTimeoutMs ?? 5000,
    rejectUnauthorized: pin === undefined ? options.insecureTls !== true : caPem !== undefined,
    ...(caPem === undefined ? {} : { ca: caPem }),
  };
  const agent = new Agent({
    allowH2: false,
    connections: options.maxConnections ?? 16,
    pipelining: (options.reuseConnections ?? true) ? 1 : 0,
    // The deadline of each request is kept by `exchange`, to the millisecond.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: LARGEST_BODY_BYTES,
    connect:
      pin === undefined && onCertificate === undefined ? connect : lookingConnector({ pin, onCertificate }, connect),
  });
  return {
    exchange: (request) => new Promise((resolve) => dispatch(agent, request, resolve)),
    close: () => agent.destroy(),
  };
}

function dispatch(agent: Dispatcher, request: HttpRequest, resolve: (exchange: Exchange) => void): void {
  const startMs = performance.now();
  const durationMs = () => Math.round(performance.now() - startMs);
  const chunks: Buffer[] = [];
  let status = 0;
  let headers: Record<string, string> = {};
  let controller: Dispatcher.DispatchController | undefined;
  let sent = false;
  let over = false;

  const end = (exchange: Exchange) => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    request.signal?.removeEventListener('abort', abandon);
    resolve(exchange);
  };
  const fail = (error: string) => end({ kind: 'failed', sent, error, durationMs: durationMs() });
  const stop = (why: string) => {
    fail(why);
    controller?.abort(new Error(why));
  };
  const abandon = () => stop('the caller gave up');
  const timer = setTimeout(() => stop(`no complete answer within ${request.timeoutMs} ms`), request.timeoutMs);
  request.signal?.addEventListener('abort', abandon);
  if (request.signal?.aborted === true) {
    abandon();
    return;
  }

  const handler: Dispatcher.DispatchHandler = {
    // Called with the connection up, right before the first byte. An abort in here keeps the request from leaving.
    onRequestStart(itsController) {
      controller = itsController;
      if (over) itsController.abort(new Error('over before it was sent'));
      else sent = true;
    },
    onResponseStart(_controller, statusCode, itsHeaders) {
      status = statusCode;
      headers = flat(itsHeaders);
    },
    onResponseData(_controller, chunk) {
      chunks.push(chunk);
    },
    onResponseEnd() {
      end({ kind: 'answer', status, headers, body: Buffer.concat(chunks).toString('utf8'), durationMs: durationMs() });
    },
    onResponseError(_controller, error) {
      fail(wordsFor(error));
    },
  };
  try {
    const { method, url, body } = request;
    agent.dispatch(
      {
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        headers: request.headers,
        ...(body === undefined ? {} : { body }),
      },
      handler,
    );
  } catch (error) {
    fail(wordsFor(error));
  }
}

function flat(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const pairs = Object.entries(headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : (value ?? ''),
  ]);
  return Object.fromEntries(pairs);
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'host name lookup failed',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network unreachable',
  ETIMEDOUT: 'connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'connection timed out',
  UND_ERR_SOCKET: 'connection closed before the answer',
  UND_ERR_DESTROYED: 'the client was closed',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'the answer is too large',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate chain ends in an unknown CA',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is of an unknown CA',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

/** Only codes are passed on: the texts of lower layers may quote what was sent. */
function wordsFor(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return wordsFor(error.errors[0]);
  if (error instanceof CertificateNotPinned) return error.message;
  const code =
    error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'without a code';
  const words = WORDS[code];
  return words === undefined ? `request failed (${code})` : `${words} (${code})`;
}
