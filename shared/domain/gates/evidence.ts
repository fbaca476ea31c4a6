import type { ComputeService } from '#shared/ports.ts';
import type { GuardState } from '../guards.ts';
import type { HostState } from '../host.ts';
import type { Rules } from './gate.ts';
import { isHealthy } from './healthy.ts';

/**
 * All that the gates are asked of, as it was read at one moment: JSON, and small however large the cloud is. It goes
 * into the audit with the decision, so that the gates can be asked again, under the same limits or under others.
 * Which hosts belong to the segment is as the policy of that moment had it.
 */
export interface Evidence {
  /** Unix ms, as all times here. */
  readonly atMs: number;
  readonly host: Pick<HostState, 'key' | 'name' | 'serviceId'>;
  /** Names of the segments that held the host; more than one is a fault of the policy. */
  readonly segments: readonly string[];
  /** Nova's word on the host's service; null when it knows none of this name. */
  readonly service: Pick<ComputeService, 'id' | 'status' | 'disabledReason' | 'state' | 'forcedDown'> | null;
  readonly claims: HostState['claims'];
  /** Why the segment is stopped. */
  readonly stopped: string | null;
  readonly ofSegment: Surroundings;
  /** Of the whole region. */
  readonly ofAll: Surroundings;
}

/** The hosts around the failed one. */
export interface Surroundings {
  /** Compute hosts, the failed one too. */
  readonly hosts: number;
  /** Other hosts that are up, enabled and not forced down. */
  readonly healthyOthers: number;
  /** Other hosts with an open incident; may lag behind by seconds. */
  readonly openOthers: number;
  /** When each further host was last confirmed down, newest first. By its ticket, so that it never lags behind. */
  readonly confirmedAtMs: readonly number[];
  /** Hosts older than those of `confirmedAtMs`, which is cut. */
  readonly leftOut: number;
}

/** What was read live for the decision: at most seconds old (S2). */
export interface LiveView {
  readonly service: ComputeService | undefined;
  /** Names of the segments that hold the host now. */
  readonly segments: readonly string[];
  /** The services of the segment's hosts, this one's too. */
  readonly segmentServices: readonly ComputeService[];
  readonly allServices: readonly ComputeService[];
}

/** Another host with an open incident. */
export interface OpenIncident {
  readonly hostKey: string;
  readonly segment: string;
}

/** Everything that was read for one decision, of whatever size. */
export interface Readings extends Rules {
  readonly host: HostState;
  readonly live: LiveView;
  readonly segmentGuard: GuardState;
  readonly globalGuard: GuardState;
  /** Hosts with an open incident, this one's too; may lag behind by seconds. */
  readonly openIncidents: readonly OpenIncident[];
  readonly nowMs: number;
}

/** No policy that fences more hosts than this within a window is told apart from one that fences them all. */
const KEPT_CONFIRMATIONS = 500;
const KEPT_REASON = 255;

export function gatherEvidence(readings: Readings): Evidence {
  const { host, segment, live, segmentGuard, globalGuard, openIncidents, nowMs } = readings;
  const ofSegment = openIncidents.filter((each) => each.segment === segment.name);
  return {
    atMs: nowMs,
    host: { key: host.key, name: host.name, serviceId: host.serviceId },
    segments: live.segments,
    service: live.service === undefined ? null : wordOf(live.service),
    claims: host.claims,
    stopped: segmentGuard.stopped === null ? null : segmentGuard.stopped.reason,
    ofSegment: surroundings(host, live.segmentServices, segmentGuard, ofSegment),
    ofAll: surroundings(host, live.allServices, globalGuard, openIncidents),
  };
}

const wordOf = ({ id, status, disabledReason, state, forcedDown }: ComputeService): Evidence['service'] => ({
  id,
  status,
  disabledReason: disabledReason?.slice(0, KEPT_REASON) ?? null,
  state,
  forcedDown,
});

function surroundings(
  { key, name }: HostState,
  services: readonly ComputeService[],
  { tickets }: GuardState,
  openIncidents: readonly OpenIncident[],
): Surroundings {
  const open = new Set(openIncidents.map(({ hostKey }) => hostKey).filter((hostKey) => hostKey !== key));
  // Hosts, not tickets: one that stays dead and is nagged about takes one for each of its incidents.
  const confirmed = new Map<string, number>();
  for (const { hostKey, atMs } of tickets)
    if (hostKey !== key && !open.has(hostKey)) confirmed.set(hostKey, Math.max(atMs, confirmed.get(hostKey) ?? 0));
  const confirmedAtMs = [...confirmed.values()].sort((a, b) => b - a);
  return {
    hosts: services.length,
    healthyOthers: services.filter((service) => service.host !== name && isHealthy(service)).length,
    openOthers: open.size,
    confirmedAtMs: confirmedAtMs.slice(0, KEPT_CONFIRMATIONS),
    leftOut: Math.max(0, confirmedAtMs.length - KEPT_CONFIRMATIONS),
  };
}
