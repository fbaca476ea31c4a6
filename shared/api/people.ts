import { createHash, timingSafeEqual } from 'node:crypto';
import type { Access } from '#shared/domain/policy-access.ts';
import { PermanentError } from '#shared/errors.ts';
import type { Clock, Secrets } from '#shared/ports.ts';
import type { Log } from '#shared/services.ts';
import type { Person } from './who.ts';

interface Parts {
  readonly secrets: Secrets;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/** A changed token is known after so long. */
const KEEP_MS = 30_000;
/** What is shorter can be guessed. */
const MIN_TOKEN_BYTES = 16;

/** Whose token it is, of the policy's people. */
export function people(given: NonNullable<Access['people']>, parts: Parts) {
  const all = kept(given, parts);
  return async (token: string): Promise<Person | undefined> => {
    const found = (await all()).find(({ value }) => same(token, value));
    return found && { name: found.name, role: found.role };
  };
}

/** In a time that tells nothing of either. */
const same = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

interface Known extends Person {
  readonly value: string;
}

/** Of all, read again when they are too old. One whose secret is missing keeps nobody else out. */
function kept(given: NonNullable<Access['people']>, { secrets, clock, log }: Parts): () => Promise<readonly Known[]> {
  let last: { readonly untilMs: number; readonly all: Promise<readonly Known[]> } | undefined;
  const readOne = async (name: string, { token, role }: (typeof given)[string]): Promise<readonly Known[]> => {
    try {
      const record = await secrets.get(token);
      const values = ['token', 'previousToken'].flatMap((field) => record[field] || []);
      if (values.length === 0) throw new PermanentError(`secret ${token} needs token`);
      if (values.some((value) => Buffer.byteLength(value) < MIN_TOKEN_BYTES))
        throw new PermanentError(`the token of secret ${token} has fewer than ${MIN_TOKEN_BYTES} characters`);
      return values.map((value) => ({ name, role, value }));
    } catch (error) {
      if (!(error instanceof PermanentError)) throw error;
      log.error('a person can not be let in', { person: name, error: error.message });
      return [];
    }
  };
  return () => {
    if (last !== undefined && clock.now() < last.untilMs) return last.all;
    const all = Promise.all(Object.entries(given).map(([name, each]) => readOne(name, each))).then((read) =>
      read.flat(),
    );
    last = { untilMs: clock.now() + KEEP_MS, all };
    all.catch(() => {
      last = undefined;
    });
    return all;
  };
}
