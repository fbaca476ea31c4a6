import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

export type Side = 'console' | 'bmc';

export interface Passed {
  /** Who sent it. */
  readonly from: Side;
  readonly bytes: Buffer;
}

export interface UdpProxy {
  readonly port: number;
  /** All that came, in order, whatever became of it. */
  readonly heard: readonly Passed[];
  /** Sends to the last console that spoke, as the BMC would. */
  toConsole(bytes: Buffer): void;
  /** Sends to that console from another port. */
  toConsoleFromElsewhere(bytes: Buffer): Promise<void>;
  close(): Promise<void>;
}

/**
 * A UDP port of 127.0.0.1 that passes all on to another one, and the answers back.
 * @param change what goes on in place of a datagram: none, one or more, in order
 */
export async function startUdpProxy(
  targetPort: number,
  change: (datagram: Passed, index: number) => readonly Buffer[] = ({ bytes }) => [bytes],
): Promise<UdpProxy> {
  const heard: Passed[] = [];
  const outside = createSocket('udp4');
  const elsewhere = createSocket('udp4');
  // A port of its own towards the BMC for each console, so that the answers find their way.
  const inside = new Map<number, Socket>();
  let console = 0;
  const hear = (passed: Passed): readonly Buffer[] => change(passed, heard.push(passed) - 1);

  function insideOf(port: number): Socket {
    const known = inside.get(port);
    if (known !== undefined) return known;
    const socket = createSocket('udp4').on('message', (bytes) => {
      for (const each of hear({ from: 'bmc', bytes })) outside.send(each, port, '127.0.0.1');
    });
    inside.set(port, socket);
    return socket;
  }

  outside.on('message', (bytes, { port }) => {
    console = port;
    for (const each of hear({ from: 'console', bytes })) insideOf(port).send(each, targetPort, '127.0.0.1');
  });
  outside.bind(0, '127.0.0.1');
  await once(outside, 'listening');
  return {
    port: outside.address().port,
    heard,
    toConsole: (bytes) => outside.send(bytes, console, '127.0.0.1'),
    toConsoleFromElsewhere: (bytes) =>
      new Promise((resolve) => {
        elsewhere.send(bytes, console, '127.0.0.1', () => resolve());
      }),
    close: async () => {
      const sockets = [outside, elsewhere, ...inside.values()];
      await Promise.all(
        sockets.map(async (socket) => {
          const closed = once(socket, 'close');
          socket.close();
          await closed;
        }),
      );
    },
  };
}
