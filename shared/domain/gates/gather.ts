import type { ComputeService } from '#shared/ports.ts';
import { type GuardState, type Ticket, whyDisarmed, whyStopped } from '../guards.ts';
import { type HostState, hostKeyOf } from '../host.ts';
import { sourceOf } from '../reporters.ts';
import { countingDownClaims } from '../reports.ts';
import type { Beat } from '../settling.ts';
import { domainFailures } from './domains.ts';
import type { Evidence, Surroundings } from './evidence.ts';
import { failuresOf, newest } from './failures.ts';
import type { Rules } from './gate.ts';
import { isHealthy } from './healthy.ts';
import { isMaintenance } from './of-host.ts';
import { isOldFailure } from './old-failure.ts';

/** What was read live for the decision: at most seconds old (S2). */
export interface LiveView {
  readonly service: ComputeService | undefined;
  /** Names of the segments that hold the host now. */
  readonly segments: readonly string[];
  /** The services of the segment's hosts, this one's too. */
  readonly segmentServices: readonly ComputeService[];
  readonly allServices: readonly ComputeService[];
  /** The failure domains of a host, by its name. */
  readonly domainsOf: (host: string) => readonly string[];
}

/** A host with an open incident. */
export interface OpenIncident {
  readonly hostKey: string;
  readonly host: string;
  readonly segment: string;
  readonly openedAtMs: number;
  readonly claims: HostState['claims'];
  readonly lastIncident: HostState['lastIncident'];
}

/** Everything that was read for one decision, of whatever size. */
export interface Readings extends Rules {
  readonly host: HostState;
  readonly live: LiveView;
  readonly segmentGuard: GuardState;
  readonly globalGuard: GuardState;
  /** Hosts with an open incident, this one's too; may lag behind by seconds. */
  readonly openIncidents: readonly OpenIncident[];
  readonly beat: Beat | null;
  readonly nowMs: number;
}

const KEPT_REASON = 255;

export function gatherEvidence(readings: Readings): Evidence {
  const { host, segment, live, segmentGuard, globalGuard, openIncidents, nowMs } = readings;
  const services = new Map(live.allServices.map((each) => [each.host, each]));
  const others = openIncidents.filter((each) => each.hostKey !== host.key && isNews(each, services));
  const ofSegment = others.filter((each) => each.segment === segment.name);
  return {
    atMs: nowMs,
    host: { key: host.key, name: host.name, serviceId: host.serviceId },
    segments: live.segments,
    service: live.service === undefined ? null : wordOf(live.service),
    claims: host.claims,
    ...(host.maintenance == null ? {} : { maintenance: `by ${host.maintenance.by}: ${host.maintenance.reason}` }),
    ...(host.incident?.dumping === undefined ? {} : { dumping: host.incident.dumping }),
    ...(host.incident?.offConfirmed === undefined ? {} : { offConfirmed: host.incident.offConfirmed }),
    accusations: accusations(readings, others),
    stopped: whyStopped(segmentGuard) ?? null,
    disarmed: whyDisarmed({ segment: segmentGuard, global: globalGuard }, nowMs) ?? null,
    ofSegment: surroundings(host, live.segmentServices, segmentGuard, ofSegment),
    ofAll: surroundings(host, live.allServices, globalGuard, others),
    domains: domainFailures(host.key, keysOf(others), otherTickets(globalGuard, host.key), domainsByKey(readings)),
    beat: readings.beat,
    probes: null,
  };
}

const wordOf = ({ id, status, disabledReason, state, forcedDown }: ComputeService): Evidence['service'] => ({
  id,
  status,
  disabledReason: disabledReason?.slice(0, KEPT_REASON) ?? null,
  state,
  forcedDown,
});

/** Not what a person has in hand already, which salvor leaves alone, nor a failure that was counted when it was new. */
function isNews(incident: OpenIncident, services: ReadonlyMap<string, ComputeService>): boolean {
  const service = services.get(incident.host);
  return service === undefined || !(isMaintenance(service) || isOldFailure(incident, service));
}

const keysOf = (incidents: readonly OpenIncident[]): ReadonlySet<string> =>
  new Set(incidents.map(({ hostKey }) => hostKey));
const otherTickets = ({ tickets }: GuardState, hostKey: string): readonly Ticket[] =>
  tickets.filter((ticket) => ticket.hostKey !== hostKey);

function surroundings(
  host: HostState,
  services: readonly ComputeService[],
  guard: GuardState,
  others: readonly OpenIncident[],
): Surroundings {
  const open = keysOf(others);
  const tickets = otherTickets(guard, host.key);
  const suspects = new Set(others.map((each) => each.host));
  const healthy = services.filter((service) => service.host !== host.name && isHealthy(service));
  const healthyOthers = healthy.filter((service) => !suspects.has(service.host)).length;
  const own = host.incident === null ? [] : [host.incident.openedAtMs];
  return {
    hosts: services.length,
    upOthers: services.filter((service) => service.host !== host.name && service.state === 'up').length,
    healthyOthers,
    suspectOthers: healthy.length - healthyOthers,
    ...failuresOf(open, tickets),
    openConfirmedAtMs: newest(tickets.filter(({ hostKey }) => open.has(hostKey)).map(({ atMs }) => atMs)),
    openedAtMs: newest([...own, ...others.map(({ openedAtMs }) => openedAtMs)]),
    storm: guard.storm,
  };
}

/** By the claims on hosts with an open incident: whoever calls a host down that is not opens one. */
function accusations({ host, segment, policy, nowMs }: Readings, others: readonly OpenIncident[]) {
  const sourcesFor = (claims: HostState['claims']): ReadonlySet<string> => {
    const down = countingDownClaims(claims, segment.reporters.claimTtlSeconds, nowMs);
    return new Set(down.map((reporter) => sourceOf(reporter, policy.reporterGroups)));
  };
  const accused = others.map(({ claims }) => sourcesFor(claims));
  return [...sourcesFor(host.claims)]
    .sort()
    .map((source) => ({ source, hosts: 1 + accused.filter((sources) => sources.has(source)).length }));
}

/** A host that Nova no longer has is in no domain. */
function domainsByKey({ host, live }: Readings): (hostKey: string) => readonly string[] {
  const { cloud, region } = host;
  const names = new Map(live.allServices.map((each) => [hostKeyOf(cloud, region, each.id), each.host]));
  return (hostKey) => {
    const name = names.get(hostKey);
    return name === undefined ? [] : live.domainsOf(name);
  };
}
