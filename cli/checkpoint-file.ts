import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import * as z from 'zod';
import type { Checkpoint } from '#shared/domain/checkpoint.ts';
import { PermanentError } from '#shared/errors.ts';

const head = z.strictObject({ seq: z.int().min(1), hash: z.string() });
const checkpoint = z.strictObject({
  version: z.literal(1),
  atMs: z.number(),
  previous: z.string(),
  heads: z.record(z.string(), head),
  signature: z.string(),
});

/**
 * One checkpoint a line, the oldest first.
 * @throws PermanentError when a line is none.
 */
export function readCheckpoints(path: string): readonly Checkpoint[] {
  return textOf(path)
    .split('\n')
    .flatMap((line, index) => {
      if (line === '') return [];
      const parsed = checkpoint.safeParse(jsonOf(line));
      if (parsed.success) return [parsed.data];
      throw new PermanentError(`line ${index + 1} of ${path} is no checkpoint`);
    });
}

export const readCheckpointsIfAny = (path: string): readonly Checkpoint[] =>
  existsSync(path) ? readCheckpoints(path) : [];

export const appendCheckpoint = (path: string, made: Checkpoint): void =>
  appendFileSync(path, `${JSON.stringify(made)}\n`, { mode: 0o644, flush: true });

/** @throws PermanentError when it is no Ed25519 key, or others may read it. */
export function readSigningKey(path: string): string {
  const text = textOf(path);
  if (!isKey(() => createPrivateKey(text))) throw new PermanentError(`${path} is no Ed25519 private key in PEM`);
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o077) !== 0)
    throw new PermanentError(`${path} is open to others (mode ${mode.toString(8)}): run chmod 600 ${path}`);
  return text;
}

/** @throws PermanentError when it is no Ed25519 key. */
export function readVerifyingKey(path: string): string {
  const text = textOf(path);
  if (!isKey(() => createPublicKey(text))) throw new PermanentError(`${path} is no Ed25519 public key in PEM`);
  return text;
}

/** What the library says of a key that it can't read may quote it. */
function isKey(read: () => KeyObject): boolean {
  try {
    return read().asymmetricKeyType === 'ed25519';
  } catch {
    return false;
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new PermanentError(`${path} can't be read (${code})`);
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
