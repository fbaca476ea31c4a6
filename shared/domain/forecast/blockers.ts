import type { ComputeService } from '#shared/ports.ts';
import { askGates } from '../gates/ask.ts';
import { isShut } from '../gates/gate.ts';
import { gatherEvidence, type OpenIncident } from '../gates/gather.ts';
import { NO_GUARD } from '../guards.ts';
import { type HostState, hostKeyOf, newHost } from '../host.ts';
import type { Policy, Segment } from '../policy.ts';
import { domainsOf, segmentsOf } from '../segments.ts';
import type { CloudView, Standing } from './view.ts';

/** Why each of some hosts would not be fenced if all of them failed now; nothing of those that would. */
export type Blockers = ReadonlyMap<string, readonly string[]>;

/**
 * Asks the same gates that would be asked then, as if enough reporters said of every one of them that it is down, Nova saw
 * it, and the grace period were over. What can only be tried out then is left out: whether other devices and services answer.
 */
export function blockersOf(
  failed: readonly ComputeService[],
  view: CloudView,
  standing: Standing,
  policy: Policy,
  nowMs: number,
): Blockers {
  const names = new Set(failed.map(({ host }) => host));
  const allServices = view.services.map(
    (service): ComputeService => (names.has(service.host) ? { ...service, state: 'down' } : service),
  );
  const segmentOf = new Map(allServices.map((service) => [service.host, segmentsOf(policy, service, view.aggregates)]));
  const hosts = new Map(
    failed.map((service) => [service.host, downHost(service, policy, segmentOf.get(service.host)?.[0], nowMs)]),
  );
  const openIncidents: readonly OpenIncident[] = [
    ...standing.openIncidents.filter(({ host }) => !names.has(host)),
    ...[...hosts.values()].map(({ key, name, claims }) => ({
      ...{ hostKey: key, host: name, claims, lastIncident: null },
      ...{ segment: segmentOf.get(name)?.[0]?.name ?? '', openedAtMs: nowMs - GRACE_MS },
    })),
  ];
  const domains = new Map(allServices.map(({ host }) => [host, domainsOf(policy, host, view.aggregates)]));
  /** Hosts of one segment that fail together differ in little: they are asked once. */
  const asked = new Map<string, readonly string[]>();
  return new Map(
    failed.map((service) => {
      const { host: name, status, disabledReason } = service;
      const segments = segmentOf.get(name) ?? [];
      const own = [...notReady(name, standing), ...held(segments)];
      const [segment] = segments;
      const host = hosts.get(name);
      if (segment === undefined || segments.length > 1 || host === undefined) return [name, own];
      const alike = JSON.stringify([segment.name, domains.get(name), status, disabledReason]);
      const known = asked.get(alike) ?? gatesShut(host, segment, { allServices, openIncidents, segmentOf, domains });
      asked.set(alike, known);
      return [name, [...own, ...known]];
    }),
  );

  function gatesShut(
    host: HostState,
    segment: Segment,
    seen: {
      readonly allServices: readonly ComputeService[];
      readonly openIncidents: readonly OpenIncident[];
      readonly segmentOf: ReadonlyMap<string, readonly Segment[]>;
      readonly domains: ReadonlyMap<string, readonly string[]>;
    },
  ): readonly string[] {
    const evidence = gatherEvidence({
      host,
      segment,
      policy,
      live: {
        service: seen.allServices.find((each) => each.host === host.name),
        segments: [segment.name],
        segmentServices: seen.allServices.filter((each) => seen.segmentOf.get(each.host)?.includes(segment)),
        allServices: seen.allServices,
        domainsOf: (name) => seen.domains.get(name) ?? [],
      },
      segmentGuard: standing.guards.get(segment.name) ?? NO_GUARD,
      globalGuard: standing.globalGuard,
      openIncidents: seen.openIncidents,
      beat: standing.beat,
      nowMs,
    });
    const tried = { ...evidence, probes: { devices: [], services: [] } };
    return askGates(tried, { policy, segment })
      .filter(isShut)
      .map(({ gate, because }) => `${gate}: ${because}`);
  }
}

/** Long enough that the incident is none of this moment. */
const GRACE_MS = 1000;

/** A host of which as many reporters as are needed say that it is down. */
function downHost(
  { id, host }: ComputeService,
  { cloud }: Policy,
  segment: Segment | undefined,
  nowMs: number,
): HostState {
  const { name, region } = cloud;
  const claim = { says: 'down', occurredAtMs: nowMs, receivedAtMs: nowMs } as const;
  const reporters = Array.from({ length: segment?.reporters.required ?? 1 }, (_, index) => `what-if-${index + 1}`);
  return {
    ...newHost({ key: hostKeyOf(name, region, id), cloud: name, region, name: host, serviceId: id }),
    claims: Object.fromEntries(reporters.map((reporter) => [reporter, claim])),
  };
}

function notReady(host: string, { readiness }: Standing): readonly string[] {
  const known = readiness.get(host);
  return known?.state === 'not-ready' ? [`it could not be fenced: ${known.because}`] : [];
}

function held(segments: readonly Segment[]): readonly string[] {
  if (segments.length === 0) return ['no segment of the policy holds it'];
  if (segments.length > 1) return [`several segments hold it: ${segments.map(({ name }) => name).join(', ')}`];
  return segments[0]?.mode === 'shadow' ? ['its segment is in mode shadow: nothing is touched'] : [];
}
