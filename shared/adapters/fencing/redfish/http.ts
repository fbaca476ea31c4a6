import { setTimeout as pause } from 'node:timers/promises';
import { type Redact, redactor } from '#shared/http/redact.ts';
import type { Exchange } from '#shared/http/transport.ts';
import { retryAfterMs } from '../answers.ts';
import { type DeviceTls, type DeviceTransport, deviceTransport } from '../transport.ts';

export interface RedfishOptions {
  readonly tls?: DeviceTls;
  /** A ComputerSystem (`https://bmc/redfish/v1/Systems/1`), or the device itself. */
  readonly url: URL;
  readonly username: string;
  readonly password: string;
  readonly version: string;
  /** How it is signed in; default `auto`. */
  readonly auth?: 'basic' | 'session' | 'auto';
}

type Headers = Readonly<Record<string, string>>;

/** The web server of one device. Links lead to it alone. Deadlines are of `performance.now()`. */
export interface RedfishHttp {
  /** The path of the system that the address names; undefined when it names the device. */
  readonly named: string | undefined;
  /** A read. Redirects on the same machine are followed, and one that asks to wait is waited for, in time. */
  get(link: string, signed: Headers, deadlineMs: number): Promise<Exchange>;
  /** Sent once. */
  send(method: 'POST' | 'DELETE', link: string, signed: Headers, body: unknown, deadlineMs: number): Promise<Exchange>;
  /** Takes the credentials, and whatever else it was told to forget, out of a text. */
  readonly redact: Redact;
  readonly shown: DeviceTransport['shown'];
  forget(secret: string): void;
}

const MOVED = [301, 302, 303, 307, 308];
const MOST_MOVES = 3;
/** A device that asks to be asked at once is given a moment all the same. */
const SHORTEST_PAUSE_MS = 200;

export function redfishHttp(options: RedfishOptions): RedfishHttp {
  const { url: address, tls } = options;
  const transport = deviceTransport(tls);
  const secrets = [options.password, basicOf(options)];
  let redact = redactor(secrets);
  const common = {
    accept: 'application/json',
    'odata-version': '4.0',
    'user-agent': `salvor/${options.version}`,
  };
  // A device behind a proxy knows nothing of the path that the proxy puts before its own.
  const prefix = /^(.*?)\/redfish(\/|$)/.exec(address.pathname)?.[1] ?? address.pathname.replace(/\/+$/, '');
  const isSystem = /\/Systems\/[^/]+\/?$/.test(address.pathname);

  /** Undefined for a link that leads to another machine: the credentials are for this one. */
  const urlOf = (link: string, from = address): URL | undefined => {
    const url = URL.parse(/^\/redfish(\/|$)/.test(link) ? `${prefix}${link}` : link, from.href);
    return url?.origin === address.origin ? url : undefined;
  };
  const elsewhere = (link: string): Exchange => ({
    kind: 'failed',
    sent: false,
    error: `its link ${redact(link)} leads elsewhere`,
    durationMs: 0,
  });
  const left = (deadlineMs: number) => Math.max(1, Math.round(deadlineMs - performance.now()));

  async function get(link: string, signed: Headers, deadlineMs: number): Promise<Exchange> {
    let url = urlOf(link);
    for (let moves = 0; ; ) {
      if (url === undefined) return elsewhere(link);
      const headers = { ...common, ...signed };
      const answer = await transport.exchange({ method: 'GET', url, headers, timeoutMs: left(deadlineMs) });
      if (answer.kind === 'failed') return answer;
      const { status, headers: told } = answer;
      const asked = status === 503 || status === 429 ? retryAfterMs(told['retry-after']) : undefined;
      const waitMs = asked === undefined ? undefined : Math.max(asked, SHORTEST_PAUSE_MS);
      if (waitMs !== undefined && performance.now() + waitMs < deadlineMs) {
        await pause(waitMs);
        continue;
      }
      const next = MOVED.includes(status) && moves < MOST_MOVES ? urlOf(told.location ?? '//', url) : undefined;
      // To another machine, or without end: the caller sees the redirect.
      if (next === undefined) return answer;
      moves += 1;
      url = next;
    }
  }

  return {
    named: isSystem ? address.pathname.slice(prefix.length).replace(/\/+$/, '') : undefined,
    redact: (text) => redact(text),
    shown: transport.shown,
    forget: (secret) => {
      secrets.push(secret);
      redact = redactor(secrets);
    },
    get,
    send: async (method, link, signed, body, deadlineMs) => {
      const url = urlOf(link);
      if (url === undefined) return elsewhere(link);
      const type: Headers = body === undefined ? {} : { 'content-type': 'application/json' };
      const rest = body === undefined ? {} : { body: JSON.stringify(body) };
      const headers = { ...common, ...signed, ...type };
      return transport.exchange({ method, url, headers, timeoutMs: left(deadlineMs), ...rest });
    },
  };
}

/** RFC 7617. */
export const basicOf = ({ username, password }: Pick<RedfishOptions, 'username' | 'password'>): string =>
  Buffer.from(`${username}:${password}`).toString('base64');
