import type { RecoverInstance } from '#events/commands.ts';
import type { OutgoingMessage } from '#shared/ports.ts';
import { delayTo } from '../commands.ts';
import type { InstanceState } from './instance.ts';

/** What the state asks for next; its receiver tells the repeat by the tick. */
export function commandsOfInstance({ id, incident }: InstanceState, nowMs: number): readonly OutgoingMessage[] {
  if (incident === null) return [];
  const { id: incidentId, hostKey, tick } = incident;
  const message: RecoverInstance = {
    type: 'recover-instance',
    version: 1,
    hostKey,
    instanceId: id,
    incidentId,
    tick,
  };
  return [{ message, delaySeconds: delayTo(incident.dueAtMs, nowMs) }];
}
