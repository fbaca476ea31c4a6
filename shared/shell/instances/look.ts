import { whyDisarmed, whyStopped } from '#shared/domain/guards.ts';
import { hostKeyOf } from '#shared/domain/host.ts';
import type { InstanceIncident, InstanceState } from '#shared/domain/instance-recovery/instance.ts';
import {
  type InstanceSight,
  newestActions,
  protectionOf,
  seenInstance,
  seenSigns,
} from '#shared/domain/instance-recovery/sight.ts';
import { countOthers, withInstanceTicket } from '#shared/domain/instance-recovery/tickets.ts';
import type { Segment } from '#shared/domain/policy.ts';
import { decidesByAggregates, segmentsOf } from '#shared/domain/segments.ts';
import type { ComputeService, StateReader, StateWrite } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { guardChecks, type LoadedGuards, loadGuards } from '#shared/state/guards.ts';
import { hostUnchanged, loadHost } from '#shared/state/hosts.ts';
import { instanceTicketsWrite, loadInstanceTickets } from '#shared/state/instance-tickets.ts';
import { openInstances } from '#shared/state/instances.ts';
import { orOutage } from '../live.ts';
import { readSigns } from '../read-signs.ts';

export interface InstanceReading {
  readonly sight: InstanceSight;
  /** For the transaction of an intent: nobody has opened an incident of the host since, or moved a switch. */
  readonly unchanged: readonly StateWrite[];
  /** Counts it among those that failed, for the limits of its host and segment. */
  readonly ticket: StateWrite;
}

/**
 * Nova first, then all that is ours, consistently: an incident of the host that was opened before the intent is committed
 * is seen, or the commit fails.
 */
export async function lookAtInstance(
  services: Services,
  { id, incident }: InstanceState & { readonly incident: InstanceIncident },
  segment: Segment,
): Promise<InstanceReading | { readonly outage: string }> {
  const { state, policy, clock } = services;
  const seen = await orOutage(readNova(services, id, segment));
  if ('outage' in seen) return seen;
  const { server, signs, actions, service, aggregates } = seen.value;
  const { name: cloud, region } = policy.cloud;
  const hostKey = service === undefined ? incident.hostKey : hostKeyOf(cloud, region, service.id);
  const segments = service === undefined ? [] : segmentsOf(policy, service, aggregates).map(({ name }) => name);
  const [host, guards, tickets, open] = await Promise.all([
    loadHost(state, hostKey),
    guardsOf(state, [segment.name, ...segments]),
    loadInstanceTickets(state, segment.name),
    openInstances(state),
  ]);
  const nowMs = clock.now();
  // It counts where it failed, wherever it is by now.
  const ticket = { instanceId: id, hostKey: incident.hostKey, atMs: nowMs };
  const { windowSeconds = 0 } = segment.instanceRecovery ?? {};
  const ofSegment = open.filter((each) => each.segment === segment.name);
  const others = countOthers(tickets.value, ofSegment, ticket, windowSeconds);
  const sight: InstanceSight = {
    server: server === undefined ? null : seenInstance(server, segment),
    ...(signs === undefined ? {} : { signs: seenSigns(signs, segment) }),
    actions: newestActions(actions),
    service: service === undefined ? null : wordOf(service),
    segments,
    hostIncident: host?.value.incident?.status ?? null,
    disarmed: first(guards, (of) => whyDisarmed({ segment: of.segment.value, global: of.global.value }, nowMs)),
    stopped: first(guards, (of) => whyStopped(of.segment.value)),
    othersOnHost: others.onHost,
    othersOfSegment: others.ofSegment,
  };
  return {
    sight,
    unchanged: [hostUnchanged(hostKey, host), ...checksOf(guards)],
    ticket: instanceTicketsWrite(segment.name, tickets, withInstanceTicket(tickets.value, ticket)),
  };
}

/** Of the segment where it failed, and of those that hold it by now: a move may have led it into another. */
async function guardsOf(state: StateReader, segments: readonly string[]): Promise<ReadonlyMap<string, LoadedGuards>> {
  const names = [...new Set(segments)];
  return new Map(await Promise.all(names.map(async (name) => [name, await loadGuards(state, name)] as const)));
}

const first = (guards: ReadonlyMap<string, LoadedGuards>, why: (of: LoadedGuards) => string | undefined) =>
  [...guards.values()].map(why).find((each) => each !== undefined) ?? null;

/** Each item once, as a transaction wants it: all segments share the global one. */
function checksOf(guards: ReadonlyMap<string, LoadedGuards>): readonly StateWrite[] {
  const checks = [...guards].flatMap(([name, of]) => guardChecks(name, of));
  return [...new Map(checks.map((check) => [check.partition, check])).values()];
}

async function readNova({ compute, policy }: Services, id: string, segment: Segment) {
  const server = await compute.server(id);
  if (server === undefined) return { server, signs: undefined, actions: [], service: undefined, aggregates: [] };
  const [services, actions, aggregates, signs] = await Promise.all([
    compute.services(),
    compute.serverActions(id),
    decidesByAggregates(policy) ? compute.aggregates() : [],
    readSigns(compute, server.host ?? '', [server], protectionOf(segment)),
  ]);
  return {
    server,
    signs: signs.get(id),
    actions,
    service: services.find(({ host }) => host === server.host),
    aggregates,
  };
}

const KEPT_REASON = 255;

const wordOf = ({ status, disabledReason, state, forcedDown }: ComputeService): InstanceSight['service'] => ({
  status,
  disabledReason: disabledReason?.slice(0, KEPT_REASON) ?? null,
  state,
  forcedDown,
});
