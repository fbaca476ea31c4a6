import type { GrantBasis } from './basis.ts';
import { type Candidate, contenders, pickDestination, taken, type Wanting } from './destinations.ts';
import { judgeInstance } from './instances.ts';
import { inOrder, rankOfTask } from './order.ts';
import type { Segment } from './policy.ts';
import { isRunning, recordMigration, type SeenMigration, type SeenServer } from './seen.ts';
import { gone, type Sight } from './settle.ts';
import { endedAs, type TaskFact, type TaskState } from './task.ts';
import { type TierSummary, tierGate } from './tiers.ts';

export interface GrantInput {
  readonly sight: Sight;
  readonly segment: Segment;
  /** Nova's word on the failed host in this look. */
  readonly forcedDown: boolean;
  readonly candidates: readonly Candidate[];
  /** Tiers that must be up before a task may start. */
  readonly tiersBefore: (task: TaskState) => readonly TierSummary[];
  readonly otherMigrations: ReadonlyMap<string, SeenMigration>;
  /** Evacuations in flight now: of this incident, of others, and the cloud's limit. */
  readonly inFlight: number;
  readonly inFlightElsewhere: number;
  readonly maxInFlightOverAll: number;
}

export interface TaskChange {
  readonly task: TaskState;
  readonly facts: readonly TaskFact[];
  readonly basis: GrantBasis;
}

/** Gives tokens to waiting tasks in their order, as far as the limits go; each is judged again by what Nova says now. */
export function grant(tasks: readonly TaskState[], input: GrantInput): readonly TaskChange[] {
  const { segment, sight } = input;
  let { inFlight, candidates } = input;
  const limit = Math.min(segment.evacuation.maxInFlight, input.maxInFlightOverAll - input.inFlightElsewhere);
  const changes: TaskChange[] = [];
  for (const task of [...tasks].sort((a, b) => inOrder(rankOfTask(a), rankOfTask(b)))) {
    const { progress } = task;
    if (progress.status !== 'waiting' || progress.notBeforeMs > sight.atMs) continue;
    const { server, ends } = judgeAgain(task, progress.because, input);
    const change = (facts: readonly TaskFact[], among: readonly Candidate[] = []): void => {
      if (facts.length > 0) changes.push({ task, facts, basis: basisOf(task, input, inFlight, among) });
    };
    change(ends);
    if (server === undefined) continue;
    const tier = tierGate(input.tiersBefore(task), segment.order, sight.atMs);
    if (tier.gate !== 'open') change(held(tier, progress, sight.atMs));
    if (tier.gate !== 'open' || inFlight >= limit) continue;
    const { maxInFlightPerDestination } = segment.evacuation;
    const wanting: Wanting = { ...task, notAt: task.failedAt };
    const among = contenders(candidates, wanting, maxInFlightPerDestination);
    const destination = pickDestination(candidates, wanting, maxInFlightPerDestination);
    if (destination.pick === 'full') continue;
    const host = destination.pick === 'host' ? destination.host : null;
    change([granted(task, server, host, input, inFlight + 1, limit, tier.because)], among);
    inFlight += 1;
    if (host !== null) candidates = taken(candidates, host, wanting);
  }
  return changes;
}

/** Said once, as long as the reason stays. */
function held(
  { gate, because }: { readonly gate: 'shut' | 'never'; readonly because: string },
  waiting: { readonly because: string },
  atMs: number,
): readonly TaskFact[] {
  if (gate === 'never') return [endedAs('person', because, atMs)];
  return waiting.because === because ? [] : [{ type: 'task-waits', for: 'tier', because, atMs }];
}

function basisOf(
  task: TaskState,
  { forcedDown, otherMigrations, inFlightElsewhere, tiersBefore }: GrantInput,
  inFlight: number,
  candidates: readonly Candidate[],
): GrantBasis {
  const migration = otherMigrations.get(task.instanceId);
  const recorded = migration === undefined ? null : recordMigration(migration);
  const tiers = tiersBefore(task);
  const seen = { forcedDown, migration: recorded, inFlight, inFlightElsewhere, candidates };
  return tiers.length === 0 ? seen : { ...seen, tiers };
}

interface Verdict {
  /** As it was listed, when it may be evacuated. */
  readonly server?: SeenServer;
  /** Facts that end the task instead; none when it has to be looked up first. */
  readonly ends: readonly TaskFact[];
}

function judgeAgain(task: TaskState, because: string, { sight, segment, otherMigrations }: GrantInput): Verdict {
  const server = sight.onHost?.get(task.instanceId);
  if (server === undefined) return { ends: gone(task, sight) ?? [] };
  if (task.attempts >= segment.evacuation.maxAttempts)
    return { ends: [endedAs('person', `${because}, after ${task.attempts} attempts`, sight.atMs)] };
  const verdict = judgeInstance(server, {
    // Our own failed attempt leaves it in ERROR: that is no reason to give up.
    instances: task.attempts > 0 ? { ...segment.instances, inError: 'recover' } : segment.instances,
    signs: task.signs ?? {},
    runningEvacuation: sight.evacuationsOf.get(server.id)?.find(isRunning),
    runningMigration: otherMigrations.get(server.id),
  });
  switch (verdict.kind) {
    case 'evacuate':
      return { server, ends: [] };
    case 'watch':
      return { ends: [] };
    case 'leave':
      return { ends: [endedAs(verdict.outcome, verdict.because, sight.atMs)] };
    case 'person':
      return { ends: [endedAs('person', verdict.because, sight.atMs)] };
  }
}

function granted(
  task: TaskState,
  server: SeenServer,
  destination: string | null,
  input: GrantInput,
  inFlight: number,
  inFlightLimit: number,
  tier: string | null,
): TaskFact {
  const { sight } = input;
  const known = sight.evacuationsOf.get(task.instanceId) ?? [];
  return {
    type: 'granted',
    attempt: {
      number: task.attempts + 1,
      way: task.attempts === 0 ? task.way : task.wayAgain,
      destination,
      grantedAtMs: sight.atMs,
      lastMigrationId: Math.max(0, ...known.map((each) => each.id)),
    },
    checks: {
      seenAtMs: sight.atMs,
      forcedDown: input.forcedDown,
      vmState: server.vmState,
      taskState: server.taskState,
      inFlight,
      inFlightLimit,
      ...(tier === null ? {} : { tier }),
    },
  };
}
