import { deadlinePassed } from '#shared/domain/deadline.ts';
import { decideEvacuate, foldAnswer } from '#shared/domain/evacuate.ts';
import { handOver } from '#shared/domain/follow.ts';
import { grant } from '#shared/domain/grant.ts';
import { isRunning } from '#shared/domain/seen.ts';
import { type Sight, settle } from '#shared/domain/settle.ts';
import { evolveTask, type TaskFact, type TaskState } from '#shared/domain/task.ts';
import type { Answer, Migration } from '#shared/ports.ts';
import {
  aHostIn,
  aMigration,
  anIncident,
  aProof,
  aSegment,
  aServer,
  aTask,
  INSTANCE_ID,
  NOW_MS,
  seconds,
} from './builders.ts';

/** What may become of a request: answered or not, taken by Nova at once, later or never. */
export const FATES = [
  'accepted',
  'refused',
  'unknown-landed',
  'unknown-pending',
  'unknown-never',
  'crashed-landed',
  'crashed-pending',
  'crashed-never',
] as const;
export type Fate = (typeof FATES)[number];

export type Op =
  | { readonly op: 'look' | 'answer' | 'land' | 'delete' | 'move' | 'external' | 'vanish' }
  /** Any message that was ever sent, 0 the newest: each may come again. */
  | { readonly op: 'deliver'; readonly which: number }
  | { readonly op: 'send'; readonly fate: Fate }
  | { readonly op: 'end'; readonly status: 'done' | 'failed' | 'error' }
  | { readonly op: 'wait'; readonly seconds: number };

/** Nova shows what it took within this time, and a function lives this long after its intent. */
const LANDS_WITHIN_MS = seconds(60);
const FUNCTION_LIVES_MS = seconds(90);
const segment = aSegment({ evacuation: { maxAttempts: 20, retryBaseSeconds: 1, retryMaxSeconds: 30 } });

const INCIDENT = anIncident('evacuating', { evacuatingSinceMs: NOW_MS });
const HANDING_OVER = anIncident('handing-over');

/** One task, the messages and functions that work on it, and a Nova that takes every evacuate it is sent. */
export class TaskWorld {
  task: TaskState = aTask('waiting');
  nowMs = NOW_MS;
  /** Requests of whose effects two could have been under way at once: must stay empty. */
  readonly overlaps: string[] = [];
  requests = 0;
  private migrations: readonly Migration[] = [];
  private lastId = 0;
  private host: string | null = 'compute-1';
  private pending: readonly number[] = [];
  private readonly messages: number[] = [];
  private functions: { readonly attempt: number; readonly untilMs: number; readonly answer?: Answer }[] = [];

  run(op: Op): void {
    switch (op.op) {
      case 'look':
        this.look();
        break;
      case 'deliver':
        this.deliver(this.messages.at(-1 - (op.which % Math.max(1, this.messages.length))));
        break;
      case 'send':
        this.send(op.fate);
        break;
      case 'answer':
        this.answer();
        break;
      case 'land':
        if (this.pending.length > 0) this.land();
        this.pending = this.pending.slice(1);
        break;
      case 'end':
        this.endMigration(op.status);
        break;
      case 'vanish':
        this.migrations = this.migrations.filter(isRunning);
        break;
      case 'external':
        if (this.task.progress.status === 'waiting' && !this.busy()) this.land();
        break;
      case 'move':
        if (!this.busy() && this.host !== null) this.host = 'compute-8';
        break;
      case 'delete':
        this.host = null;
        this.endMigration('failed');
        break;
      case 'wait':
        this.nowMs += seconds(op.seconds);
        this.pending = this.pending.filter((untilMs) => untilMs >= this.nowMs);
    }
  }

  /**
   * From here on everything answers, and every message comes; but a record of Nova that is lost stays so, and after
   * 50 looks the deadline of six hours comes. @returns looks until the task had ended, or 100.
   */
  settleDown(): number {
    let looks = 0;
    for (; looks < 100 && this.task.progress.status !== 'ended'; looks += 1) {
      this.run({ op: 'land' });
      this.run({ op: 'wait', seconds: looks === 50 ? 6 * 3600 : 20 });
      this.look();
      this.deliver(this.messages.at(-1));
      this.send('accepted');
      this.answer();
      this.endMigration('done');
    }
    return looks;
  }

  private busy(): boolean {
    return this.pending.length > 0 || this.migrations.some(isRunning);
  }

