import type { Segment } from './policy.ts';
import type { TaskFact, TaskOutcome, TaskState } from './task.ts';

/** What is left of a tier: all that its gate asks for, so that the decision can be made again. Times are Unix ms. */
export interface TierSummary {
  readonly tier: number;
  /** The first of it was planned. */
  readonly plannedAtMs: number;
  /** So many are not back yet. */
  readonly open: number;
  /** Of those that are back, the last one's time; null: there is none. */
  readonly backAtMs: number | null;
  /** So many are back, and have not answered yet. */
  readonly unanswered: number;
  readonly answeredAtMs: number | null;
  /** Names of some that did not come back. */
  readonly lost: readonly string[];
}

/** Whether instances of a tier may be brought back yet. */
export type TierGate =
  /** `because`: earlier tiers are not up, and the policy goes on all the same. */
  | { readonly gate: 'open'; readonly because: string | null }
  | { readonly gate: 'shut'; readonly because: string }
  | { readonly gate: 'never'; readonly because: string };

type Order = Segment['order'];
type Gate = Order['gate'];
const LOST_NAMED = 3;

export const gateOf = ({ gate, gates }: Order, tier: number): Gate => gates?.[String(tier)] ?? gate;

/** The tiers that must be up before a task may start, the first one first. */
export function tiersBefore(task: TaskState, tasks: readonly TaskState[], order: Order): readonly TierSummary[] {
  const { tier, projectId } = task;
  if (tier == null) return [];
  const earlier = tasks.filter(
    (each) => each.tier != null && each.tier < tier && (order.tiersWithin === 'host' || each.projectId === projectId),
  );
  const byTier = Map.groupBy(earlier.filter(isAwaited), (each) => each.tier ?? 0);
  return [...byTier].sort(([a], [b]) => a - b).map(([each, members]) => summaryOf(each, members));
}

/** Of what is not protected, or was left as it was, nobody waits for anything. */
const isAwaited = ({ progress }: TaskState): boolean =>
  progress.status !== 'ended' || !['not-protected', 'left', 'gone'].includes(progress.outcome);

function summaryOf(tier: number, tasks: readonly TaskState[]): TierSummary {
  const ended = tasks.flatMap(({ name, progress, upAtMs = null }) =>
    progress.status === 'ended' ? [{ name, upAtMs, atMs: progress.atMs, outcome: progress.outcome }] : [],
  );
  const back = ended.filter(({ outcome }) => isBack(outcome));
  const lost = ended.filter(({ outcome }) => !isBack(outcome));
  const answered = back.flatMap(({ upAtMs }) => upAtMs ?? []);
  return {
    tier,
    plannedAtMs: Math.min(...tasks.map(({ plannedAtMs = 0 }) => plannedAtMs)),
    open: tasks.length - ended.length,
    backAtMs: latest(back.map(({ atMs }) => atMs)),
    unanswered: back.length - answered.length,
    answeredAtMs: latest(answered),
    lost: lost.slice(0, LOST_NAMED).map(({ name }) => name),
  };
}

const latest = (times: readonly number[]): number | null => (times.length === 0 ? null : Math.max(...times));

/**
 * Each tier in turn: it may start when the one before it is up, and must be up in its time from then on. One that is not
 * up by then, or can't be since some of it is lost, does not hold up the others for ever.
 */
export function tierGate(before: readonly TierSummary[], order: Order, nowMs: number): TierGate {
  let startsAtMs: number | undefined;
  const missed: string[] = [];
  for (const summary of before) {
    startsAtMs ??= summary.plannedAtMs;
    const { tier, lost } = summary;
    const gate = gateOf(order, tier);
    const deadlineMs = startsAtMs + gate.deadlineSeconds * 1000;
    const upAtMs = upSince(summary, gate);
    const isUp = upAtMs <= Math.min(nowMs, deadlineMs);
    if (!isUp && nowMs < deadlineMs) return { gate: 'shut', because: `tier ${tier} must be up first` };
    startsAtMs = Math.max(startsAtMs, isUp ? upAtMs : deadlineMs);
    if (isUp && lost.length === 0) continue;
    const why = isUp
      ? `tier ${tier} is not up: ${lost.join(', ')} did not come back`
      : `tier ${tier} was not up within ${gate.deadlineSeconds} s`;
    if (order.ifNotUp === 'stop') return { gate: 'never', because: why };
    missed.push(why);
  }
  return { gate: 'open', because: missed.length === 0 ? null : missed.join('; ') };
}

