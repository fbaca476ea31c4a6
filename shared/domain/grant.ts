import type { Migration, Server } from '#shared/ports.ts';
import { type Candidate, pickDestination } from './destinations.ts';
import { judgeInstance } from './instances.ts';
import { isRunning } from './plan.ts';
import type { Segment } from './policy.ts';
import { gone, type Sight } from './settle.ts';
import { endedAs, isInFlight, type TaskFact, type TaskState } from './task.ts';

export interface GrantInput {
  readonly sight: Sight;
  readonly segment: Segment;
  /** Nova's word on the failed host in this look. */
  readonly forcedDown: boolean;
  readonly candidates: Candidate[];
  readonly otherMigrations: ReadonlyMap<string, Migration>;
  /** Evacuations of other incidents in flight now, and the cloud's limit. */
  readonly inFlightElsewhere: number;
  readonly maxInFlightOverAll: number;
}

export interface TaskChange {
  readonly task: TaskState;
  readonly facts: readonly TaskFact[];
}

/** Gives tokens to waiting tasks, oldest plan first, as far as the limits go; each is judged again by what Nova says now. */
export function grant(tasks: readonly TaskState[], input: GrantInput): readonly TaskChange[] {
  const { segment, sight } = input;
  let inFlight = tasks.filter(isInFlight).length;
  const limit = Math.min(segment.evacuation.maxInFlight, input.maxInFlightOverAll - input.inFlightElsewhere);
  const changes: TaskChange[] = [];
  for (const task of tasks) {
    const { progress } = task;
    if (progress.status !== 'waiting' || progress.notBeforeMs > sight.atMs) continue;
    const { server, ends } = judgeAgain(task, progress.because, input);
    if (ends.length > 0) changes.push({ task, facts: ends });
    if (server === undefined || inFlight >= limit) continue;
    const destination = pickDestination(input.candidates, task, segment.evacuation.maxInFlightPerDestination);
    if (destination.pick === 'full') continue;
    inFlight += 1;
    changes.push({
      task,
      facts: [granted(task, server, destination.pick === 'host' ? destination.host : null, input, inFlight, limit)],
    });
  }
  return changes;
}

interface Verdict {
  /** As it was listed, when it may be evacuated. */
  readonly server?: Server;
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
  server: Server,
  destination: string | null,
  input: GrantInput,
  inFlight: number,
  inFlightLimit: number,
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
    },
  };
}
