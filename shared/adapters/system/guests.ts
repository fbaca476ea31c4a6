import { get } from 'node:http';
import { connect } from 'node:net';
import type { Guests } from '#shared/ports.ts';

const TIMEOUT_MS = 3_000;

/** Guests as they are reached from this machine. */
export const systemGuests: Guests = {
  ask: ({ by, address, port, path }) =>
    by === 'tcp' ? connects(address, port, TIMEOUT_MS) : requests(address, port, path, TIMEOUT_MS),
};

export function connects(host: string, port: number, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (because?: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(because);
    };
    const timer = setTimeout(() => end(`no connection to port ${port} within ${timeoutMs} ms`), timeoutMs);
    socket.on('connect', () => end());
    socket.on('error', (error: NodeJS.ErrnoException) => end(`no connection to port ${port}: ${error.code}`));
  });
}

/** Nothing of the body is read: it is whatever the instance likes, and as long. */
export function requests(host: string, port: number, path: string, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const end = (because?: string): void => {
      clearTimeout(timer);
      request.destroy();
      resolve(because);
    };
    const request = get({ host, port, path, agent: false, headers: { 'user-agent': 'salvor-probe' } });
    const timer = setTimeout(() => end(`no answer from port ${port} within ${timeoutMs} ms`), timeoutMs);
    request.on('response', ({ statusCode = 0 }) =>
      end(statusCode < 500 ? undefined : `port ${port} answered ${statusCode}`),
    );
    request.on('error', (error: NodeJS.ErrnoException) => end(`no answer from port ${port}: ${error.code}`));
  });
}
