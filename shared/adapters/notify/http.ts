import { redactor } from '#shared/http/redact.ts';
import { type HttpRequest, httpTransport } from '#shared/http/transport.ts';
import type { Told } from '#shared/ports.ts';

/** From the call to the last byte of the answer. */
const TIMEOUT_MS = 10_000;
const LONGEST_DETAIL = 200;
/** What is wrong with the address or the key is for somebody to mend: the notice itself was not looked at. */
const NOT_ABOUT_THE_NOTICE = [401, 403, 404, 408, 410, 425, 429];

const transport = httpTransport({ maxConnections: 4, reuseConnections: false });

interface Keep {
  /** What may be in nothing that is told; the address's own parts never are: that of an incoming webhook is its key. */
  readonly secrets: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** One POST of JSON. @param who the other end, in words */
export const postJson = (who: string, url: URL, body: string, { secrets, headers }: Keep): Promise<Told> =>
  request(who, { method: 'POST', url, body }, { secrets, headers: { 'content-type': 'application/json', ...headers } });

/** One request, in whose outcome no secret is. */
export async function request(
  who: string,
  { method, url, body }: Pick<HttpRequest, 'method' | 'url' | 'body'>,
  { secrets, headers = {} }: Keep,
): Promise<Told> {
  const redact = redactor([...secrets, url.href, ...partsOf(url)]);
  const exchange = await transport.exchange({
    method,
    url,
    headers: { accept: 'application/json', 'user-agent': 'salvor', ...headers },
    ...(body === undefined ? {} : { body }),
    timeoutMs: TIMEOUT_MS,
  });
  if (exchange.kind === 'failed')
    return { kind: 'failed', detail: `${who} is out of reach: ${exchange.error}`, isRefusal: false };
  const { status } = exchange;
  const said = redact(exchange.body).slice(0, LONGEST_DETAIL);
  const detail = `${who} answered ${status}${said === '' ? '' : `: ${said}`}`;
  if (status >= 200 && status < 300) return { kind: 'taken', detail };
  const isRefusal = status >= 400 && status < 500 && !NOT_ABOUT_THE_NOTICE.includes(status);
  const seconds = Number(exchange.headers['retry-after']);
  return {
    kind: 'failed',
    detail,
    isRefusal,
    ...(Number.isFinite(seconds) && seconds > 0 ? { retryAfterSeconds: Math.min(seconds, 3600) } : {}),
  };
}

/** Of what an address may be quoted by: whatever is long enough to be a key. */
const partsOf = ({ pathname, search }: URL): readonly string[] =>
  `${pathname}${search}`.split(/[/?&=]/).filter((part) => part.length >= SHORTEST_KEY);
const SHORTEST_KEY = 6;
