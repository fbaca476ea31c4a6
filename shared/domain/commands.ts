import type { QueueMessage } from '#events/catalog.ts';
import type { StepCommand } from '#events/commands.ts';
import type { OutgoingMessage } from '#shared/ports.ts';
import type { HostState, IncidentStatus } from './host.ts';

/** SQS delays a message by 900 s at most; a longer wait is a chain of messages. */
const MAX_DELAY_SECONDS = 900;

export const delayTo = (dueAtMs: number, nowMs: number): number =>
  Math.min(MAX_DELAY_SECONDS, Math.max(0, Math.ceil((dueAtMs - nowMs) / 1000)));

const STEP_OF: Readonly<Record<Exclude<IncidentStatus, 'stopped'>, StepCommand['type']>> = {
  suspected: 'confirm-host-down',
  held: 'confirm-host-down',
  fencing: 'fence-host',
  'forcing-down': 'fence-host',
  planning: 'plan-evacuation',
  evacuating: 'follow-evacuations',
  'handing-over': 'follow-evacuations',
};

/**
 * What the state asks for next. Pure, so that it can be asked again after a crash and gives the same command:
 * its receiver tells the repeat by the tick.
 */
export function commandsOf(host: HostState, nowMs: number): readonly OutgoingMessage[] {
  const { key: hostKey, incident, returning, maintenance } = host;
  const common = { version: 1, hostKey } as const;
  const commands: OutgoingMessage[] = [];
  const add = (message: QueueMessage, dueAtMs: number): void => {
    commands.push({ message, delaySeconds: delayTo(dueAtMs, nowMs) });
  };
  if (incident !== null && incident.status !== 'stopped') {
    const { id: incidentId, tick, status } = incident;
    add({ type: STEP_OF[status], ...common, incidentId, tick }, incident.dueAtMs);
  }
  if (returning != null)
    add({ type: 'return-host', ...common, returnId: returning.id, tick: returning.tick }, returning.dueAtMs);
  if (maintenance != null && maintenance.dueAtMs !== null)
    add(
      { type: 'maintain-host', ...common, maintenanceId: maintenance.id, tick: maintenance.tick },
      maintenance.dueAtMs,
    );
  return commands;
}
