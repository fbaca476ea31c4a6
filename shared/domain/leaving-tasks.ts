import type { HostFact, Incident } from './host.ts';
import { toGiveBack } from './reserved-hosts.ts';
import type { TaskState } from './task.ts';
import { headsOf } from './verify.ts';

/**
 * The host has come back before anything was evacuated: its tasks, if any were planned, stay as they are, and the
 * incident's end says so; and which reserved hosts were enabled for it, as nobody gives them back then.
 */
export function leavingTasks(
  facts: readonly HostFact[],
  tasks: readonly TaskState[],
  incident: Incident | null,
): readonly HostFact[] {
  if (tasks.length === 0) return facts;
  const reserved = incident === null ? [] : toGiveBack(incident);
  const left = `; ${tasks.length} instances that tasks were planned for stay where they are`;
  const enabled = reserved.length === 0 ? '' : `; reserved hosts that were enabled for them: ${reserved.join(', ')}`;
  return facts.map((fact) => {
    // Stryker disable next-line ConditionalExpression: no other fact has task heads, and the type is for the compiler
    if (fact.type !== 'incident-closed') return fact;
    if (fact.taskHeads !== null) return fact;
    const because = `${fact.because}${left}${enabled}`;
    return { ...fact, because, counts: { left: tasks.length }, taskHeads: headsOf(tasks) };
  });
}
