import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Server as NetServer } from 'node:net';
import { platform } from 'node:os';
import { getRequestListener } from '@hono/node-server';
import { issuerOf } from '#shared/adapters/oidc/issuer.ts';
import type { ApiServices } from '#shared/api/app.ts';
import { PermanentError } from '#shared/errors.ts';
import type { ShownCertificate } from '#shared/http/connector.ts';
import type { IngestServices } from '#shared/ingest/app.ts';
import { siteApp } from './site-app.ts';

export interface HttpOptions {
  /** Where it listens. What is not 127.0.0.1 can be reached from outside. */
  readonly address: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** PEM files; without them it speaks HTTP. */
  readonly tls?: { readonly certificate: string; readonly key: string } | undefined;
}

export interface HttpServer {
  readonly url: string;
  /** What it shows; undefined where it speaks HTTP. */
  readonly certificate: ShownCertificate | undefined;
  /** Answers what is under way, and takes nothing new. */
  close(): Promise<void>;
}

/** Whether others on the network can read the tokens that are sent. */
export const isReadable = ({ address, tls }: HttpOptions): boolean => tls === undefined && !isLoopback(address);

const isLoopback = (address: string): boolean => /^(127\.|::1$|localhost$|::ffff:127\.)/.test(address);

/** A client that is slower than this is cut off: it may not hold a connection for ever. */
const REQUEST_MS = 30_000;
const HEADERS_MS = 10_000;
const IDLE_MS = 75_000;
/** Of slow clients and floods; the next one waits for a place. */
const MAX_CONNECTIONS = 2_000;
/** Connections that wait to be taken: one that finds no place tries again a second later, then after three. */
const BACKLOG = MAX_CONNECTIONS;
/**
 * A turn of the event loop takes one connection of each listening socket (libuv, `uv__server_io`), and one that flushes
 * to disk takes milliseconds: with one socket a thousand monitors, each with a connection of its own, would wait for
 * seconds. Linux spreads what comes over all sockets of a port (socket(7), SO_REUSEPORT).
 */
const DOORS = platform() === 'linux' ? 16 : 1;

/**
 * The HTTP endpoint for reports at one site.
 * @throws PermanentError when a PEM file can't be read, Error when the port is taken.
 */
export async function startHttpServer(
  services: IngestServices & Partial<Pick<ApiServices, 'queues'>>,
  options: HttpOptions,
): Promise<HttpServer> {
  const { address, port, tls } = options;
  if (isReadable(options))
    services.log.warn(
      'the HTTP endpoint can be reached from other machines, and whoever is between can read the tokens',
      {
        address,
        do: 'give it a certificate: --tls-cert and --tls-key',
      },
    );
  const isLocal = isLoopback(options.address);
  const { policy, secrets, clock } = services;
  const issuer = issuerOf(policy, secrets, () => clock.now());
  const listener = getRequestListener(siteApp({ ...services, ...issuer, isLocal }).fetch);
  const cert = tls === undefined ? '' : pem(tls.certificate);
  const server: Server =
    tls === undefined ? createHttpServer(listener) : createHttpsServer({ cert, key: pem(tls.key) }, listener);
  server.requestTimeout = REQUEST_MS;
  server.headersTimeout = HEADERS_MS;
  server.keepAliveTimeout = IDLE_MS;
  let closing = false;
  // A connection that is kept open for the next request would hold up the end.
  server.on('request', (_, response) => {
    response.once('close', () => closing && setImmediate(() => server.closeIdleConnections()));
  });
  const bound = await freePort(address, port);
  // As the server's own socket would be (node:http, node:https).
  const asItsOwn = { allowHalfOpen: tls === undefined, noDelay: true };
  const others = Array.from({ length: DOORS - 1 }, () =>
    createServer(asItsOwn, (socket) => server.emit('connection', socket)),
  );
  const doors: readonly NetServer[] = [server, ...others];
  for (const door of doors) {
    door.maxConnections = Math.ceil(MAX_CONNECTIONS / DOORS);
    door.listen({ port: bound, host: address, backlog: BACKLOG, reusePort: DOORS > 1 });
    await once(door, 'listening');
  }
  const host = address.includes(':') ? `[${address}]` : address;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host}:${bound}`,
    // The first of the file is its own; the rest is its chain (node:tls, `cert`).
    certificate: tls === undefined ? undefined : { expiresAtMs: Date.parse(new X509Certificate(cert).validTo) },
    close: async () => {
      const closed = doors.map((door) => once(door, 'close'));
      closing = true;
      for (const door of doors) door.close();
      server.closeIdleConnections();
      await Promise.all(closed);
    },
  };
}

/**
 * Sockets that share a port ask nobody whether it is taken: another salvor has to be told before.
 * @throws Error EADDRINUSE
 */
async function freePort(address: string, port: number): Promise<number> {
  const probe = createServer().listen(port, address);
  await once(probe, 'listening');
  const { port: free } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return free;
}

function pem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new PermanentError(`the PEM file ${path} can't be read (${code})`);
  }
}
