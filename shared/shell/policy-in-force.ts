import { withMade } from '#shared/domain/made-segments.ts';
import type { Policy } from '#shared/domain/policy.ts';
import type { StateReader } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { loadMadeSegments, type MadeSegments } from '#shared/state/made-segments.ts';

interface InForce {
  readonly of: Policy;
  readonly policy: Policy;
}
/** The same object for as long as nothing changes, as whoever has recorded a policy knows it again by that. */
const made = new WeakMap<MadeSegments, InForce>();
/** The operator's policy of one that was put together here. */
const bases = new WeakMap<Policy, Policy>();

/**
 * The services with the policy that is in force now: the operator's, and the segments that were made through the Masakari
 * API. Read at the start of each invocation, and with each look at Nova (S2), consistently. Where none can be made nothing
 * is read.
 */
export async function inForce<S extends Services>(services: S): Promise<S> {
  const { policy, state } = services;
  if (policy.masakari?.segmentDefaults === undefined) return services;
  const of = bases.get(policy) ?? policy;
  const segments = await loadMadeSegments(state, policy.cloud);
  const before = made.get(segments);
  const now =
    before?.of === of
      ? before
      : {
          of,
          policy: withMade(
            of,
            segments.segments.map(({ value }) => value),
          ),
        };
  made.set(segments, now);
  if (now.policy !== of) bases.set(now.policy, of);
  return { ...services, policy: now.policy };
}

/** The operator's policy with the segments that were made through the Masakari API, as they are now; for who only looks. */
export async function policyInForce(state: StateReader, policy: Policy): Promise<Policy> {
  if (policy.masakari?.segmentDefaults === undefined) return policy;
  const { segments } = await loadMadeSegments(state, policy.cloud);
  return withMade(
    policy,
    segments.map(({ value }) => value),
  );
}
