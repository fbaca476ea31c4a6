import { whyDisarmed, whyStopped } from '#shared/domain/guards.ts';
import { hostKeyOf } from '#shared/domain/host.ts';
import type { Open } from '#shared/domain/instance-recovery/settle.ts';
import {
  type InstanceSight,
  newestActions,
  protectionOf,
  seenInstance,
  seenSigns,
} from '#shared/domain/instance-recovery/sight.ts';
import { countOthers, movesUnderWay, withInstanceTicket } from '#shared/domain/instance-recovery/tickets.ts';
import { mayBegin } from '#shared/domain/instance-recovery/where-to.ts';
import type { Segment } from '#shared/domain/policy.ts';
import { decidesByAggregates, placesByAggregates, segmentsOf } from '#shared/domain/segments.ts';
import type { ComputeService, StateReader, StateWrite } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { guardChecks, type LoadedGuards, loadGuards } from '#shared/state/guards.ts';
import { hostUnchanged, loadHost } from '#shared/state/hosts.ts';
import { instanceTicketsWrite, loadInstanceTickets } from '#shared/state/instance-tickets.ts';
import { openInstances } from '#shared/state/instances.ts';
import { orOutage } from '../live.ts';
import { readSigns } from '../read-signs.ts';
import { hostsForMove, readPlaces } from './hosts-for-move.ts';

export interface InstanceReading {
  readonly sight: InstanceSight;
  /** For the transaction of an intent: nobody has opened an incident of the host since, or moved a switch. */
  readonly unchanged: readonly StateWrite[];
  /** The same of the host that it would be moved to. */
  readonly destinationUnchanged: readonly StateWrite[];
  /** Counts it among those that failed, for the limits of its host and segment. @param to where it is moved to */
  readonly ticket: (to?: string) => StateWrite;
}

/**
 * Nova first, then all that is ours, consistently: an incident of the host that was opened before the intent is committed
 * is seen, or the commit fails.
 */
export async function lookAtInstance(
  services: Services,
  instance: Open,
  segment: Segment,
): Promise<InstanceReading | { readonly outage: string }> {
  const { state, policy, clock } = services;
  const { id, incident } = instance;
  const seen = await orOutage(readNova(services, instance, segment));
  if ('outage' in seen) return seen;
  const { server, signs, actions, services: known, service, aggregates, places } = seen.value;
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
  const own = { instanceId: id, hostKey: incident.hostKey, atMs: nowMs };
  const { windowSeconds = 0 } = segment.instanceRecovery ?? {};
  const ofSegment = open.filter((each) => each.segment === segment.name);
  const others = countOthers(tickets.value, ofSegment, own, windowSeconds);
  const { hosts, unchanged: destinationUnchanged = [] } =
    server === undefined || service === undefined || places === undefined
      ? {}
      : await hostsForMove(services, segment, {
          ...{ server, service, services: known, aggregates, ...places, refusedBy: incident.refusedBy ?? [] },
          underWay: movesUnderWay(tickets.value, ofSegment, id),
        });
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
    ...(hosts === undefined ? {} : { hosts }),
  };
  return {
    sight,
    unchanged: [hostUnchanged(hostKey, host), ...checksOf(guards)],
    destinationUnchanged,
    ticket: (to) => {
      const ticket = to === undefined ? own : { ...own, to };
      return instanceTicketsWrite(segment.name, tickets, withInstanceTicket(tickets.value, ticket));
    },
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

async function readNova(all: Services, { id, incident }: Open, segment: Segment) {
  const { compute, policy } = all;
  const server = await compute.server(id);
  const nothing = {
    signs: undefined,
    actions: [],
    services: [],
    service: undefined,
    aggregates: [],
    places: undefined,
  };
  if (server === undefined) return { server, ...nothing };
  const recovery = segment.instanceRecovery;
  const moves = recovery !== undefined && mayBegin(incident, recovery);
  const needsAggregates = decidesByAggregates(policy) || (moves && placesByAggregates(policy, segment));
  const [services, actions, aggregates, signs, places] = await Promise.all([
    compute.services(),
    compute.serverActions(id),
    needsAggregates ? compute.aggregates() : [],
    readSigns(compute, server.host ?? '', [server], protectionOf(segment)),
    moves ? readPlaces(all, server, segment) : undefined,
  ]);
  const service = services.find(({ host }) => host === server.host);
  return { server, signs: signs.get(id), actions, services, service, aggregates, places };
}

const KEPT_REASON = 255;

const wordOf = ({ status, disabledReason, state, forcedDown }: ComputeService): InstanceSight['service'] => ({
  status,
  disabledReason: disabledReason?.slice(0, KEPT_REASON) ?? null,
  state,
  forcedDown,
});
