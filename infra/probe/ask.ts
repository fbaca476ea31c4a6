import { execFile } from 'node:child_process';
import { connects, requests } from '#shared/adapters/system/guests.ts';
import type { Target } from './target.ts';

/** Asks one instance once. @returns why it did not answer; undefined when it did. Never rejects. */
export type Ask = (target: Target) => Promise<string | undefined>;

/** By the system's own `ping`, which may send ICMP; a connection; or a request that is answered without an error (below 500). */
export const asker =
  (timeoutMs: number): Ask =>
  ({ address, way }) => {
    switch (way.by) {
      case 'icmp':
        return ping(address, timeoutMs);
      case 'tcp':
        return connects(address, way.port, timeoutMs);
      case 'http':
        return requests(address, way.port, way.path, timeoutMs);
    }
  };

function ping(address: string, timeoutMs: number): Promise<string | undefined> {
  const seconds = String(Math.max(1, Math.ceil(timeoutMs / 1000)));
  // The address is one: it can't be taken for an option.
  const args = ['-n', '-q', '-c', '1', '-W', seconds, address];
  return new Promise((resolve) => {
    execFile('ping', args, { timeout: timeoutMs + 2_000 }, (error) => {
      if (error === null) resolve(undefined);
      else resolve(error.code === 'ENOENT' ? 'there is no ping on this machine' : `no echo within ${timeoutMs} ms`);
    });
  });
}
