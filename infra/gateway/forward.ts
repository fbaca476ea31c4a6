import { setTimeout as sleep } from 'node:timers/promises';
import type { HostEvent } from '#events/host-event.ts';
import { PermanentError } from '#shared/errors.ts';
import type { Clock } from '#shared/ports.ts';
import type { Log } from '#shared/services.ts';

/** Brings events to salvor; resolves when they are safely in its queue. */
export interface Sender {
  /** @throws PermanentError when it takes none of these, ever; any other error is for a while */
  send(events: readonly HostEvent[]): Promise<Sent>;
  close(): Promise<void>;
}

/** What became of the events that were sent: all but these are in salvor's queue. */
export interface Sent {
  /** For good. */
  readonly refused: readonly Refusal[];
  /** They were too many: to be sent again, after so many ms. */
  readonly later?: { readonly events: readonly Refusal[]; readonly afterMs: number };
}

export interface Refusal {
  readonly id: string;
  readonly because: string;
}

export interface Forwarder {
  /** False when there are too many already. */
  offer(event: HostEvent): boolean;
  /** Sends what there is, and ends. */
  stop(): Promise<void>;
  readonly figures: { forwarded: number; refused: number; failed: number };
  /** Since when nothing could be brought to salvor, in Unix ms. */
  failingSinceMs(): number | undefined;
}

const MAX_WAITING = 20_000;
const AT_ONCE = 1_000;
const EVERY_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** An older event would not be believed. */
const MAX_AGE_MS = 900_000;
/** That something is wrong is logged this often. */
const TELL_AGAIN_MS = 60_000;

/**
 * Sends events on, once a second, the newest of each host or instance and type only: while salvor is out of reach they wait,
 * and never take more room than there are of those.
 */
export function startForwarding(
  sender: Sender,
  clock: Pick<Clock, 'now'>,
  log: Log,
  everyMs: number = EVERY_MS,
): Forwarder {
  const waiting = new Map<string, HostEvent>();
  const figures = { forwarded: 0, refused: 0, failed: 0 };
  const stopping = new AbortController();
  let failingSinceMs: number | undefined;
  let toldAtMs = Number.NEGATIVE_INFINITY;

  const keyOf = ({ type, data }: HostEvent): string =>
    `${type} ${data.host} ${'instanceId' in data ? data.instanceId : ''}`;
  const tell = (message: string, because: string): void => {
    if (clock.now() - toldAtMs < TELL_AGAIN_MS) return;
    toldAtMs = clock.now();
    log.warn(message, { because, ...figures, waiting: waiting.size });
  };
  const done = (events: readonly HostEvent[]): void => {
    for (const event of events) if (waiting.get(keyOf(event)) === event) waiting.delete(keyOf(event));
  };

  /** @returns how many ms to wait before the next, when salvor asks for that; false when it could not be reached */
  async function flush(): Promise<number | boolean> {
    for (const event of [...waiting.values()])
      if (clock.now() - Date.parse(event.time) > MAX_AGE_MS) {
        figures.failed += 1;
        done([event]);
      }
    const all = [...waiting.values()];
    for (let start = 0; start < all.length; start += AT_ONCE) {
      const events = all.slice(start, start + AT_ONCE);
      try {
        const { refused, later } = await sender.send(events);
        const waits = new Set(later?.events.map(({ id }) => id));
        const settled = events.filter(({ id }) => !waits.has(id));
        done(settled);
        failingSinceMs = settled.length > 0 ? undefined : (failingSinceMs ?? clock.now());
        figures.forwarded += settled.length - refused.length;
        figures.refused += refused.length;
        const [first] = [...refused, ...(later?.events ?? [])];
        if (first !== undefined) tell('salvor refuses events of this gateway', first.because);
        if (later !== undefined) return later.afterMs;
      } catch (error) {
        const because = error instanceof Error ? error.message : String(error);
        if (error instanceof PermanentError) {
          done(events);
          figures.refused += events.length;
          tell('salvor refuses events of this gateway', because);
          continue;
        }
        failingSinceMs ??= clock.now();
        tell('salvor is out of reach', because);
        return false;
      }
    }
    return true;
  }

  async function run(): Promise<void> {
    let pauseMs = everyMs;
    while (!stopping.signal.aborted) {
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      const reached = await flush();
      if (typeof reached === 'number') pauseMs = Math.min(LONGEST_PAUSE_MS, reached);
      else pauseMs = reached ? everyMs : Math.min(LONGEST_PAUSE_MS, 2 * pauseMs);
    }
  }
  const running = run();
  return {
    offer: (event) => {
      const key = keyOf(event);
      if (!waiting.has(key) && waiting.size >= MAX_WAITING) return false;
      waiting.set(key, event);
      return true;
    },
    stop: async () => {
      stopping.abort();
      await running;
      await sender.close();
    },
    figures,
    failingSinceMs: () => failingSinceMs,
  };
}
