import { redactor } from '#shared/http/redact.ts';
import type { BareMetal } from '#shared/ports.ts';
import { type DeviceTls, deviceTransport } from '../transport.ts';
import { MICROVERSION } from './node.ts';

export interface StandaloneOptions {
  readonly tls?: DeviceTls;
  /** With or without `/v1`. */
  readonly url: URL;
  readonly username: string;
  readonly password: string;
  readonly version: string;
}

/** An Ironic without a Keystone, with `auth_strategy = http_basic`, as bifrost and Metal3 set it up. */
export function standaloneIronic({ url, username, password, version, tls }: StandaloneOptions): BareMetal {
  const transport = deviceTransport(tls);
  const basic = Buffer.from(`${username}:${password}`).toString('base64');
  const root = url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '');
  return {
    redact: redactor([password, basic]),
    shown: transport.shown,
    exchange: ({ method, path, body, deadlineMs }) =>
      transport.exchange({
        method,
        url: new URL(`${root}/v1${path}`, url.origin),
        headers: {
          accept: 'application/json',
          authorization: `Basic ${basic}`,
          'user-agent': `salvor/${version}`,
          'x-openstack-ironic-api-version': MICROVERSION,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        timeoutMs: Math.max(1, Math.round(deadlineMs - performance.now())),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  };
}
