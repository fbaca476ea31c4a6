import type { HostState } from '#shared/domain/host.ts';
import type { Maintenance, MaintenanceStatus } from '#shared/domain/maintenance/maintenance.ts';
import type { Move } from '#shared/domain/moves.ts';
import type { ReturnRules } from '#shared/domain/return/checks.ts';
import type { Returning, ReturnSight, ReturnStatus } from '#shared/domain/return/returning.ts';
import {
  aHost,
  aPolicy,
  INCIDENT_ID,
  INSTANCE_ID,
  NOW_MS,
  SERVICE_ID,
  type SegmentInput,
  seconds,
} from './builders.ts';

type Of<S extends ReturnStatus> = Extract<Returning, { status: S }>;

export const RETURN_ID = INCIDENT_ID;

const BASE = {
  id: RETURN_ID,
  segment: 'az1',
  incidentId: INCIDENT_ID,
  openedAtMs: NOW_MS - seconds(600),
  tick: 5,
  dueAtMs: NOW_MS,
  askedFor: null,
  persons: 0,
  quarantine: null,
  powerOns: 0,
  poweredOnAtMs: null,
  asked: null,
  failures: 0,
  shut: [],
};

const RETURNS: { readonly [S in ReturnStatus]: Of<S> } = {
  waiting: { ...BASE, status: 'waiting' },
  'powering-on': { ...BASE, status: 'powering-on', powerOns: 1 },
  proving: { ...BASE, status: 'proving', wellSinceMs: NOW_MS - seconds(100) },
  'giving-back': { ...BASE, status: 'giving-back' },
  'going-home': { ...BASE, status: 'going-home', move: null, behind: '', home: 0, stayed: 0 },
};

/** The way back from an incident that ended ten minutes ago; its next look is due now. */
export const aReturn = <S extends ReturnStatus>(status: S, overrides: Partial<Of<S>> = {}): Of<S> =>
  ({ ...RETURNS[status], ...overrides }) as Of<S>;

export const RECOVERED = {
  id: INCIDENT_ID,
  endedAtMs: NOW_MS - seconds(600),
  outcome: 'recovered',
} as const;

/** `compute-1`, which salvor has recovered and forced down. */
export const aReturningHost = (returning: Returning, overrides: Partial<HostState> = {}): HostState =>
  aHost({ returning, lastIncident: RECOVERED, ours: { forcedDownAtMs: NOW_MS - seconds(900) }, ...overrides });

/** Nova's word on it: forced down, and its nova-compute runs. */
export const aService = (
  overrides: Partial<NonNullable<ReturnSight['service']>> = {},
): NonNullable<ReturnSight['service']> => ({
  id: SERVICE_ID,
  status: 'enabled',
  disabledReason: null,
  state: 'down',
  forcedDown: true,
  lastReportAtMs: NOW_MS - seconds(5),
  ...overrides,
});

/** It is well: nothing but time keeps it from being given back. */
export const aSight = (overrides: Partial<ReturnSight> = {}): ReturnSight => ({
  atMs: NOW_MS,
  service: aService(),
  newestReportAtMs: NOW_MS,
  segments: ['az1'],
  running: 0,
  uncleaned: 0,
  towards: 0,
  halted: null,
  power: null,
  deviceFault: null,
  ...overrides,
});

export const OFF = { power: 'off', systemUuid: null, detail: 'PowerState Off' } as const;

/** It is off, and Nova has not heard of it for ten minutes. */
export const anOffSight = (overrides: Partial<ReturnSight> = {}): ReturnSight =>
  aSight({ service: aService({ lastReportAtMs: NOW_MS - seconds(600) }), power: OFF, ...overrides });

export function rulesOf(hostReturn: SegmentInput['hostReturn'] = {}, segment: Partial<SegmentInput> = {}): ReturnRules {
  const policy = aPolicy({}, { hostReturn: { mode: 'automatic', ...hostReturn }, ...segment });
  return { policy, segment: policy.segments[0] ?? null };
}

export const aMove = (overrides: Partial<Move> = {}): Move => ({
  instanceId: INSTANCE_ID,
  name: 'web-1',
  from: 'compute-1',
  to: 'compute-2',
  attempt: 1,
  intendedAtMs: NOW_MS - seconds(20),
  lastMigrationId: 7,
  answer: 'accepted',
  ...overrides,
});

const MAINTENANCE = {
  id: 'm1',
  by: 'ann',
  reason: 'memory',
  sinceMs: NOW_MS - seconds(60),
  untilMs: null,
  drain: true,
  tick: 2,
  dueAtMs: NOW_MS,
};
const MAINTENANCES: { readonly [S in MaintenanceStatus]: Extract<Maintenance, { status: S }> } = {
  disabling: { ...MAINTENANCE, status: 'disabling', asked: false, failures: 0 },
  draining: { ...MAINTENANCE, status: 'draining', moves: {}, tried: {}, moved: 0, pausedBy: null },
  away: { ...MAINTENANCE, status: 'away', moved: 0, left: [], dueAtMs: null },
};
export const aMaintenance = <S extends MaintenanceStatus>(
  status: S,
  overrides: Partial<Extract<Maintenance, { status: S }>> = {},
): Extract<Maintenance, { status: S }> =>
  ({ ...MAINTENANCES[status], ...overrides }) as Extract<Maintenance, { status: S }>;
