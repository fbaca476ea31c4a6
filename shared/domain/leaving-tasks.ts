import type { HostFact } from './host.ts';
import type { TaskState } from './task.ts';
import { headsOf } from './verify.ts';

/**
 * The host has come back before anything was evacuated: its tasks, if any were planned, stay as they are, and the
 * incident's end says so.
 */
export function leavingTasks(facts: readonly HostFact[], tasks: readonly TaskState[]): readonly HostFact[] {
  if (tasks.length === 0) return facts;
  const left = `; ${tasks.length} instances that tasks were planned for stay where they are`;
  return facts.map((fact) => {
    // Stryker disable next-line ConditionalExpression: no other fact has task heads, and the type is for the compiler
    if (fact.type !== 'incident-closed') return fact;
    if (fact.taskHeads !== null) return fact;
    return { ...fact, because: `${fact.because}${left}`, counts: { left: tasks.length }, taskHeads: headsOf(tasks) };
  });
}
