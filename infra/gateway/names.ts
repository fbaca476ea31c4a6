import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';
import { PermanentError } from '#shared/errors.ts';
import type { Log } from '#shared/services.ts';

const namesSchema = z.record(z.string().min(1).max(255), z.string().min(1).max(255));

/**
 * A YAML mapping from a host's name or address, as it comes in datagrams, to Nova's service host.
 * @throws PermanentError that says what is wrong with the file
 */
export function namesIn(path: string): ReadonlyMap<string, string> {
  try {
    return new Map(Object.entries(namesSchema.parse(parse(readFileSync(path, 'utf8'), { schema: 'failsafe' }))));
  } catch (error) {
    const because = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new PermanentError(`${path} is not a mapping from names or addresses to Nova's service hosts: ${because}`);
  }
}

export interface Kept<T> {
  readonly now: () => T;
  stop(): void;
}

/**
 * What is read from outside, and read again from time to time. What can't be read later stays as it was.
 * @throws what `read` throws the first time
 */
export async function kept<T>(read: () => Promise<T>, everyMs: number, log: Log): Promise<Kept<T>> {
  let value: T = await read();
  const timer = setInterval(() => {
    read().then(
      (newer) => {
        value = newer;
      },
      (error: unknown) => log.warn('what the gateway knows is not renewed', { error: String(error) }),
    );
  }, everyMs);
  return { now: () => value, stop: () => clearInterval(timer) };
}
