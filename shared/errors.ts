/**
 * The three kinds of error, and what every function does with them:
 * permanent: recorded, parked where a person sees it, the message acknowledged;
 * retryable: the message goes back to its queue;
 * conflict: somebody else won the race: load again and decide again, a bounded number of times.
 */

/** It will fail the same way next time: bad input, refused credentials, a missing secret. */
export class PermanentError extends Error {
  override readonly name = 'PermanentError';
}

/** It may work next time: 5xx, 429, timeouts, throttling. */
export class RetryableError extends Error {
  override readonly name = 'RetryableError';
}

/** An expectation of a transaction did not hold; nothing was written. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
}

/** A transaction, item or message is larger than the store or queue takes: a defect of ours. */
export class LimitError extends PermanentError {}
