import type { HostEvent } from '#events/host-event.ts';
import { newInstance } from '#shared/domain/instance-recovery/evolve.ts';
import type {
  Ask,
  InstanceIncident,
  InstanceRequest,
  InstanceState,
  InstanceStatus,
} from '#shared/domain/instance-recovery/instance.ts';
import { type InstanceSight, type SeenInstance, seenInstance } from '#shared/domain/instance-recovery/sight.ts';
import {
  aSegment,
  aServer,
  HOST_KEY,
  INCIDENT_ID,
  INSTANCE_ID,
  iso,
  NOW_MS,
  type SegmentInput,
  seconds,
} from './builders.ts';

export const GONE = 'LIFECYCLE STOPPED_FAILED';
export const HUNG = 'QEMU_GUEST_AGENT_ERROR STOPPED_FAILED';
export const IO_ERROR = 'IO_ERROR IO_ERROR_REPORT';
export const NO_ANSWER = 'no answer to icmp';

/** A policy that restarts all instances, and tells by the default of each key what it does not say. */
export const RECOVERS: Partial<SegmentInput> = { instanceRecovery: { protect: 'all', confirmSeconds: 0 } };

let events = 0;

/** `instance.down` of `web-1` on `compute-1` by its monitor, seen now. */
export function anInstanceDown(
  event: string = GONE,
  { atMs = NOW_MS, source = '/monitor/libvirt', instanceId = INSTANCE_ID, host = 'compute-1' } = {},
) {
  events += 1;
  return {
    specversion: '1.0',
    id: `instance-event-${events}`,
    source,
    type: 'instance.down',
    time: iso(atMs),
    data: { schemaVersion: 1, host, instanceId, event },
  } as const satisfies HostEvent;
}

/** `process.down` or `process.up` on `compute-1`. */
export function aProcessEvent(
  says: 'down' | 'up',
  process: string,
  { atMs = NOW_MS, source = '/monitor/systemd' } = {},
) {
  events += 1;
  return {
    specversion: '1.0',
    id: `process-event-${events}`,
    source,
    type: says === 'down' ? 'process.down' : 'process.up',
    time: iso(atMs),
    data: { schemaVersion: 1, host: 'compute-1', process },
  } as const satisfies HostEvent;
}

export const holdsIn = ({ incident }: InstanceState): readonly string[] =>
  incident?.status === 'held' ? incident.holds.map(({ hold }) => hold) : [];

export const aRequest = (ask: Ask = 'reboot', over: Partial<InstanceRequest> = {}): InstanceRequest => ({
  ask,
  number: 1,
  action: 'restart',
  host: 'compute-1',
  lastActionId: null,
  ...over,
});

const BASE = {
  id: INCIDENT_ID,
  segment: 'az1',
  host: 'compute-1',
  hostKey: HOST_KEY,
  openedAtMs: NOW_MS - seconds(30),
  tick: 3,
  dueAtMs: NOW_MS,
  requests: 1,
  failures: 0,
  moved: null,
};
const ASKED = { request: aRequest(), askedAtMs: NOW_MS - seconds(5) };
const INCIDENTS: { readonly [S in InstanceStatus]: Extract<InstanceIncident, { status: S }> } = {
  suspected: { ...BASE, status: 'suspected', requests: 0 },
  held: { ...BASE, status: 'held', sinceMs: NOW_MS - seconds(20), holds: [{ hold: 'task', because: 'powering-off' }] },
  requested: { ...BASE, ...ASKED, status: 'requested' },
  accepted: { ...BASE, ...ASKED, status: 'accepted' },
  unknown: { ...BASE, ...ASKED, status: 'unknown' },
};

/** `web-1`, whose monitor said half a minute ago that its process has gone, and its incident of this status, due now. */
export const anInstanceIn = <S extends InstanceStatus>(
  status: S,
  incident: Partial<Extract<InstanceIncident, { status: S }>> = {},
  over: Partial<InstanceState> = {},
) => ({
  ...newInstance(INSTANCE_ID),
  claims: {
    '/monitor/libvirt': {
      reason: 'process-gone',
      occurredAtMs: NOW_MS - seconds(30),
      receivedAtMs: NOW_MS - seconds(30),
    } as const,
  },
  ...over,
  incident: { ...INCIDENTS[status], ...incident } as Extract<InstanceIncident, { status: S }>,
});

/** `web-1` running on `compute-1`, of which nothing is wrong with the host. */
export const anInstanceSight = (
  server: Partial<SeenInstance> = {},
  over: Partial<Omit<InstanceSight, 'server'>> = {},
): InstanceSight & { readonly server: SeenInstance } => ({
  server: { ...seenInstance(aServer(), aSegment(RECOVERS)), ...server },
  actions: [{ action: 'create', requestId: 'req-create', userId: 'owner' }],
  service: { status: 'enabled', disabledReason: null, state: 'up', forcedDown: false },
  segments: ['az1'],
  hostIncident: null,
  disarmed: null,
  stopped: null,
  othersOnHost: 0,
  othersOfSegment: 0,
  hosts: { candidates: [{ host: 'compute-2', inFlight: 0, freeMemoryMb: 64_000 }] },
  ...over,
});
