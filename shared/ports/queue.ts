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
