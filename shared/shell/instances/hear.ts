import type { HostEvent, InstanceEvent } from '#events/host-event.ts';
import { decideInstanceReports } from '#shared/domain/instance-recovery/reports.ts';
import { ConflictError, RetryableError } from '#shared/errors.ts';
import type { SqsRecord } from '#shared/lambda/queue-function.ts';
import { deliveryOf } from '#shared/lambda/queue-function.ts';
import type { Services } from '#shared/services.ts';
import { loadInstance } from '#shared/state/instances.ts';
import type { KnownHost } from '../known-hosts.ts';
import { commitInstance, sendInstanceCommands } from './commit.ts';

const MAX_RACES = 8;

export interface Report<E extends HostEvent = HostEvent> {
  readonly record: SqsRecord;
  readonly event: E;
  readonly reporter: string;
}

/**
 * Folds what was said of single instances of a host into their own items, where the policy recovers them; it is on record
 * in the stream of the host as well. Repeats send nothing, unless they were received before.
 */
export async function hearInstances(services: Services, host: KnownHost, reports: readonly Report[]): Promise<void> {
  const { policy } = services;
  const segment = policy.segments.find(({ name }) => name === host.segment);
  if (segment?.instanceRecovery === undefined) return;
  const ofInstances = reports.filter((each): each is Report<InstanceEvent> => each.event.type === 'instance.down');
  const byInstance = Map.groupBy(ofInstances, ({ event }) => event.data.instanceId);
  await Promise.all([...byInstance].map(([id, all]) => hearOne(services, host, id, all)));
}

async function hearOne(
  services: Services,
  host: KnownHost,
  id: string,
  reports: readonly Report<InstanceEvent>[],
): Promise<void> {
  const { policy, clock, chance, state } = services;
  const segment = policy.segments.find(({ name }) => name === host.segment);
  const deliveries = reports.map(({ record, ...report }) => deliveryOf(record, report));
  const events = deliveries.map(({ message, sentAtMs }) => ({ ...message, receivedAtMs: sentAtMs }));
  const input = { events, host: host.host, hostKey: host.key, segment, newIncidentId: chance.id() };
  for (let race = 0; race < MAX_RACES; race += 1) {
    const loaded = await loadInstance(state, id);
    const atMs = clock.now();
    const facts = decideInstanceReports(loaded.value, input, policy, atMs);
    const basis = { by: 'instance-reports', atMs, segment: host.segment } as const;
    try {
      const committed = facts.length === 0 ? loaded : await commitInstance(services, loaded, { facts, basis });
      const opened = facts.some(({ type }) => type === 'instance-incident-opened');
      if (opened || deliveries.some(({ redelivered }) => redelivered))
        await sendInstanceCommands(services, committed.value);
      return;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  throw new RetryableError(`instance ${id} lost ${MAX_RACES} races`);
}
