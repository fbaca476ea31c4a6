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
  const incident = host.incident;
  if (incident === null || incident.status === 'stopped') return [];
  const delaySeconds = delayTo(incident.dueAtMs, nowMs);
  const message: StepCommand = {
    type: STEP_OF[incident.status],
    version: 1,
    hostKey: host.key,
    incidentId: incident.id,
    tick: incident.tick,
  };
  return [{ message, delaySeconds }];
}
