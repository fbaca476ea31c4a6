import { createSocket, type RemoteInfo } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { failed, ok, type Result } from './result.ts';

/** A UDP port of ours that speaks to one port of a BMC. It keeps nothing that nobody waits for. */
export interface Channel {
  exchange<T>(question: Question<T>): Promise<Heard<T>>;
  /** Without waiting for an answer. */
  send(datagram: Buffer): void;
  close(): void;
}

export interface Question<T> {
  /** What is sent; asked again for each repeat. */
  readonly datagram: () => Buffer;
  /** What a datagram says; undefined for one that is no answer, which is passed over. */
  readonly answer: (datagram: Buffer) => T | undefined;
  /** Sent again while nobody answers. Else it is sent once. */
  readonly repeat: boolean;
  /** Of `performance.now()`. */
  readonly deadlineMs: number;
}

export type Heard<T> =
  | { readonly kind: 'answer'; readonly value: T; readonly repeated: boolean }
  | { readonly kind: 'silence'; readonly detail: string };

/** Slow BMCs take most of a second for one message. */
const FIRST_REPEAT_MS = 1000;

/** @param deadlineMs of `performance.now()`, for the name to be resolved */
export async function openChannel(host: string, port: number, deadlineMs: number): Promise<Result<Channel>> {
  const wordsOf = (error: Error): string => `${host} port ${port}: ${'code' in error ? error.code : error.message}`;
  const found = await resolved(host, deadlineMs, wordsOf);
  if (found.kind !== 'ok') return found;
  const { address, family } = found.value;
  const socket = createSocket({ type: family === 6 ? 'udp6' : 'udp4' });
  let onDatagram: ((datagram: Buffer) => void) | undefined;
  let onError: ((error: Error) => void) | undefined;
  let peer: { readonly address: string; readonly port: number } | undefined;
  // The kernel leaves out what others send, but for what came between its binding and its connecting the port.
  socket.on('message', (datagram: Buffer, from: RemoteInfo) => {
    if (from.address === peer?.address && from.port === peer.port) onDatagram?.(datagram);
  });
  socket.on('error', (error) => onError?.(error));
  const connected = await new Promise<string | undefined>((resolve) => {
    onError = (error) => resolve(wordsOf(error));
    socket.connect(port, address, () => resolve(undefined));
  });
  onError = undefined;
  if (connected !== undefined) {
    socket.close();
    return failed(connected);
  }
  peer = socket.remoteAddress();

  function exchange<T>({ datagram, answer, repeat, deadlineMs: untilMs }: Question<T>): Promise<Heard<T>> {
    return new Promise((resolve, reject) => {
      const startMs = performance.now();
      if (untilMs <= startMs) return resolve({ kind: 'silence', detail: 'not sent, as no time was left' });
      let sent = 0;
      let repeatTimer: NodeJS.Timeout | undefined;
      const silence = (words: string): void => end(() => resolve({ kind: 'silence', detail: words }));
      const deadlineTimer = setTimeout(
        () => silence(`no answer from ${host} port ${port} within ${Math.round(performance.now() - startMs)} ms`),
        untilMs - startMs,
      );
      const end = (settle: () => void): void => {
        clearTimeout(deadlineTimer);
        clearTimeout(repeatTimer);
        onDatagram = undefined;
        onError = undefined;
        settle();
      };
      onError = (error) => silence(wordsOf(error));
      onDatagram = (received) => {
        try {
          const value = answer(received);
          if (value !== undefined) end(() => resolve({ kind: 'answer', value, repeated: sent > 1 }));
        } catch (error) {
          end(() => reject(error));
        }
      };
      const transmit = (): void => {
        sent += 1;
        socket.send(datagram());
        if (repeat) repeatTimer = setTimeout(transmit, FIRST_REPEAT_MS * 2 ** (sent - 1));
      };
      transmit();
    });
  }

  return ok({ exchange, send: (datagram) => socket.send(datagram), close: () => socket.close() });
}

type Resolved = Result<Awaited<ReturnType<typeof lookup>>>;

async function resolved(host: string, deadlineMs: number, wordsOf: (error: Error) => string): Promise<Resolved> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Resolved>((resolve) => {
    timer = setTimeout(() => resolve(failed(`${host} was not resolved in time`)), deadlineMs - performance.now());
  });
  const found = lookup(host).then(ok, (error: Error) => failed(wordsOf(error)));
  const first = await Promise.race([found, late]);
  clearTimeout(timer);
  return first;
}
