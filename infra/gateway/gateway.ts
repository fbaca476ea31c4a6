import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { HostEvent } from '#events/host-event.ts';
import type { Clock } from '#shared/ports.ts';
import type { Log } from '#shared/services.ts';
import { throttle } from '#shared/shell/throttle.ts';
import { type Sender, startForwarding } from './forward.ts';
import { isReaching, serveHealth, tellEveryMinute } from './health.ts';

/** What a datagram says; a word why it says nothing. */
export type Reading = { readonly event: HostEvent } | { readonly dropped: string };
export type ReadDatagram = (datagram: Buffer, address: string, nowMs: number) => Reading;

export interface GatewayOptions {
  /** For people: `hbv2`. */
  readonly kind: string;
  /** Where it listens; with a colon it is of IPv6. */
  readonly address: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly read: ReadDatagram;
  readonly sender: Sender;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  /** Between two times that events are sent on; default 1 s. */
  readonly everyMs?: number;
  /** Port on 127.0.0.1 for `GET /healthz`; 0 for any that is free. */
  readonly healthPort?: number | undefined;
}

export interface Gateway {
  readonly port: number;
  readonly healthPort: number | undefined;
  /** How many datagrams came, and what became of them; JSON. */
  figures(): Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

/** Datagrams a minute that are looked at: one address that floods takes nothing from the others, nor all of them our CPU. */
const PER_ADDRESS = 1_200;
const OF_ALL = 300_000;
const EVERYBODY = 'everybody';
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

/**
 * Reads datagrams and sends on what they say. What is wrong with them is counted, and told once a minute: never a line for
 * each, and nothing is kept of them.
 * @throws Error when the port is taken
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { kind, address, port, read, sender, clock, log } = options;
  const flood = throttle(clock);
  const counts = new Map<string, number>();
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);

  const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', recvBufferSize: RECEIVE_BUFFER_BYTES });
  const forwarder = startForwarding(sender, clock, log, options.everyMs);
  socket.on('message', (datagram, { address: from }) => {
    const nowMs = clock.now();
    const plain = from.replace(/^::ffff:/, '');
    count('received');
    const isLooked = flood.take(plain, 1, PER_ADDRESS) === 1 && flood.take(EVERYBODY, 1, OF_ALL) === 1;
    if (!isLooked) return count('flooded');
    const reading = read(datagram, plain, nowMs);
    if ('dropped' in reading) return count(reading.dropped);
    count(forwarder.offer(reading.event) ? 'read' : 'tooMany');
  });
  socket.on('error', (error) => log.error('the socket of the gateway failed', { kind, error: error.message }));
  try {
    socket.bind(port, address);
    await once(socket, 'listening');
  } catch (error) {
    await forwarder.stop();
    throw error;
  }

  const figures = () => ({ ...Object.fromEntries(counts), ...forwarder.figures });
  const stopTelling = tellEveryMinute(log, `gateway ${kind}`, figures);
  const isWell = () => isReaching(forwarder, clock);
  const health = options.healthPort === undefined ? undefined : await serveHealth(options.healthPort, isWell, figures);
  return {
    port: socket.address().port,
    healthPort: health && (health.address() as AddressInfo).port,
    figures,
    stop: async () => {
      stopTelling();
      await new Promise<void>((resolve) => socket.close(() => resolve()));
      health?.close();
      health?.closeAllConnections();
      await forwarder.stop();
    },
  };
}
