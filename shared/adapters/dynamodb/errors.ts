import { type CancellationReason, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { ConflictError, LimitError, RetryableError } from '#shared/errors.ts';
import type { StateWrite } from '#shared/ports.ts';

/**
 * Why a transaction is cancelled (API reference, TransactWriteItems, "Cancellation reasons").
 * TransactionConflict is somebody else's write in flight on the same item: like a lost race, the caller reloads.
 */
const LOST_RACE: readonly string[] = ['ConditionalCheckFailed', 'TransactionConflict'];
const TOO_LARGE: readonly string[] = ['ItemCollectionSizeLimitExceeded', 'ValidationError'];

/** @returns the error that the port promises for what the SDK threw out of `transact`. */
export function transactionError(cause: unknown, writes: readonly StateWrite[]): Error {
  if (!(cause instanceof TransactionCanceledException)) return requestError(cause);
  const reasons = cause.CancellationReasons ?? [];
  const because = (codes: readonly string[]): string | undefined => firstReason(reasons, codes, writes);
  const lost = because(LOST_RACE);
  if (lost) return new ConflictError(lost, { cause });
  const large = because(TOO_LARGE);
  if (large) return new LimitError(`DynamoDB refuses a write: ${large}`, { cause });
  return outOfReach(cause);
}

/**
 * Only a request that DynamoDB calls invalid is permanent. Missing rights or a missing table are retryable: they are
 * for a person to put right, and a message that was acknowledged meanwhile would be a host lost.
 */
export const requestError = (cause: unknown): Error =>
  cause instanceof Error && cause.name === 'ValidationException'
    ? new LimitError(`DynamoDB refuses a request: ${cause.message}`, { cause })
    : outOfReach(cause);

const outOfReach = (cause: unknown): RetryableError =>
  new RetryableError(
    `DynamoDB does not answer as it should: ${cause instanceof Error ? cause.message : String(cause)}`,
    {
      cause,
    },
  );

/** The reasons stand in the order of the writes. */
function firstReason(
  reasons: readonly CancellationReason[],
  codes: readonly string[],
  writes: readonly StateWrite[],
): string | undefined {
  const at = reasons.findIndex(({ Code }) => Code !== undefined && codes.includes(Code));
  const write = writes[at];
  return write && `${write.kind} ${write.partition} ${write.sort}: ${reasons[at]?.Code}`;
}
