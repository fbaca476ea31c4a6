import type { ComputeService } from '#shared/ports.ts';
import { fenceDeviceOf } from './fence-device.ts';
import { type GuardState, percentOf, ticketsInWindow } from './guards.ts';
import type { HostState } from './host.ts';
import type { Policy, Segment } from './policy.ts';
import { countingDownClaims } from './reports.ts';

/** One question that must be answered with yes before a host is fenced, and the numbers it was answered with. */
export interface GateResult {
  readonly gate: GateName;
  readonly open: boolean;
  /** In a person's words, with every number that counted. */
  readonly because: string;
}

export type GateName =
  | 'nova-answers'
  | 'protected'
  | 'in-service'
  | 'reporters'
  | 'nova-sees-it-down'
  | 'segment-storm'
  | 'global-storm'
  | 'healthy-hosts'
  | 'segment-not-stopped'
  | 'fence-device';

/** What was read live for the decision: at most seconds old (S2). */
export interface LiveView {
  readonly service: ComputeService | undefined;
  /** Names of the segments that hold the host now; more than one is a fault of the policy. */
  readonly segments: readonly string[];
  /** The services of the segment's hosts, this one's too. */
  readonly segmentServices: readonly ComputeService[];
  readonly allServices: readonly ComputeService[];
}

export interface GateInput {
  readonly host: HostState;
  readonly segment: Segment;
  readonly policy: Policy;
  readonly live: LiveView;
  readonly segmentGuard: GuardState;
  readonly globalGuard: GuardState;
  /** Hosts with an open incident, this one's too; may lag behind by seconds. */
  readonly openIncidents: readonly { readonly hostKey: string; readonly segment: string }[];
  readonly nowMs: number;
}

const gate = (name: GateName, open: boolean, because: string): GateResult => ({ gate: name, open, because });

/** Every gate, in the order in which people ask; all are asked, so that the record is complete. */
export function askGates(input: GateInput): readonly GateResult[] {
  const { segmentServices, allServices } = input.live;
  const { segment, policy } = input;
  return [
    ...askHostGates(input),
    reportersGate(input),
    novaGate(input),
    stormGate('segment-storm', input, segment.storm, segmentServices.length),
    stormGate('global-storm', input, policy.global.storm, allServices.length),
    healthyHostsGate(input),
  ];
}

/** The gates that are asked again at the last moment before each power-off. */
export function askHostGates({ host, segment, policy, live, segmentGuard }: GateInput): readonly GateResult[] {
  const { service, segments } = live;
  const names = segments.join(', ') || 'none';
  const device = fenceDeviceOf(policy, host.name);
  return [
    gate(
      'protected',
      segments.length === 1 && segments[0] === segment.name,
      `segments that hold it now: ${names}; the incident's: ${segment.name}`,
    ),
    service === undefined
      ? gate('in-service', false, 'Nova knows no nova-compute service of this name')
      : service.id !== host.serviceId
        ? gate('in-service', false, `the compute service is ${service.id} now, the report was about ${host.serviceId}`)
        : gate(
            'in-service',
            service.status === 'enabled',
            service.status === 'enabled'
              ? 'its service is enabled'
              : `its service is disabled in Nova (${service.disabledReason ?? 'no reason given'}): taken as maintenance`,
          ),
    gate(
      'segment-not-stopped',
      segmentGuard.stopped === null,
      segmentGuard.stopped === null
        ? 'nothing has stopped the segment'
        : `the segment is stopped: ${segmentGuard.stopped.reason}`,
    ),
    gate(
      'fence-device',
      device !== undefined,
      device === undefined ? 'the policy names no fence device for it' : `${device.driver} at ${device.url}`,
    ),
  ];
}

function reportersGate({ host, segment, nowMs }: GateInput): GateResult {
  const { required, claimTtlSeconds } = segment.reporters;
  const down = countingDownClaims(host.claims, claimTtlSeconds, nowMs);
  return gate(
    'reporters',
    down.length >= required,
    `${down.length} of ${required} needed say down: ${down.join(', ') || 'nobody'}`,
  );
}

function novaGate({ segment, live }: GateInput): GateResult {
  const state = live.service === undefined ? 'unknown' : live.service.forcedDown ? 'forced down' : live.service.state;
  const open = !segment.requireNovaDown || state === 'down' || state === 'forced down';
  return gate(
    'nova-sees-it-down',
    open,
    `Nova sees the service ${state}; asked for: ${segment.requireNovaDown ? 'down' : 'nothing'}`,
  );
}

function stormGate(
  name: 'segment-storm' | 'global-storm',
  { host, segment, segmentGuard, globalGuard, openIncidents, nowMs }: GateInput,
  limits: Segment['storm'],
  hosts: number,
): GateResult {
  const ofSegment = name === 'segment-storm';
  // Hosts, not tickets: one that stays dead and is nagged about takes one for each of its incidents. And those that
  // are under suspicion at the same time: when fifty are gone at once, the first one is part of a storm as well.
  const tickets = ticketsInWindow(ofSegment ? segmentGuard : globalGuard, limits.windowSeconds, nowMs);
  const suspected = openIncidents.filter((each) => !ofSegment || each.segment === segment.name);
  const keys = [...tickets, ...suspected].map((each) => each.hostKey);
  const others = new Set(keys.filter((key) => key !== host.key)).size;
  const percent = percentOf(others + 1, hosts);
  // One host alone is never a storm, however small the segment is.
  const open = others + 1 <= limits.maxHosts && (others === 0 || percent <= limits.maxPercent);
  const because = `it would be host ${others + 1} of at most ${limits.maxHosts}, ${percent} % of ${hosts} hosts (at most ${limits.maxPercent} %), in ${limits.windowSeconds} s`;
  return gate(name, open, because);
}

function healthyHostsGate({ host, segment, live }: GateInput): GateResult {
  const healthy = live.segmentServices.filter((service) => service.host !== host.name && isHealthy(service)).length;
  return gate(
    'healthy-hosts',
    healthy >= segment.minHealthyHosts,
    `${healthy} other healthy hosts in the segment; at least ${segment.minHealthyHosts} are asked for`,
  );
}

/** Fit to take instances: up, enabled and not forced down. */
export const isHealthy = (service: ComputeService): boolean =>
  service.state === 'up' && service.status === 'enabled' && !service.forcedDown;
