import { withMade } from '#shared/domain/made-segments.ts';
import type { Policy } from '#shared/domain/policy.ts';
import type { StateReader } from '#shared/ports.ts';
import { loadMadeSegments } from '#shared/state/made-segments.ts';

/** The operator's policy with the segments that were made through the Masakari API. */
export async function policyInForce(state: StateReader, policy: Policy): Promise<Policy> {
  if (policy.masakari?.segmentDefaults === undefined) return policy;
  const { segments } = await loadMadeSegments(state, policy.cloud);
  return withMade(
    policy,
    segments.map(({ value }) => value),
  );
}
