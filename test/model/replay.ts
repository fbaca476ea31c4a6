import { setImmediate } from 'node:timers/promises';
import { QUEUES } from '#events/catalog.ts';
import { FUNCTIONS } from '#infra/embedded/functions.ts';
import type { Policy } from '#shared/domain/policy.ts';
import { addressOf } from '#shared/domain/policy-devices.ts';
import { ConflictError, RetryableError } from '#shared/errors.ts';
import type { SqsRecord } from '#shared/lambda/queue-function.ts';
import type { Compute, Fencing, StateStore } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { OPEN_OTHERS } from '#shared/state/open-others.ts';
import { aHypervisor } from '#test/support/builders.ts';
import type { Message } from './state.ts';

/** One thing that a function asks of the outside. */
export interface Call {
  /** Tells it from every other call of the same invocation. */
  readonly key: string;
  readonly name: CallName;
  readonly args: readonly unknown[];
}
export type CallName =
  | Exclude<keyof StateStore, 'queryAudit' | 'partitions'>
  | Exclude<
      keyof Compute,
      'hypervisors' | 'aggregates' | 'serverGroups' | 'image' | 'unfinishedMigrationsOf' | keyof typeof NOT_ASKED
    >
  | 'send'
  | 'readPower'
  | 'powerOff'
  | 'sleep';

const notAsked = (): never => {
  throw new Error('no policy of a search recovers instances or processes, has reserved hosts, or gives hosts back');
};
const NOT_ASKED = {
  serverActions: notAsked,
  forceUp: notAsked,
  liveMigrationsOf: notAsked,
  rebootHard: notAsked,
  snapshotsOf: notAsked,
  portsOn: notAsked,
  rebuild: notAsked,
  migrate: notAsked,
  confirmResize: notAsked,
  liveMigrate: notAsked,
  disableService: notAsked,
  enableService: notAsked,
  addToAggregate: notAsked,
  removeFromAggregate: notAsked,
} satisfies Partial<Compute>;

export type Result = { readonly value: unknown } | { readonly error: 'conflict' | 'retryable' };

/** A call that was answered. */
export interface Recorded {
  readonly key: string;
  readonly result: Result;
  readonly atMs: number;
}

/** Where an invocation stands: what it asks for next, or that it has ended, well or not. */
export type Progress =
  | { readonly pending: Call; readonly others: number }
  | { readonly ended: 'done' | 'failed'; readonly because?: string };

/** What is the same for all invocations of a search. */
export interface Setting {
  readonly policy: Policy;
  readonly hosts: readonly string[];
  readonly inventory: (partition: string) => Awaited<ReturnType<StateStore['query']>> | undefined;
  /** Breaks the services, for the tests of the search itself. */
  readonly sabotage?: (services: Services) => Services;
}

/**
 * Runs a real function from its start, with the answers that were recorded so far, up to the first call without
 * one. Nothing outside is touched: whoever asks performs that call on the world, and runs it again.
 */
export async function replay(
  setting: Setting,
  message: Message | undefined,
  startMs: number,
  records: readonly Recorded[],
): Promise<Progress> {
  const trace = new Trace(startMs, records);
  const services = trace.services(setting, message);
  const broken = setting.sabotage?.(services) ?? services;
  let ended: Progress | undefined;
  const work =
    message === undefined
      ? FUNCTIONS.sweep(broken).then(() => [])
      : FUNCTIONS[QUEUES[message.queue].function].handle(broken, [recordOf(message)]);
  work.then(
    (failed) => {
      ended = failed.length === 0 ? { ended: 'done' } : { ended: 'failed', because: trace.lastError };
    },
    (error: unknown) => {
      ended = { ended: 'failed', because: String(error) };
    },
  );
  // Everything answered is answered at once: when a turn of the event loop is over, it has come as far as it can.
  await setImmediate();
  if (ended !== undefined) return ended;
  const [pending] = trace.pending;
  if (pending === undefined) throw new Error(`${message?.queue ?? 'sweep'} waits for nothing`);
  return { pending, others: trace.pending.length - 1 };
}

const recordOf = ({ body, receives, sentAtMs }: Message): SqsRecord => ({
  messageId: 'message',
  body: JSON.stringify(body),
  attributes: { ApproximateReceiveCount: String(receives), SentTimestamp: String(sentAtMs) },
});

/** Salvor's own beat. The pause after a start or a long gap is 0 in the policies here: it decides nothing. */
const BEAT = 'beat';

const never = new Promise<never>(() => {});

