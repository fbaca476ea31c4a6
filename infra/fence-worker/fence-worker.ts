import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { FENCE_REQUESTS } from '#events/catalog.ts';
import { type WorkerRequest, workerRequest } from '#events/fence-worker.ts';
import { serveHealth, tellEveryMinute } from '#infra/gateway/health.ts';
import type { Clock } from '#shared/ports.ts';
import type { Log } from '#shared/services.ts';
import { notRun, type Outcome } from './outcome.ts';
import type { Received, RequestQueue } from './request-queue.ts';
import { Slots } from './slots.ts';
import type { Task, TaskOf } from './tasks.ts';

export interface FenceWorkerOptions {
  readonly queue: RequestQueue;
  readonly taskOf: TaskOf;
  /** Of runs at the same time, by network. */
  readonly limits: ReadonlyMap<string, number>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  /** Port on 127.0.0.1 for `GET /healthz`; 0 for any that is free. */
  readonly healthPort?: number | undefined;
}

export interface FenceWorker {
  readonly healthPort: number | undefined;
  /** JSON. */
  figures(): Readonly<Record<string, number>>;
  /** Takes nothing new, and resolves when what was begun has ended and is answered. */
  stop(): Promise<void>;
}

/** More would wait longer than they are valid. */
const MAX_HELD = 200;
const PER_RECEIVE = 10;
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [1_000, 30_000];
/** Of the schema of answers. */
const MAX_DETAIL = 1024;
const TELL_AGAIN_MS = 60_000;
/** So long without its queue, and it is not well. */
const UNWELL_AFTER_MS = 60_000;
/** The clock of who asks and that of the queue are one, or kept alike: both are in AWS, or on one machine. */
const MAX_AHEAD_MS = 5_000;
/** For the way of the answer: of what is valid for seconds, a tenth. */
const answerMs = (validMs: number): number => Math.min(1_000, validMs / 10);

/** Takes requests from the queue and does each at most once, while it is valid, until it is stopped. */
export async function startFenceWorker(options: FenceWorkerOptions): Promise<FenceWorker> {
  const { queue, taskOf, clock, log } = options;
  const slots = new Slots(options.limits);
  const counts = { received: 0, malformed: 0, refused: 0, repeated: 0, late: 0, ran: 0, unknown: 0, answered: 0 };
  const begun = new Map<string, number>();
  const held = new Set<Promise<void>>();
  const stopping = new AbortController();
  let reachedAtMs = clock.now();
  let toldAtMs = Number.NEGATIVE_INFINITY;

  const isStopping = (): boolean => stopping.signal.aborted;

  /** @returns whether it is the first time */
  function begin(id: string): boolean {
    const keptMs = FENCE_REQUESTS.retentionSeconds * 2_000;
    for (const [each, atMs] of begun) if (clock.now() - atMs > keptMs) begun.delete(each);
    if (begun.has(id)) return false;
    begun.set(id, clock.now());
    return true;
  }

  /** Right before it is run: here a request leaves the queue, and here is judged whether it may be run still. */
  async function carryOut(
    task: Task | string,
    request: WorkerRequest,
    message: Received,
  ): Promise<Outcome | undefined> {
    const nowMs = await queue.claim(message);
    if (!begin(request.id)) {
      counts.repeated += 1;
      return undefined;
    }
    if (typeof task === 'string') return notRun(task);
    if (isStopping()) return notRun('the worker is being stopped');
    const validMs = request.validSeconds * 1000;
    const ageMs = nowMs - Date.parse(request.time);
    // Of who is ahead of the queue nothing is valid for longer than its answer is waited for.
    const limitMs = validMs - answerMs(validMs) - Math.max(0, ageMs);
    if (limitMs <= 0) {
      counts.late += 1;
      return notRun(`it came ${Math.round(ageMs)} ms after it was asked for, and is valid for ${validMs} ms`);
    }
    if (ageMs < -MAX_AHEAD_MS)
      return notRun(`it is ${Math.round(-ageMs)} ms ahead of the queue: is the clock right where it comes from?`);
    // Whoever was given it before may have begun it, and died.
    if (task.hasEffect && message.receives > 1)
      return { answer: 'unknown', detail: 'it was given out before, and may have been begun then' };
    counts.ran += 1;
    const runSeconds = request.type === 'fence' ? request.runSeconds : undefined;
    return run(task, request, runSeconds === undefined ? limitMs : runSeconds * 1000);
  }

  async function run({ about, hasEffect, run: work }: Task, { id }: WorkerRequest, limitMs: number): Promise<Outcome> {
    if (hasEffect) log.info('the fence worker begins', { id, ...about });
    const outcome = await work(limitMs);
    if (outcome.answer === 'unknown') counts.unknown += 1;
    if (hasEffect || outcome.answer !== 'on') log.info('the fence worker has ended', { id, ...about, ...outcome });
    return outcome;
  }

  async function handle(message: Received): Promise<void> {
    const request = requestIn(message.body);
    if (request === undefined) {
      counts.malformed += 1;
      log.warn('a message is not a request for a fence worker');
      await queue.claim(message);
      return;
    }
    const startMs = performance.now();
    const task = taskOf(request);
    const release = typeof task === 'string' ? undefined : await slots.take(task.place);
    const outcome = await carryOut(task, request, message).finally(release);
    if (outcome === undefined) return;
    if (outcome.answer === 'refused') {
      counts.refused += 1;
      log.warn('the fence worker refuses a request', { id: request.id, detail: outcome.detail });
    }
    const durationMs = Math.round(performance.now() - startMs);
    const detail = outcome.detail.slice(0, MAX_DETAIL);
    await queue.answer({ type: 'worker-answer', version: 1, id: request.id, ...outcome, detail, durationMs });
    counts.answered += 1;
  }

  function hold(message: Received): void {
    counts.received += 1;
    const one: Promise<void> = handle(message)
      .catch((error: unknown) => log.error('a request is not answered', { error: String(error) }))
      .finally(() => held.delete(one));
    held.add(one);
  }

  async function receive(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!isStopping()) {
      if (held.size >= MAX_HELD) {
        await Promise.race(held);
        continue;
      }
      try {
        const messages = await queue.receive(Math.min(PER_RECEIVE, MAX_HELD - held.size));
        reachedAtMs = clock.now();
        pauseMs = FIRST_PAUSE_MS;
        messages.forEach(hold);
      } catch (error) {
        if (clock.now() - toldAtMs >= TELL_AGAIN_MS) {
          toldAtMs = clock.now();
          log.warn('the queue of the fence worker is out of reach', { error: String(error) });
        }
        await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
        pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs);
      }
    }
    while (held.size > 0) await Promise.all(held);
  }

  const figures = () => ({ ...counts, running: slots.running, waiting: slots.waiting });
  const isWell = () => clock.now() - reachedAtMs < UNWELL_AFTER_MS;
  const health = options.healthPort === undefined ? undefined : await serveHealth(options.healthPort, isWell, figures);
  const stopTelling = tellEveryMinute(log, 'fence worker', figures);
  const ended = receive();
  return {
    healthPort: health && (health.address() as AddressInfo).port,
    figures,
    stop: async () => {
      stopTelling();
      stopping.abort();
      await ended;
      health?.close();
      health?.closeAllConnections();
      queue.close();
    },
  };
}

function requestIn(body: string): WorkerRequest | undefined {
  try {
    return workerRequest.parse(JSON.parse(body));
  } catch {
    return undefined;
  }
}
