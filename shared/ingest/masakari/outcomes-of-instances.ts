import { streamOfInstance } from '#shared/domain/audit.ts';
import type { InstanceOutcome } from '#shared/domain/instance-recovery/instance.ts';
import { reasonOf, ruleOf } from '#shared/domain/instance-recovery/reasons.ts';
import type { Services } from '#shared/services.ts';
import { type InstanceEntry, listInstanceIncidents, loadInstance } from '#shared/state/instances.ts';
import type { NotificationRecord } from '#shared/state/notifications.ts';
import { hostEventOf } from './host-event.ts';
import { firstOpenedMs, ignored, incidentOf, type Outcome, unheard } from './outcome.ts';

/** What became of notifications of instances. */
export async function instanceOutcomes(
  services: Services,
  records: readonly NotificationRecord[],
): Promise<(record: NotificationRecord) => Outcome> {
  const nowMs = services.clock.now();
  const minded = records.filter((record) => notMinded(services, record) === undefined);
  const wanted = new Set(minded.map(instanceOf));
  const entries: InstanceEntry[] = [];
  if (wanted.size > 0)
    for await (const entry of listInstanceIncidents(services.state, firstOpenedMs(minded)))
      if (wanted.has(entry.instanceId)) entries.push(entry);
  const incidents = Map.groupBy(entries, ({ instanceId }) => instanceId);
  const holds = await holdsOf(services, entries);
  return (record) => {
    const because = notMinded(services, record);
    if (because !== undefined) return ignored(because);
    const incident = incidentOf(record, incidents.get(instanceOf(record)));
    return incident === undefined ? unheard(record, nowMs) : outcomeOf(incident, holds.get(incident.id) ?? null);
  };
}

const eventOf = (record: NotificationRecord) => {
  const event = hostEventOf(record);
  return event.type === 'instance.down' ? event : undefined;
};
const instanceOf = (record: NotificationRecord): string => eventOf(record)?.data.instanceId ?? '';

/** Why nothing is done about it, in words; undefined when something may be. */
function notMinded({ policy }: Services, record: NotificationRecord): string | undefined {
  const recovery = policy.segments.find(({ name }) => name === record.segment)?.instanceRecovery;
  if (recovery === undefined)
    return 'Recorded as evidence: by its policy salvor does nothing for an instance of a host that runs.';
  const event = eventOf(record);
  const reason = event && reasonOf(event);
  if (reason === undefined) return `Recorded as evidence: "${event?.data.event}" does not say that it has failed.`;
  return ruleOf(recovery, reason).do === 'record'
    ? `Recorded as evidence: the policy does nothing for ${reason}.`
    : undefined;
}

/** What the open ones wait for. */
async function holdsOf(
  { state }: Services,
  entries: readonly InstanceEntry[],
): Promise<ReadonlyMap<string, string | null>> {
  const holds = new Map<string, string | null>();
  for (const { id, instanceId, closedAtMs } of entries) {
    if (closedAtMs !== null) continue;
    const { incident } = (await loadInstance(state, instanceId)).value;
    if (incident?.id !== id || incident.status !== 'held') continue;
    holds.set(id, `Waits: ${incident.holds.map(({ hold, because }) => `${hold}: ${because}`).join('; ')}`);
  }
  return holds;
}

const STATUS: Readonly<Record<InstanceOutcome, Outcome['status']>> = {
  restarted: 'finished',
  moved: 'finished',
  person: 'failed',
  left: 'ignored',
  'stood-down': 'ignored',
  'taken-over': 'ignored',
  shadow: 'ignored',
};

function outcomeOf({ id, instanceId, openedAtMs, closedAtMs, outcome, because }: InstanceEntry, waits: string | null) {
  const incident = { id, stream: streamOfInstance(instanceId), openedAtMs, closedAtMs };
  if (outcome === null) return { incident, status: 'running', updatedAtMs: openedAtMs, message: waits } as const;
  const status = STATUS[outcome];
  return { incident, status, updatedAtMs: closedAtMs, message: status === 'finished' ? null : because };
}
