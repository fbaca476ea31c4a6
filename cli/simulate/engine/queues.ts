import { type QueueMessage, type QueueName, type QueueSpec, queueOf } from '#events/catalog.ts';
import type { Random } from '#sim/random.ts';
import type { WorldLog } from './log.ts';
import type { Scheduler } from './scheduler.ts';

export interface Message {
  readonly id: string;
  readonly queue: QueueName;
  readonly body: string;
  readonly sentAtMs: number;
  receives: number;
  visibleAtMs: number;
  deleted: boolean;
}

export interface QueuesParts {
  readonly specs: Readonly<Record<QueueName, QueueSpec>>;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly log: WorldLog;
  /** Called when a message of the queue can be received. */
  readonly onVisible: (queue: QueueName) => void;
}

/** SQS standard queues with their dead-letter queues: at least once, in no particular order. */
export class Queues {
  readonly #parts: QueuesParts;
  readonly #messages = new Map<QueueName, Set<Message>>();
  readonly #dead: Message[] = [];
  #count = 0;

  constructor(parts: QueuesParts) {
    this.#parts = parts;
  }

  put(message: QueueMessage, body: string, delayMs: number): void {
    this.#add(queueOf(message), body, delayMs);
  }

  /** A body that may be of no message at all. */
  putText(queue: QueueName, body: string, delayMs: number): void {
    this.#add(queue, body, delayMs);
  }

  /** How many messages there are, received or not; without those that are dead. */
  get size(): number {
    let size = 0;
    for (const messages of this.#messages.values()) size += messages.size;
    return size;
  }

  get deadLetters(): readonly Message[] {
    return this.#dead;
  }

  /** Receives what is visible now, as many as fit into a batch; what was received too often goes away for good. */
  receive(queue: QueueName, max: number): readonly Message[] {
    const { scheduler, specs, log } = this.#parts;
    const { maxReceiveCount, visibilityTimeoutSeconds } = specs[queue];
    const nowMs = scheduler.now();
    const batch: Message[] = [];
    for (const message of this.#messages.get(queue) ?? []) {
      if (batch.length === max) break;
      if (message.visibleAtMs > nowMs) continue;
      if (message.receives >= maxReceiveCount) {
        this.#messages.get(queue)?.delete(message);
        this.#dead.push(message);
        log.add({ kind: 'dead-lettered', queue, body: message.body });
        continue;
      }
      message.receives += 1;
      this.#showAt(message, nowMs + visibilityTimeoutSeconds * 1000);
      batch.push(message);
    }
    return batch;
  }

  /** A second delivery of the same message, a while later. */
  duplicate(message: Message, delayMs: number): void {
    const { body, queue, id, sentAtMs, receives } = message;
    const copy: Message = { id, queue, body, sentAtMs, receives: receives - 1, visibleAtMs: 0, deleted: false };
    this.#messages.get(queue)?.add(copy);
    this.#showAt(copy, this.#parts.scheduler.now() + delayMs);
  }

  delete(message: Message): void {
    message.deleted = true;
    this.#messages.get(message.queue)?.delete(message);
  }

  /** Moves what is dead back into its queue. */
  redrive(): void {
    for (const { queue, body } of this.#dead.splice(0)) this.#add(queue, body, 0);
  }

  #add(queue: QueueName, body: string, delayMs: number): void {
    const { scheduler, random } = this.#parts;
    this.#count += 1;
    const nowMs = scheduler.now();
    const id = `m${this.#count}`;
    const message: Message = { id, queue, body, sentAtMs: nowMs, receives: 0, visibleAtMs: 0, deleted: false };
    const known = this.#messages.get(queue);
    if (known === undefined) this.#messages.set(queue, new Set([message]));
    else known.add(message);
    // Standard queues keep no order: neighbours may change places.
    this.#showAt(message, nowMs + delayMs + Math.round(30 * random.next()));
  }

  #showAt(message: Message, atMs: number): void {
    const { scheduler, onVisible } = this.#parts;
    message.visibleAtMs = atMs;
    scheduler.after(atMs - scheduler.now(), () => {
      if (!message.deleted && message.visibleAtMs <= scheduler.now()) onVisible(message.queue);
    });
  }
}
