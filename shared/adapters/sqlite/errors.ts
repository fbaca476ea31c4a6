import { LimitError, RetryableError } from '#shared/errors.ts';

/** Primary result codes (sqlite.org/rescode.html). */
export const SQLITE = { busy: 5, tooBig: 18, constraint: 19, mismatch: 20 } as const;

const REFUSED_VALUES: readonly number[] = [SQLITE.tooBig, SQLITE.constraint, SQLITE.mismatch];

/** What `node:sqlite` throws when the engine answers with an error. */
export interface SqliteError extends Error {
  /** The extended result code; its low byte is the primary one. */
  readonly errcode: number;
}

export const isSqliteError = (error: unknown): error is SqliteError =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number';

/** The engine refused these values and is itself well: only the transaction that brought them fails. */
export const isRefusedValue = (error: unknown): error is SqliteError =>
  isSqliteError(error) && REFUSED_VALUES.includes(error.errcode & 0xff);

/** A value that the schema refuses is refused by DynamoDB too. */
export const refused = (cause: SqliteError): LimitError =>
  new LimitError(`the state store refuses a value: ${cause.message}`, { cause });

/**
 * A full disk, an I/O error, a lock, even damage: all retryable, since a message that is acknowledged because the
 * disk is ill would be a host lost.
 */
export const outOfOrder = (cause: unknown): RetryableError =>
  new RetryableError(`the state store does not work: ${cause instanceof Error ? cause.message : String(cause)}`, {
    cause,
  });
