import type { QueueMessage } from '#events/catalog.ts';

export interface OutgoingMessage {
  readonly message: QueueMessage;
  /** 0 to 900 s (the limit of SQS). */
  readonly delaySeconds: number;
}

export interface Outbox {
  /**
   * Resolves when every message is safely in its queue.
   * @throws RetryableError when one may not be; all may be sent again, since receivers tell repeats.
   * @throws LimitError when one is larger or later than SQS takes; none was sent.
   */
  send(messages: readonly OutgoingMessage[]): Promise<void>;
}

/** How full a queue of the catalogue is, as far as whoever keeps it tells. */
export interface QueueLook {
  readonly name: string;
  /** Those that may be received now. */
  readonly waiting: number;
  readonly delayed: number;
  readonly inFlight: number;
  /** Those that failed too often. */
  readonly deadLetters: number;
  /** Since when the oldest that waits might have been received, in Unix ms; null: none waits, or nobody tells (SQS). */
  readonly oldestAtMs: number | null;
}

/** The queues, for people. */
export interface QueueLooks {
  /** @param clockOffMs how far the clock here is behind that of the queues; 0 as well where it is not told */
  look(): Promise<{ readonly queues: readonly QueueLook[]; readonly clockOffMs: number }>;
}
