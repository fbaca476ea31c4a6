import type { Evidence, Surroundings } from '#shared/domain/gates/evidence.ts';
import type { IncidentFact } from '#shared/domain/host.ts';
import { aProof, HOST_KEY, NOW_MS, SERVICE_ID, seconds, uuid } from './builders.ts';

const at = { atMs: NOW_MS };
const operator = { by: 'ann', reason: 'looked at it' };
const nobody: Surroundings = {
  hosts: 1,
  upOthers: 0,
  healthyOthers: 0,
  suspectOthers: 0,
  openOthers: 0,
  confirmedAtMs: [],
  leftOut: 0,
  openConfirmedAtMs: [],
  openedAtMs: [],
  storm: null,
};
/** Of a host with nothing around it. Not gathered, so that loading a test runs none of the code that it tests. */
const evidence: Evidence = {
  atMs: NOW_MS,
  host: { key: HOST_KEY, name: 'compute-1', serviceId: SERVICE_ID },
  segments: ['az1'],
  service: null,
  claims: {},
  accusations: [],
  stopped: null,
  disarmed: null,
  ofSegment: nobody,
  ofAll: nobody,
  domains: { own: [], others: [], leftOut: 0 },
  beat: null,
  probes: null,
};
const closed = { outcome: 'stood-down', because: '', counts: {}, taskHeads: null, evidence: null } as const;
const read = { power: 'on', systemUuid: null, detail: '', durationMs: 1 } as const;
const reserved = { host: 'spare-1', serviceId: '' };
const answered = { answer: 'accepted', detail: '', durationMs: 1 } as const;
export const OPENED: IncidentFact = {
  type: 'incident-opened',
  incidentId: uuid(1, 2),
  segment: 'az1',
  host: 'compute-1',
  hostKey: HOST_KEY,
  atMs: NOW_MS,
  graceEndsAtMs: NOW_MS + seconds(180),
  because: '',
};
export type Step = Exclude<IncidentFact['type'], 'incident-opened'>;
/** One fact of each kind that an open incident may meet. */
export const FACTS: { readonly [T in Step]: Extract<IncidentFact, { type: T }> } = {
  'dump-seen': {
    type: 'dump-seen',
    reporter: '/kdump',
    eventId: '1',
    eventType: 'host.dumping',
    occurredAtMs: NOW_MS,
    receivedAtMs: NOW_MS,
  },
  'grace-went-on': { type: 'grace-went-on', untilMs: NOW_MS },
  held: { type: 'held', gates: [], evidence, nextLookAtMs: NOW_MS, ...at },
  'still-held': { type: 'still-held', failedGates: [], nextLookAtMs: NOW_MS },
  confirmed: { type: 'confirmed', gates: [], evidence, ...at },
  'power-read': { type: 'power-read', ...read },
  'power-off-intended': {
    type: 'power-off-intended',
    attempt: 1,
    device: '',
    checks: [],
    evidence,
    dueAtMs: NOW_MS,
  },
  'power-off-answered': { type: 'power-off-answered', attempt: 1, ...answered },
  'fence-failed': { type: 'fence-failed', because: '', retryAtMs: NOW_MS },
  'proof-made': { type: 'proof-made', proof: aProof(), ...at },
  'proof-voided': { type: 'proof-voided', because: 'up', ...at },
  'force-down-intended': { type: 'force-down-intended', serviceId: '', dueAtMs: NOW_MS },
  'force-down-answered': { type: 'force-down-answered', requestId: null, ...answered },
  'force-down-failed': { type: 'force-down-failed', because: '', retryAtMs: NOW_MS },
  'forced-down': { type: 'forced-down', state: '', ...at },
  'planning-failed': { type: 'planning-failed', because: '', retryAtMs: NOW_MS },
  planned: { type: 'planned', instances: 1, toEvacuate: 1, leftAlone: 0, ...at },
  'reserved-host-intended': {
    type: 'reserved-host-intended',
    act: 'enable',
    ...reserved,
    reason: '',
    because: '',
    ...at,
  },
  'reserved-host-answered': {
    type: 'reserved-host-answered',
    act: 'enable',
    host: 'spare-1',
    httpStatus: null,
    requestId: null,
    ...answered,
    ...at,
  },
  'reserved-host-left': { type: 'reserved-host-left', host: 'spare-1', because: '', ...at },
  followed: { type: 'followed', nextLookAtMs: NOW_MS },
  paused: { type: 'paused', because: 'disarmed', nextLookAtMs: NOW_MS, ...at },
  'still-paused': { type: 'still-paused', nextLookAtMs: NOW_MS },
  released: { type: 'released', commandId: uuid(6, 1), ...operator, gates: [], untilMs: NOW_MS + seconds(900), ...at },
  dismissed: { type: 'dismissed', commandId: uuid(6, 2), ...operator, done: 'nothing', ...at },
  'off-confirmed': {
    type: 'off-confirmed',
    commandId: uuid(6, 3),
    ...operator,
    names: ['ann'],
    complete: true,
    ...at,
  },
  'deadline-passed': { type: 'deadline-passed', because: '', ...at },
  stopped: { type: 'stopped', because: '', ...at },
  'incident-closed': { type: 'incident-closed', ...closed, ...at },
};