class Trace {
  readonly pending: Call[] = [];
  lastError = '';
  private nowMs: number;
  private readonly records: ReadonlyMap<string, Recorded>;
  private readonly seen = new Map<string, number>();

  constructor(startMs: number, records: readonly Recorded[]) {
    this.nowMs = startMs;
    this.records = new Map(records.map((record) => [record.key, record]));
  }

  private call<T>(name: CallName, args: readonly unknown[], told: string = JSON.stringify(args)): Promise<T> {
    const kind = `${name} ${told}`;
    const count = this.seen.get(kind) ?? 0;
    this.seen.set(kind, count + 1);
    const key = `${kind} ${count}`;
    const record = this.records.get(key);
    if (record === undefined) {
      this.pending.push({ key, name, args });
      return never;
    }
    this.nowMs = Math.max(this.nowMs, record.atMs);
    if ('value' in record.result) return Promise.resolve(record.result.value as T);
    return Promise.reject(
      record.result.error === 'conflict' ? new ConflictError('somebody was first') : new RetryableError('no answer'),
    );
  }

  services(setting: Setting, message: Message | undefined): Services {
    const { policy } = setting;
    return {
      policy,
      trustedSenders: 'everybody',
      state: this.store(setting),
      compute: this.compute(setting),
      fencing: this.fencing(),
      localRestart: { restart: notAsked },
      // No small world has tiers.
      guests: { ask: () => this.call('sleep', [0], '') },
      outbox: {
        send: async (messages) => (messages.length === 0 ? undefined : this.call('send', [messages], '')),
      },
      clock: { now: () => this.nowMs, sleep: (ms) => this.call('sleep', [ms], '') },
      chance: { id: () => incidentIdOf(message), random: () => 0 },
      log: {
        info: () => {},
        warn: () => {},
        error: (text, fields = {}) => {
          this.lastError = `${text} ${JSON.stringify(fields)}`;
        },
      },
    };
  }

  private store({ inventory }: Setting): StateStore {
    return {
      get: async (key) => (key.partition === BEAT ? undefined : this.call('get', [key])),
      // Nothing in a search changes the inventory: to read it needs no step of its own.
      query: async (partition, options = {}) =>
        // No policy of a search recovers instances or processes.
        partition === OPEN_OTHERS ? { items: [] } : (inventory(partition) ?? this.call('query', [partition, options])),
      // The policy has been in force before: it is on record.
      queryAudit: async (partition) => ({ items: [{ partition, sort: '', version: 1, body: {} }] }),
      partitions: () => {
        throw new Error('no function reads whole tables');
      },
      due: (beforeMs, limit) => this.call('due', [beforeMs, limit], ''),
      transact: async (writes) => {
        if (writes.some(({ partition }) => partition !== BEAT)) await this.call('transact', [writes], '');
      },
    };
  }

  private compute({ hosts }: Setting): Compute {
    return {
      services: () => this.call('services', []),
      service: (host) => this.call('service', [host]),
      hypervisors: async () => hosts.map((host) => aHypervisor(host)),
      aggregates: async () => [],
      serverGroups: async () => [],
      image: async () => undefined,
      serversOn: (host) => this.call('serversOn', [host]),
      server: (id) => this.call('server', [id]),
      health: () => this.call('health', []),
      evacuationsFrom: (host) => this.call('evacuationsFrom', [host]),
      unfinishedMigrationsOf: async () => [],
      ...NOT_ASKED,
      forceDown: (id) => this.call('forceDown', [id]),
      evacuate: (id, { host, end }) => this.call('evacuate', [id, { host, end }]),
      resetStateToActive: (id) => this.call('resetStateToActive', [id]),
    };
  }

  private fencing(): Fencing {
    return {
      device: async (config) => {
        const host = addressOf(config).split('/').at(-1) ?? '';
        return {
          readPower: () => this.call('readPower', [host]),
          powerOff: async (_, objection) => {
            const objected = await objection?.();
            if (objected !== undefined) return { kind: 'refused', detail: objected, durationMs: 0 };
            return this.call('powerOff', [host]);
          },
          powerOn: notHere,
        };
      },
    };
  }
}

const notHere = (): never => {
  throw new Error('the model does not know this');
};

/** Chance, as far as the functions use it: an id that no other delivery of an event gets. */
function incidentIdOf(message: Message | undefined): string {
  const event = message !== undefined && 'specversion' in message.body ? message.body.id : '0';
  const digits = `${Number(event.replace(/\D/g, '')) * 16 + (message?.receives ?? 0)}`.padStart(12, '0');
  return `00000009-0000-7000-8000-${digits}`;
}
