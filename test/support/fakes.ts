import { openSqliteStore } from '#shared/adapters/sqlite/state-store.ts';
import type { Policy } from '#shared/domain/policy.ts';
import { ConflictError, RetryableError } from '#shared/errors.ts';
import type { SqsRecord } from '#shared/lambda/queue-function.ts';
import type { Chance, Clock, Outbox, OutgoingMessage, StateStore } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { aPolicy, NOW_MS, uuid } from './builders.ts';
import { FakeCloud } from './fake-cloud.ts';

/** A clock that stands still unless it is moved, or somebody sleeps. */
export class FakeClock implements Clock {
  nowMs = NOW_MS;
  now = (): number => this.nowMs;
  sleep = async (ms: number): Promise<void> => {
    this.nowMs += ms;
  };
}

/** Ids in order, and always the same chance. */
export function fakeChance(): Chance {
  let ids = 0;
  return {
    id: () => {
      ids += 1;
      return uuid(9, ids);
    },
    random: () => 0.5,
  };
}

/** What goes wrong with a call: nothing happens, or it happens and nobody hears of it. */
export type Fault = 'fails' | 'fails-afterwards' | 'conflicts';

/** Counts calls, and lets those go wrong that were named beforehand. */
export class Faults {
  calls = 0;
  private readonly planned = new Map<number, Fault>();

  /** The call of this number goes wrong, 0 the next. */
  plan(fault: Fault, call = 0): void {
    this.planned.set(this.calls + call, fault);
  }

  async around(work: () => Promise<void>): Promise<void> {
    const fault = this.planned.get(this.calls);
    this.calls += 1;
    if (fault === 'conflicts') throw new ConflictError('planned: somebody else was first');
    if (fault === 'fails') throw new RetryableError('planned: it did not happen');
    await work();
    if (fault === 'fails-afterwards') throw new RetryableError('planned: it happened, but nobody knows');
  }
}

export class FakeOutbox implements Outbox {
  readonly faults = new Faults();
  sent: OutgoingMessage[] = [];

  async send(messages: readonly OutgoingMessage[]): Promise<void> {
    if (messages.length > 0)
      await this.faults.around(async () => {
        this.sent.push(...messages);
      });
  }

  /** What was sent since the last time it was asked. */
  take(): readonly OutgoingMessage[] {
    return this.sent.splice(0);
  }
}

/** A real store in memory, whose reads and writes are counted and whose writes may go wrong. */
export class FakeStore implements StateStore {
  readonly faults = new Faults();
  reads = 0;
  writes = 0;
  private readonly store = openSqliteStore(':memory:', { now: () => 0 });

  get: StateStore['get'] = (key) => {
    this.reads += 1;
    return this.store.get(key);
  };
  query: StateStore['query'] = (...query) => {
    this.reads += 1;
    return this.store.query(...query);
  };
  queryAudit: StateStore['queryAudit'] = (...query) => this.store.queryAudit(...query);
  due: StateStore['due'] = (...range) => this.store.due(...range);
  partitions: StateStore['partitions'] = (of) => this.store.partitions(of);
  transact: StateStore['transact'] = (writes) =>
    this.faults.around(async () => {
      await this.store.transact(writes);
      this.writes += 1;
    });
  close = (): void => this.store.close();

  /** Reads and transactions of some work. */
  async counted(work: () => Promise<unknown>): Promise<{ readonly reads: number; readonly writes: number }> {
    const { reads, writes } = this;
    await work();
    return { reads: this.reads - reads, writes: this.writes - writes };
  }
}

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: object;
}

/** The services of a function over fakes; the parts are there to be looked at and broken. */
export interface FakeServices extends Services {
  readonly state: FakeStore;
  readonly outbox: FakeOutbox;
  readonly clock: FakeClock;
  readonly cloud: FakeCloud;
  readonly lines: readonly LogLine[];
}

export function fakeServices(policy: Policy = aPolicy()): FakeServices {
  const clock = new FakeClock();
  const cloud = new FakeCloud(clock);
  const lines: LogLine[] = [];
  const log =
    (level: LogLine['level']) =>
    (message: string, fields: object = {}) => {
      lines.push({ level, message, fields });
    };
  return {
    state: new FakeStore(),
    outbox: new FakeOutbox(),
    clock,
    cloud,
    compute: cloud.compute,
    fencing: cloud.fencing,
    localRestart: cloud.localRestart,
    guests: cloud.guests,
    chance: fakeChance(),
    policy,
    trustedSenders: 'everybody',
    log: { info: log('info'), warn: log('warn'), error: log('error') },
    lines,
  };
}

interface RecordInput {
  readonly receives?: number;
  readonly sentAtMs?: number;
  readonly senderId?: string;
}

let records = 0;
/** A record of an SQS event; each has an id of its own. */
export function aRecord(body: unknown, { receives = 1, sentAtMs = NOW_MS, senderId }: RecordInput = {}): SqsRecord {
  records += 1;
  return {
    messageId: `message-${records}`,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    attributes: {
      ApproximateReceiveCount: String(receives),
      SentTimestamp: String(sentAtMs),
      ...(senderId === undefined ? {} : { SenderId: senderId }),
    },
  };
}
