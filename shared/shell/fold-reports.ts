import type { HostFact, HostState } from '#shared/domain/host.ts';
import { decideReports, type ReceivedEvent, type ReportInput } from '#shared/domain/reports.ts';
import { ConflictError, RetryableError } from '#shared/errors.ts';
import { deliveryOf, type SqsRecord } from '#shared/lambda/queue-function.ts';
import type { Services } from '#shared/services.ts';
import { loadHostOrNew } from '#shared/state/hosts.ts';
import { believedBeats, keepLease, lastBeat } from './keep-lease.ts';
import type { KnownHost } from './known-hosts.ts';
import { commitHost, sendCommands } from './step.ts';

const MAX_RACES = 8;

/**
 * Folds reports of one host into its state, and renews its lease by its heartbeats. Pure repeats write nothing and send
 * nothing, unless one of them was received before: then the function that had it may have died between commit and send.
 */
export async function foldReports(
  services: Services,
  host: KnownHost,
  reports: readonly (Pick<ReceivedEvent, 'event' | 'reporter' | 'spare'> & { readonly record: SqsRecord })[],
): Promise<void> {
  const { policy, clock, chance } = services;
  const deliveries = reports.map(({ record, ...report }) => deliveryOf(record, report));
  const events = deliveries.map(({ message, sentAtMs }) => ({ ...message, receivedAtMs: sentAtMs }));
  const beats = await believedBeats(services, host, events);
  const input: Omit<ReportInput, 'events'> = {
    segment: policy.segments.find((segment) => segment.name === host.segment),
    newIncidentId: chance.id(),
  };
  for (let race = 0; race < MAX_RACES; race += 1) {
    const { key, cloud, region, host: name, serviceId } = host;
    const loaded = await loadHostOrNew(services.state, { key, cloud, region, name, serviceId });
    const nowMs = clock.now();
    const first = decideReports(loaded.value, { ...input, events }, policy, nowMs);
    const { beats: before, ...heard } = isNewDoubt(loaded.value, first)
      ? await lastBeat(services, host, nowMs)
      : { beats: undefined };
    const facts =
      before === undefined
        ? first
        : decideReports(loaded.value, { ...input, ...heard, events: [...before, ...events] }, policy, nowMs);
    const basis = { by: 'reports', atMs: nowMs, segment: input.segment?.name ?? null, ...heard } as const;
    try {
      const committed = facts.length > 0 ? await commitHost(services, loaded, { facts, basis }) : loaded;
      const moved = committed.value.incident?.tick !== loaded.value.incident?.tick;
      if (moved || deliveries.some((delivery) => delivery.redelivered)) await sendCommands(services, committed.value);
      await keepLease(services, host, beats);
      return;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  throw new RetryableError(`host ${host.host} lost ${MAX_RACES} races`);
}

/** Then the host's lease has to be heard too: while nobody doubted it, its heartbeats were not written down elsewhere. */
const isNewDoubt = ({ incident }: HostState, facts: readonly HostFact[]): boolean =>
  incident === null && facts.some((fact) => fact.type === 'reported' && fact.says === 'down');
