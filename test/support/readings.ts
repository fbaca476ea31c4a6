import { askGates } from '#shared/domain/gates/ask.ts';
import type { GateName, GateResult } from '#shared/domain/gates/gate.ts';
import { gatherEvidence, type OpenIncident, type Readings } from '#shared/domain/gates/gather.ts';
import type { Probes } from '#shared/domain/gates/probes.ts';
import { type GuardState, NO_GUARD, type Ticket } from '#shared/domain/guards.ts';
import { hostKeyOf } from '#shared/domain/host.ts';
import {
  aClaim,
  aHost,
  aPolicy,
  NOW_MS,
  type PolicyInput,
  type SegmentInput,
  seconds,
  servicesOf,
  uuid,
} from './builders.ts';

/** What was read of a dead host that every gate lets pass, with nine healthy ones beside it. */
export function someReadings(
  overrides: Partial<Readings> = {},
  segment: Partial<SegmentInput> = {},
  whole: Partial<PolicyInput> = {},
): Readings {
  const policy = aPolicy(whole, segment);
  const [only] = policy.segments;
  if (only === undefined) throw new Error('a policy has a segment');
  const services = servicesOf(9);
  return {
    host: aHost({ claims: { '/monitor/a': aClaim('down', NOW_MS - seconds(200)) } }),
    segment: only,
    policy,
    live: {
      service: services[0],
      segments: ['az1'],
      segmentServices: services,
      allServices: services,
      domainsOf: () => [],
    },
    openIncidents: [],
    segmentGuard: NO_GUARD,
    globalGuard: NO_GUARD,
    beat: null,
    nowMs: NOW_MS,
    ...overrides,
  };
}

/** Everything that was tried answers. */
export const someProbes = (overrides: Partial<Probes> = {}): Probes => ({
  devices: [2, 3, 4].map((number) => ({ host: `compute-${number}`, answered: true, detail: 'PowerState On' })),
  services: (['keystone', 'nova'] as const).map((service) => ({ service, answers: true, detail: 'answered 200' })),
  ...overrides,
});

/** Another host with an open incident, `compute-<number>`: reported down by `/monitor/a` a minute ago. */
export const aSuspect = (number: number, overrides: Partial<OpenIncident> = {}): OpenIncident => ({
  hostKey: keyOf(number),
  host: `compute-${number}`,
  segment: 'az1',
  openedAtMs: NOW_MS - seconds(60),
  claims: { '/monitor/a': aClaim('down', NOW_MS - seconds(60)) },
  lastIncident: null,
  ...overrides,
});

/** Tickets of other hosts, `compute-2` the first, all confirmed at that moment. */
export const ticketsOf = (count: number, atMs = NOW_MS - seconds(120)): readonly Ticket[] =>
  Array.from({ length: count }, (_, index) => ({
    hostKey: keyOf(index + 2),
    incidentId: uuid(1, 100 + index),
    atMs,
  }));

export const aGuard = (overrides: Partial<GuardState> = {}): GuardState => ({ ...NO_GUARD, ...overrides });

const keyOf = (number: number): string => hostKeyOf('default', 'RegionOne', uuid(2, number));

/** What the gates answer, all that is tried out among it. */
export const answers = (readings: Readings, probes: Probes = someProbes()): readonly GateResult[] =>
  askGates({ ...gatherEvidence(readings), probes }, readings);
export const closed = (readings: Readings, probes: Probes = someProbes()): readonly GateName[] =>
  answers(readings, probes).flatMap((gate) => (gate.open ? [] : [gate.gate]));
export const because = (readings: Readings, name: GateName, probes: Probes = someProbes()): string =>
  answers(readings, probes).find((gate) => gate.gate === name)?.because ?? 'not asked';
