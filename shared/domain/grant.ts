import type { Migration, Server } from '#shared/ports.ts';
import { type Candidate, pickDestination } from './destinations.ts';
import { judgeInstance } from './instances.ts';
import { isRunning } from './plan.ts';
import type { Segment } from './policy.ts';
import { endForPerson, gone, type Sight } from './settle.ts';
import { isInFlight, type TaskFact, type TaskState } from './task.ts';

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
    if (task.progress.status !== 'waiting' || task.progress.notBeforeMs > sight.atMs) continue;
    const ends = whyNotAgain(task, input);
    if (ends !== undefined) {
      if (ends.length > 0) changes.push({ task, facts: ends });
      continue;
    }
    const server = sight.onHost?.get(task.instanceId);
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

/** Facts that end the task instead; none when it has to be looked up first; undefined when it may go on. */
function whyNotAgain(
  task: TaskState,
  { sight, segment, otherMigrations }: GrantInput,
): readonly TaskFact[] | undefined {
  const away = gone(task, sight);
  if (away !== undefined) return away;
  const server = sight.onHost?.get(task.instanceId);
  if (server === undefined) return [];
  if (task.attempts >= segment.evacuation.maxAttempts && task.progress.status === 'waiting')
    return [endForPerson(`${task.progress.because}, after ${task.attempts} attempts`, sight.atMs)];
  const runningEvacuation = sight.evacuationsOf.get(server.id)?.find(isRunning);
  const verdict = judgeInstance(server, {
    // Our own failed attempt leaves it in ERROR: that is no reason to give up.
    instances: task.attempts > 0 ? { ...segment.instances, inError: 'recover' } : segment.instances,
    runningEvacuation,
    runningMigration: otherMigrations.get(server.id),
  });
  switch (verdict.kind) {
    case 'evacuate':
      return undefined;
    case 'watch':
      return [];
    case 'leave':
      return [
        { type: 'task-ended', outcome: verdict.outcome, because: verdict.because, destination: null, atMs: sight.atMs },
      ];
    case 'person':
      return [endForPerson(verdict.because, sight.atMs)];
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
