import { type Evidence, gatherEvidence, type Readings } from '#shared/domain/gates/evidence.ts';
import { NO_GUARD } from '#shared/domain/guards.ts';
import { aClaim, aHost, aPolicy, NOW_MS, type SegmentInput, seconds, servicesOf } from './builders.ts';

/** What was read of a dead host that every gate lets pass, with nine healthy ones beside it. */
export function someReadings(overrides: Partial<Readings> = {}, segment: Partial<SegmentInput> = {}): Readings {
  const policy = aPolicy({}, segment);
  const [only] = policy.segments;
  if (only === undefined) throw new Error('a policy has a segment');
  const services = servicesOf(9);
  return {
    host: aHost({ claims: { '/monitor/a': aClaim('down', NOW_MS - seconds(200)) } }),
    segment: only,
    policy,
    live: { service: services[0], segments: ['az1'], segmentServices: services, allServices: services },
    openIncidents: [],
    segmentGuard: NO_GUARD,
    globalGuard: NO_GUARD,
    nowMs: NOW_MS,
    ...overrides,
  };
}

/** What the gates are asked of, of such a host. */
export const someEvidence = (): Evidence => gatherEvidence(someReadings());
