import { once } from 'node:events';

/**
 * Resolves at the first SIGINT or SIGTERM. Ask for it before you say that you run: who reads that may end you at once, and a
 * signal that nobody awaits yet kills.
 */
export async function askedToEnd(): Promise<void> {
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
}
