import { QUEUES, type QueueName, queueOf } from '#events/catalog.ts';
import type { HostEvent } from '#events/host-event.ts';
import type { OperatorCommand } from '#events/operator-command.ts';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { sweep } from '#functions/sweep.ts';
import { FUNCTIONS } from '#infra/embedded/functions.ts';
import type { SqsRecord } from '#shared/lambda/queue-function.ts';
import { anEvent, type EventInput, seconds } from './builders.ts';
import { aRecord, type FakeServices } from './fakes.ts';

const SWEEP_EVERY_MS = seconds(60);

interface Waiting {
  readonly queue: QueueName;
  readonly record: SqsRecord;
  readonly receives: number;
  readonly atMs: number;
}

/** The queues and schedules of the catalogue in virtual time: one message after the other, each when it is due. */
export class Pipeline {
  readonly services: FakeServices;
  /** Messages that were received too often. */
  readonly deadLetters: string[] = [];
  /** Whether `sweep` runs by the clock. */
  sweeps = true;
  private waiting: Waiting[] = [];
  private sweptAtMs: number;

  constructor(services: FakeServices) {
    this.services = services;
    this.sweptAtMs = services.clock.now();
  }

  async start(): Promise<void> {
    await mirrorInventory(this.services);
  }

  report(input: EventInput = {}): void {
    this.put('host-events', anEvent({ atMs: this.services.clock.now(), ...input }), 0);
  }

  /** Somebody says something, of whatever type. */
  hear(event: HostEvent): void {
    this.put('host-events', event, 0);
  }

  /** An operator asks for something now. @param senderId as SQS knows them; nobody unless given */
  command(command: OperatorCommand, senderId?: string): void {
    this.put('operator-commands', command, 0, senderId);
  }

  /** Runs until nothing is left to do, or for so much virtual time. */
  async run(forSeconds = 4 * 3600): Promise<void> {
    const { clock } = this.services;
    const endMs = clock.now() + seconds(forSeconds);
    for (;;) {
      this.collect();
      const next = this.waiting.reduce<Waiting | undefined>(
        (first, each) => (first === undefined || each.atMs < first.atMs ? each : first),
        undefined,
      );
      const sweepAtMs = this.sweeps ? this.sweptAtMs + SWEEP_EVERY_MS : Number.POSITIVE_INFINITY;
      const atMs = Math.min(next?.atMs ?? Number.POSITIVE_INFINITY, sweepAtMs);
      if (atMs > endMs) return;
      clock.nowMs = Math.max(clock.now(), atMs);
      if (next !== undefined && next.atMs <= sweepAtMs) await this.deliver(next);
      else await this.sweep();
    }
  }

  private collect(): void {
    for (const { message, delaySeconds } of this.services.outbox.take())
      this.put(queueOf(message), message, delaySeconds);
  }

  private put(queue: QueueName, message: object, delaySeconds: number, senderId?: string): void {
    const nowMs = this.services.clock.now();
    const record = aRecord(message, { sentAtMs: nowMs, ...(senderId === undefined ? {} : { senderId }) });
    this.waiting.push({ queue, record, receives: 0, atMs: nowMs + seconds(delaySeconds) });
  }

  private async deliver(message: Waiting): Promise<void> {
    const { queue, record } = message;
    const receives = message.receives + 1;
    this.waiting = this.waiting.filter((each) => each !== message);
    const attributes = { ...record.attributes, ApproximateReceiveCount: String(receives) };
    const failed = await FUNCTIONS[QUEUES[queue].function].handle(this.services, [{ ...record, attributes }]);
    if (failed.length === 0) return;
    const { maxReceiveCount, visibilityTimeoutSeconds } = QUEUES[queue];
    if (receives >= maxReceiveCount) this.deadLetters.push(record.body);
    else
      this.waiting.push({ ...message, receives, atMs: this.services.clock.now() + seconds(visibilityTimeoutSeconds) });
  }

  private async sweep(): Promise<void> {
    this.sweptAtMs = this.services.clock.now();
    try {
      await sweep(this.services);
    } catch {
      // As on AWS: its alarm rings, and a minute later it runs again.
    }
  }
}
