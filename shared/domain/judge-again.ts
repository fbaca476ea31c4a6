import type { GrantInput } from './grant.ts';
import { judgeInstance } from './instances.ts';
import { isRunning, type SeenServer } from './seen.ts';
import { gone } from './settle.ts';
import { counted, endedAs, type TaskFact, type TaskState } from './task.ts';

interface Verdict {
  /** As it was listed, when it may be evacuated. */
  readonly server?: SeenServer;
  /** Facts that end the task instead; none when it has to be looked up first. */
  readonly ends: readonly TaskFact[];
}

/** Judges an instance that waits for its turn by what Nova says now. */
export function judgeAgain(
  task: TaskState,
  because: string,
  { sight, segment, otherMigrations }: Pick<GrantInput, 'sight' | 'segment' | 'otherMigrations'>,
): Verdict {
  const server = sight.onHost?.get(task.instanceId);
  if (server === undefined) return { ends: gone(task, sight) ?? [] };
  if (counted(task) >= segment.evacuation.maxAttempts)
    return { ends: [endedAs('person', `${because}, after ${counted(task)} attempts`, sight.atMs)] };
  const verdict = judgeInstance(server, {
    // Our own failed attempt leaves it in ERROR: that is no reason to give up.
    instances: task.attempts > 0 ? { ...segment.instances, inError: 'recover' } : segment.instances,
    signs: task.signs ?? {},
    runningEvacuation: sight.evacuationsOf.get(server.id)?.find(isRunning),
    runningMigration: otherMigrations.get(server.id),
    restoring: task.restore !== undefined && task.attempts > 0,
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