  private apply(facts: readonly TaskFact[]): void {
    this.task = facts.reduce(evolveTask, this.task);
  }

  private sight(): Sight {
    const here = this.host === 'compute-1';
    const seen = this.host === null ? null : aServer({ host: this.host });
    return {
      atMs: this.nowMs,
      evacuationsOf: new Map([[INSTANCE_ID, this.migrations]]),
      onHost: new Map(here && seen !== null ? [[INSTANCE_ID, seen]] : []),
      elsewhere: new Map(here ? [] : [[INSTANCE_ID, seen]]),
    };
  }

  private look(): void {
    const sight = this.sight();
    const settled = settle(this.task, sight, segment, 0.5);
    const overdue = deadlinePassed(INCIDENT, segment, this.nowMs) !== undefined;
    this.apply(settled.length > 0 || !overdue ? settled : handOver(this.task, HANDING_OVER, this.nowMs));
    const [change] = grant([this.task], {
      sight,
      segment,
      forcedDown: true,
      candidates: [{ host: 'compute-2', inFlight: 0, freeMemoryMb: 64_000 }],
      asleep: [],
      groups: [],
      tiersBefore: () => [],
      otherMigrations: new Map(),
      inFlight: 0,
      inFlightElsewhere: 0,
      maxInFlightOverAll: 10,
      proofIsYoung: true,
    }).changes;
    this.apply(change?.facts ?? []);
    if (this.task.progress.status === 'granted') this.messages.push(this.task.progress.attempt.number);
  }

  private deliver(attempt: number | undefined): void {
    if (attempt === undefined) return;
    const host = aHostIn('evacuating', { proof: aProof({ readAtMs: this.nowMs }) });
    const decision = decideEvacuate(host, this.task, attempt, 120, this.nowMs, undefined);
    if (decision.do === 'nothing') return;
    this.apply(decision.facts);
    if (decision.do === 'give-back') return;
    if (this.busy()) this.overlaps.push(`attempt ${attempt} while an earlier one was under way`);
    if (this.functions.some(({ answer, untilMs }) => answer === undefined && untilMs >= this.nowMs))
      this.overlaps.push(`attempt ${attempt} while another function may still send its own`);
    this.functions.push({ attempt, untilMs: this.nowMs + FUNCTION_LIVES_MS });
  }

  private send(fate: Fate): void {
    this.functions = this.functions.filter((each) => each.answer !== undefined || each.untilMs >= this.nowMs);
    const sender = this.functions.find((each) => each.answer === undefined);
    if (sender === undefined) return;
    this.requests += 1;
    const taken = this.host === 'compute-1' && fate !== 'refused';
    if (taken && (fate === 'accepted' || fate.endsWith('landed'))) this.land();
    if (taken && fate.endsWith('pending')) this.pending = [...this.pending, this.nowMs + LANDS_WITHIN_MS];
    this.functions = this.functions.filter((each) => each !== sender);
    const common = { requestId: null, durationMs: 1 };
    if (fate.startsWith('unknown'))
      this.functions.push({ ...sender, answer: { kind: 'unknown', error: '', durationMs: 1 } });
    else if (fate === 'accepted' && taken) this.functions.push({ ...sender, answer: { kind: 'accepted', ...common } });
    else if (!fate.startsWith('crashed'))
      this.functions.push({ ...sender, answer: { kind: 'refused', httpStatus: 409, message: 'no', ...common } });
  }

  /** The oldest answer is recorded; it may be hours old. */
  private answer(): void {
    const sender = this.functions.find((each) => each.answer !== undefined);
    if (sender?.answer === undefined) return;
    this.functions = this.functions.filter((each) => each !== sender);
    this.apply(foldAnswer(this.task, sender.attempt, sender.answer, segment, this.nowMs, 0.5));
  }

  private land(): void {
    if (this.host !== 'compute-1') return;
    if (this.migrations.some(isRunning)) this.overlaps.push('two evacuations in Nova');
    this.lastId += 1;
    this.migrations = [...this.migrations, aMigration({ id: this.lastId, status: 'accepted' })];
  }

  private endMigration(status: Migration['status']): void {
    const running = this.migrations.find(isRunning);
    if (running === undefined) return;
    if (status === 'done') this.host = running.destinationHost;
    this.migrations = this.migrations.map((each) => (each === running ? { ...each, status } : each));
  }
}