/** Whether a task waits for its tier, and has said so: there is nothing to do for it. */
export function isHeldByTier(task: TaskState, tasks: readonly TaskState[], order: Order, nowMs: number): boolean {
  if (task.progress.status !== 'waiting' || task.tier == null) return false;
  const { gate, because } = tierGate(tiersBefore(task, tasks, order), order, nowMs);
  return gate === 'shut' && task.progress.because === because;
}

/** Since when, or from when on, what of a tier is not lost is up; infinite while that is not known. */
function upSince({ open, backAtMs, unanswered, answeredAtMs, plannedAtMs }: TierSummary, gate: Gate): number {
  if (open > 0) return Number.POSITIVE_INFINITY;
  const allBackAtMs = backAtMs ?? plannedAtMs;
  switch (gate.by) {
    case 'active':
      return allBackAtMs;
    case 'time':
      return allBackAtMs + gate.seconds * 1000;
    case 'tcp':
    case 'http':
      return unanswered > 0 ? Number.POSITIVE_INFINITY : Math.max(allBackAtMs, answeredAtMs ?? 0);
  }
}

/** Instances that are back, and must answer before a later tier may start that waits for them. */
export function guestsToAsk(tasks: readonly TaskState[], order: Order, nowMs: number): readonly TaskState[] {
  const scopeOf = ({ projectId = '' }: TaskState): string => (order.tiersWithin === 'host' ? '' : projectId);
  const waiting = tasks.filter(({ progress }) => progress.status === 'waiting');
  const oneOfEach = new Map(waiting.map((task) => [`${scopeOf(task)} ${task.tier}`, task]));
  const awaited = new Set<string>();
  for (const task of oneOfEach.values()) {
    const before = tiersBefore(task, tasks, order);
    if (tierGate(before, order, nowMs).gate !== 'shut') continue;
    for (const { tier, unanswered } of before)
      if (unanswered > 0 && isAsked(gateOf(order, tier))) awaited.add(`${scopeOf(task)} ${tier}`);
  }
  return tasks.filter(
    (task) =>
      task.progress.status === 'ended' &&
      isBack(task.progress.outcome) &&
      task.upAtMs === undefined &&
      awaited.has(`${scopeOf(task)} ${task.tier}`),
  );
}

const isAsked = ({ by }: Gate): boolean => by === 'tcp' || by === 'http';

/** Of these nobody answers: their owners, or Nova, have stopped them. */
const AT_REST = ['SHUTOFF', 'PAUSED', 'SUSPENDED', 'SHELVED', 'SHELVED_OFFLOADED'];

/**
 * What it means that a guest was asked.
 * @param status of the instance in Nova; null: it was deleted
 * @param silent why it did not answer; null: it did
 */
export function guestAnswer(
  status: string | null,
  silent: string | null,
  asked: string | null,
  atMs: number,
): readonly TaskFact[] {
  if (status === null || AT_REST.includes(status))
    return [{ type: 'guest-answered', detail: `nothing is to answer: it is ${status ?? 'deleted'}`, atMs }];
  if (silent !== null || asked === null) return [];
  return [{ type: 'guest-answered', detail: `it answers: ${asked}`, atMs }];
}

/** It runs again, be it without what was written last. */
const isBack = (outcome: TaskOutcome): boolean => outcome === 'recovered' || outcome === 'restarted-from-snapshot';
