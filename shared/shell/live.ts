import type { Evidence } from '#shared/domain/gates/evidence.ts';
import { gatherEvidence, type LiveView, type OpenIncident } from '#shared/domain/gates/gather.ts';
import { isOldFailure } from '#shared/domain/gates/old-failure.ts';
import { whyHalted } from '#shared/domain/guards.ts';
import type { HostState } from '#shared/domain/host.ts';
import type { Policy, Segment } from '#shared/domain/policy.ts';
import { decidesByAggregates, domainsOf, segmentsOf } from '#shared/domain/segments.ts';
import { PermanentError, RetryableError } from '#shared/errors.ts';
import type { Services } from '#shared/services.ts';
import { loadBeat } from '#shared/state/beat.ts';
import { type LoadedGuards, loadGuards } from '#shared/state/guards.ts';
import { openHosts } from '#shared/state/hosts.ts';
import { inForce } from './policy-in-force.ts';

/** The segment an incident was opened under. It is an error of the operator to rename one while it is in use. */
export function segmentOf({ policy }: Services, name: string): Segment {
  const segment = policy.segments.find((each) => each.name === name);
  if (segment === undefined)
    throw new PermanentError(
      `the policy has no segment ${name} any more, but an incident of it is open: put it back until that is closed`,
    );
  return segment;
}

/** What Nova was read to say, and by that the segments of the host under whatever policy is in force. */
interface NovaView extends LiveView {
  readonly heldIn: (policy: Policy) => readonly string[];
}

/** Membership, maintenance and health as Nova tells them now (S2). */
export async function readLive(services: Services, host: HostState, segment: Segment): Promise<NovaView> {
  const { compute, policy } = services;
  const [allServices, aggregates] = await Promise.all([
    compute.services(),
    decidesByAggregates(policy) ? compute.aggregates() : [],
  ]);
  const service = allServices.find((each) => each.host === host.name);
  const heldIn = (now: Policy): readonly string[] =>
    service === undefined ? [] : segmentsOf(now, service, aggregates).map(({ name }) => name);
  return {
    service,
    heldIn,
    segments: heldIn(policy),
    segmentServices: allServices.filter((each) => segmentsOf(policy, each, aggregates).includes(segment)),
    allServices,
    domainsOf: (name) => domainsOf(policy, name, aggregates),
  };
}

export interface GateReading {
  readonly evidence: Evidence;
  readonly live: LiveView;
  readonly openIncidents: readonly OpenIncident[];
  readonly guards: LoadedGuards;
  /** The host's failure had its tickets when it was new. */
  readonly old: boolean;
}

/**
 * Everything the gates ask for: Nova as it was just read, both guards, the host's claims. Segments that were made through
 * the Masakari API are read behind the guards, which each change of them writes: what is committed with the guards
 * unchanged was decided on the segments of that moment.
 */
export async function readGates(
  services: Services,
  host: HostState,
  segment: Segment,
  seen: NovaView,
): Promise<GateReading> {
  const [guards, open, beat] = await Promise.all([
    loadGuards(services.state, segment.name),
    openHosts(services.state, Number.MAX_SAFE_INTEGER),
    loadBeat(services.state),
  ]);
  const openIncidents = open.flatMap(({ key, name, incident, claims, lastIncident }) =>
    incident === null
      ? []
      : [
          {
            hostKey: key,
            host: name,
            segment: incident.segment,
            openedAtMs: incident.openedAtMs,
            claims,
            lastIncident,
          },
        ],
  );
  const { policy, clock } = services;
  const now = await inForce(services);
  const live = now === services ? seen : { ...seen, segments: seen.heldIn(now.policy) };
  const evidence = gatherEvidence({
    host,
    segment,
    policy,
    live,
    segmentGuard: guards.segment.value,
    globalGuard: guards.global.value,
    openIncidents,
    beat: beat?.value ?? null,
    nowMs: clock.now(),
  });
  return { evidence, live, openIncidents, guards, old: isOldFailure(host, live.service) };
}

/** Nova first, then all that is ours: a guard is never older than what is decided on it. */
export async function readForGates(
  services: Services,
  host: HostState,
  segment: Segment,
): Promise<{ readonly reading: GateReading } | { readonly outage: string }> {
  const live = await orOutage(readLive(services, host, segment));
  return 'outage' in live ? live : { reading: await readGates(services, host, segment, live.value) };
}

/** Why nothing may be asked of the outside for hosts of this segment now, with the guards that say so. */
export async function readHalt(
  { state, clock }: Services,
  segment: Segment,
): Promise<{ readonly guards: LoadedGuards; readonly halted: string | undefined }> {
  const guards = await loadGuards(state, segment.name);
  const halted = whyHalted({ segment: guards.segment.value, global: guards.global.value }, clock.now());
  return { guards, halted };
}

/**
 * A read of Nova, or why there is none. An outage is a state with growing pauses that a person can see, not a
 * message that is retried until it falls into the dead-letter queue.
 */
export async function orOutage<T>(read: Promise<T>): Promise<{ readonly value: T } | { readonly outage: string }> {
  try {
    return { value: await read };
  } catch (error) {
    if (error instanceof RetryableError || error instanceof PermanentError) return { outage: error.message };
    throw error;
  }
}
