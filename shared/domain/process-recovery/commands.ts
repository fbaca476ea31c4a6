import type { RecoverProcess } from '#events/commands.ts';
import type { OutgoingMessage } from '#shared/ports.ts';
import { delayTo } from '../commands.ts';
import type { ProcessesState } from './process.ts';

/** What the state asks for next; its receiver tells the repeat by the tick. */
export function commandsOfProcesses({ key, incident }: ProcessesState, nowMs: number): readonly OutgoingMessage[] {
  if (incident === null) return [];
  const { id: incidentId, tick } = incident;
  const message: RecoverProcess = { type: 'recover-process', version: 1, hostKey: key, incidentId, tick };
  return [{ message, delaySeconds: delayTo(incident.dueAtMs, nowMs) }];
}
