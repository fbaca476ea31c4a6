import { setTimeout as sleep } from 'node:timers/promises';
import type { HostEvent } from '#events/host-event.ts';
import type { Forwarder } from '#infra/gateway/forward.ts';
import type { ProbeServers } from '#shared/adapters/openstack/probe-servers.ts';
import type { Chance, Clock } from '#shared/ports.ts';
import type { Log } from '#shared/services.ts';
import type { Ask } from './ask.ts';
import { Board, type BoardOptions, type Silent } from './board.ts';
import { type Choice, targetsAmong } from './target.ts';

export interface ProbeOptions extends BoardOptions {
  /** Of the events: `/probe/rack-3`. */
  readonly source: string;
  readonly choice: Choice;
  /** Instances that are asked at the same time at most. */
  readonly concurrency: number;
  readonly servers: ProbeServers;
  readonly ask: Ask;
  readonly forwarder: Pick<Forwarder, 'offer'>;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
}

export interface Probe {
  /** As JSON. */
  figures(): Readonly<Record<string, number>>;
  /** Why it does not trust what it sees; undefined while it does. */
  blamesItself(): string | undefined;
  stop(): Promise<void>;
}

const REFRESH_MS = 60_000;
const TURN_MS = 100;
const TELL_AGAIN_MS = 60_000;
/** Read once more right before it is said of them; the others a turn later. */
const AT_ONCE = 20;

/**
 * Asks the instances that have opted in, and says `instance.down` of those that have ceased to answer while others do. It
 * says nothing of any host. Runs until it is stopped.
 */
export function startProbe(options: ProbeOptions): Probe {
  const { servers, ask, clock, chance, log, concurrency, choice } = options;
  const board = new Board(options, chance.random);
  const counts = { asked: 0, missed: 0, said: 0 };
  const stopping = new AbortController();
  const underWay = new Set<Promise<void>>();
  let refreshAtMs = 0;
  let blame: string | undefined;
  const toldAtMs = new Map<string, number>();

  /** The same message once a minute. */
  const tell = (message: string, fields: object): void => {
    if (clock.now() - (toldAtMs.get(message) ?? Number.NEGATIVE_INFINITY) < TELL_AGAIN_MS) return;
    toldAtMs.set(message, clock.now());
    log.warn(message, fields);
  };

  async function refresh(): Promise<void> {
    if (clock.now() < refreshAtMs) return;
    refreshAtMs = clock.now() + REFRESH_MS;
    try {
      const { targets, left } = targetsAmong(await servers.list(), choice);
      board.replace(targets, clock.now());
      if (left.length > 0) tell('instances can not be asked', { count: left.length, first: left[0] });
    } catch (error) {
      // Those that are known are asked on.
      tell('Nova does not tell which instances there are', { error: String(error) });
    }
  }

  function askDue(): void {
    for (const target of board.take(concurrency - underWay.size, clock.now())) {
      const asking = ask(target).then((because) => {
        counts.asked += 1;
        counts.missed += because === undefined ? 0 : 1;
        board.settle(target, because, clock.now());
        underWay.delete(asking);
      });
      underWay.add(asking);
    }
  }

  async function judge(): Promise<void> {
    const verdict = board.verdict(clock.now());
    blame = 'blamesItself' in verdict ? verdict.blamesItself : undefined;
    if (blame !== undefined) tell('the probe does not trust what it sees, and says nothing', { because: blame });
    if (!('say' in verdict)) return;
    for (const silent of verdict.say.slice(0, AT_ONCE)) await say(silent);
  }

  /** Its owner may have stopped it a moment ago, or Nova may be at work on it. While Nova is silent, what it said last counts. */
  async function say({ target, because, misses }: Silent): Promise<void> {
    const { instanceId } = target;
    let host: string | undefined = target.host;
    try {
      const server = await servers.find(instanceId);
      host = server && targetsAmong([server], choice).targets[0]?.host;
    } catch (error) {
      tell('Nova does not tell how an instance is', { error: String(error) });
    }
    board.said(instanceId, clock.now());
    if (host === undefined) return;
    const event: HostEvent = {
      specversion: '1.0',
      id: chance.id(),
      source: options.source,
      type: 'instance.down',
      time: new Date(clock.now()).toISOString(),
      data: {
        ...{ schemaVersion: 1, host, instanceId, event: `no answer to ${target.wanted}`.slice(0, 255) },
        reason: `${misses} times in a row: ${because}`,
      },
    };
    if (options.forwarder.offer(event)) counts.said += 1;
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await refresh();
      askDue();
      await judge();
      await sleep(TURN_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
    await Promise.all(underWay);
  }
  const running = run();
  return {
    figures: () => ({ instances: board.size, underWay: underWay.size, ...counts }),
    blamesItself: () => blame,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
