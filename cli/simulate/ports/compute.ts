import { PermanentError, RetryableError } from '#shared/errors.ts';
import type { Answer, Compute, NeededService } from '#shared/ports.ts';
import { evacuateServer } from '#sim/nova/evacuate.ts';
import { addHost, removeHost } from '#sim/nova/grouping.ts';
import { NovaError } from '#sim/nova/respond.ts';
import { updateService } from '#sim/nova/services.ts';
import type { SimHost } from '#sim/world/types.ts';
import type { World } from '#sim/world/world.ts';
import { happens, pickOne } from '../engine/chance.ts';
import type { Subject } from '../engine/director.ts';
import type { Invocation } from '../engine/invocation.ts';
import type { OutsideRequest } from '../engine/log.ts';
import type { FaultKind } from '../faults.ts';
import { OF_NOVA_CHANGES } from '../reach.ts';
import { drawTimes, type Latencies } from './latency.ts';
import {
  aggregatesView,
  evacuationsFrom,
  hypervisorView,
  imageView,
  liveMigrationsOf,
  serverGroupsView,
  serverView,
  serviceView,
  snapshotsView,
  unfinishedMovesOf,
} from './nova-view.ts';
import { type Course, Outside } from './outside.ts';
import { changeService, existingIn, SALVOR, serverActionsPort, waitsForCompute } from './server-actions.ts';

const READ_FAULTS: readonly FaultKind[] = ['nova-read-fails', 'nova-read-refused', 'nova-slow'];
const CHANGE_FAULTS: readonly FaultKind[] = [...OF_NOVA_CHANGES, 'nova-slow'];
/** What the adapter spends on tries of a read, and how long it waits for a change (shared/adapters/openstack/http.ts). */
const READ_TRIES_MS = 3_000;
const CHANGE_TIMEOUT_MS = 30_000;
/** The same of a change of a service's status (shared/adapters/openstack/nova.ts). */
const STATUS_TIMEOUT_MS = 10_000;
/** A token is asked for as often before a request leaves. */
const TOKEN_TRIES = 4;
const TOO_LATE = {
  kind: 'refused',
  httpStatus: 0,
  message: 'not sent: simulated: its time was over',
  requestId: null,
} as const;
const NEEDED: readonly NeededService[] = [
  'keystone',
  'nova',
  'conductor',
  'placement',
  'glance',
  'neutron',
  'scheduler',
  'cinder',
];
const REFUSALS: readonly (readonly [number, string])[] = [
  [400, 'simulated: the request is not valid'],
  [403, "simulated: policy doesn't allow this to be performed"],
  [404, 'simulated: not found'],
  [409, 'simulated: conflicting request'],
];

/** Nova as a function sees it by way of the adapter: what each answer comes to is as in shared/adapters/openstack. */
export function computePort(current: () => Invocation, world: World, outside: Outside, latencies: Latencies): Compute {
  async function read<T>(reading: (invocation: Invocation) => T, instanceId?: string): Promise<T> {
    const invocation = current();
    const about = invocation.subject(instanceId);
    const fault = invocation.struckBy(READ_FAULTS, about);
    const { inMs, outMs } = drawTimes(invocation.random, latencies.nova);
    const slowMs = fault?.kind === 'nova-slow' ? fault.sizeMs : fault?.kind === 'nova-read-fails' ? READ_TRIES_MS : 0;
    return invocation.call(about, { inMs: inMs + slowMs, outMs }, () => {
      if (fault?.kind === 'nova-read-fails') throw new RetryableError('simulated: Nova answered 503 (4 tries)');
      if (fault?.kind === 'nova-read-refused') throw new PermanentError('simulated: Nova answered 403');
      return reading(invocation);
    });
  }

  const change = (
    asked: Omit<OutsideRequest, 'id' | 'invocation' | 'sentAtMs'>,
    effect: (requestId: string) => void,
  ): Promise<Answer> => {
    const invocation = current();
    const about = { ...invocation.subject(asked.instanceId), act: asked.act };
    return outside.send(invocation, asked, (request) => courseOf(invocation, about, request, effect));
  };

  function courseOf(
    invocation: Invocation,
    about: Subject,
    request: OutsideRequest,
    effect: (requestId: string) => void,
  ): Course<Answer> {
    const fault = invocation.struckBy(CHANGE_FAULTS, about);
    const times = drawTimes(invocation.random, latencies.nova);
    const durationMs = Math.round(times.inMs + times.outMs);
    const requestId = Outside.requestId(request);
    const refused = (httpStatus: number, message: string): Answer => ({
      kind: 'refused',
      httpStatus,
      message,
      requestId: httpStatus === 0 ? null : requestId,
      durationMs,
    });
    const unknown = (error: string): Answer => ({ kind: 'unknown', error, durationMs });
    const take = () => {
      try {
        effect(requestId);
        return { did: true, outcome: 'accepted', answer: { kind: 'accepted', requestId, durationMs } as const };
      } catch (error) {
        if (!(error instanceof NovaError)) throw error;
        return {
          did: false,
          outcome: `${error.status} ${error.message}`,
          answer: refused(error.status, error.message),
        };
      }
    };
    const nothing = { about, times, effect: undefined };
    const lateAnswer = (outMs: number): Course<Answer> => ({
      ...{ about, times: { inMs: times.inMs, outMs } },
      ...{ effect: take, heard: unknown('simulated: no answer in time') },
    });
    switch (fault?.kind) {
      case 'nova-not-sent':
        return { ...nothing, heard: refused(0, 'not sent: simulated: no connection') };
      case 'nova-429':
        return { ...nothing, heard: refused(429, 'simulated: too many requests') };
      case 'nova-4xx':
        return {
          ...nothing,
          heard: refused(
            ...(REFUSALS.find(([status]) => status === fault.httpStatus) ?? pickOne(invocation.random, REFUSALS)),
          ),
        };
      case 'nova-5xx-before':
        return { ...nothing, heard: unknown('simulated: Nova answered 500') };
      case 'nova-5xx-after':
        return { about, times, effect: take, heard: unknown('simulated: Nova answered 504') };
      case 'nova-timeout-after':
        return lateAnswer(CHANGE_TIMEOUT_MS);
      case 'nova-late-effect':
        return { ...lateAnswer(CHANGE_TIMEOUT_MS), lateMs: fault.sizeMs };
      case 'nova-slow':
        return { about, times: { ...times, inMs: times.inMs + fault.sizeMs }, effect: take };
      default:
        return waitsForCompute(world, request) ? lateAnswer(STATUS_TIMEOUT_MS) : { about, times, effect: take };
    }
  }

  /** Now and then it is Keystone that is slow: then the request has not left yet. */
  function tokenTakesMs(invocation: Invocation, instanceId: string): number {
    const isKeystone = happens(invocation.random, 0.5);
    const fault = isKeystone ? invocation.struckBy(['nova-slow'], invocation.subject(instanceId)) : undefined;
    return (fault?.sizeMs ?? 0) * TOKEN_TRIES;
  }

  /** The request of one instance, which does not leave when a token took too long. */
  function timely(
    asked: Omit<OutsideRequest, 'id' | 'invocation' | 'sentAtMs'>,
    effect: (requestId: string) => void,
    leaveByMs?: number,
  ): Promise<Answer> {
    if (leaveByMs === undefined) return change(asked, effect);
    const invocation = current();
    const durationMs = tokenTakesMs(invocation, asked.instanceId ?? '');
    const send = async (): Promise<Answer> =>
      world.clock.now() > leaveByMs ? { ...TOO_LATE, durationMs } : change(asked, effect);
    return durationMs === 0 ? send() : invocation.sleep(durationMs).then(send);
  }

  const seenState = (invocation: Invocation, host: SimHost): 'up' | 'down' => {
    const truth = world.serviceIsUp(host) ? 'up' : 'down';
    if (host.forcedDown) return truth;
    const lie = invocation.struckBy([truth === 'up' ? 'service-seen-down' : 'service-seen-up'], { hosts: [host.name] });
    return lie === undefined ? truth : truth === 'up' ? 'down' : 'up';
  };
  const serviceOf = (invocation: Invocation, host: SimHost) => serviceView(world, host, seenState(invocation, host));
  const hostOf = (id: string): string => world.servers.get(id)?.host ?? '';

  return {
    services: () =>
      read((invocation) => {
        const services = [...world.hosts.values()].map((host) => serviceOf(invocation, host));
        if (invocation.name === 'confirm-host-down') {
          const asked = services.filter(({ host }) => invocation.hosts.includes(host));
          const said = Object.fromEntries(asked.map(({ host, state }) => [host, state]));
          outside.log.add({ kind: 'services-read', invocation: invocation.id, said });
        }
        return services;
      }),
    service: (name) =>
      read((invocation) => {
        const host = world.hosts.get(name);
        return host && serviceOf(invocation, host);
      }),
    hypervisors: () => read(() => [...world.hosts.values()].map(hypervisorView)),
    aggregates: () => read(() => aggregatesView(world)),
    serverGroups: () => read(() => serverGroupsView(world)),
    serversOn: (host) => read(() => world.serversOn(host).map(serverView)),
    server: (id) =>
      read(() => {
        const server = world.servers.get(id);
        return server && serverView(server);
      }, id),
    image: (id) => read(() => imageView(world, id)),
    snapshotsOf: (server) => read(() => snapshotsView(world, server), server.id),
    portsOn: () => read(() => []),
    evacuationsFrom: (host) => read(() => evacuationsFrom(world, host)),
    liveMigrationsOf: (instanceId) => read(() => liveMigrationsOf(world, instanceId), instanceId),
    unfinishedMigrationsOf: (host) => read(() => unfinishedMovesOf(world, host)),
    health: () =>
      read((invocation) => {
        const silent = invocation.struckBy(['service-silent'], invocation.subject(undefined));
        const health = NEEDED.map((service, index) => {
          const answers = silent === undefined || index !== Math.floor(silent.sizeMs / 1000) % NEEDED.length;
          return { service, answers, detail: answers ? 'simulated: 200' : 'simulated: 503' };
        });
        const { id, hosts } = invocation;
        const mute = health.filter(({ answers }) => !answers).map(({ service }) => service);
        outside.log.add({ kind: 'services-tried', invocation: id, hosts, silent: mute });
        return health;
      }),
    forceDown: (serviceId) =>
      changeService({ world, change }, 'force-down', serviceId, (host) =>
        updateService(world, host, { forced_down: true }),
      ),
    forceUp: (serviceId) =>
      changeService({ world, change }, 'force-up', serviceId, (host) =>
        updateService(world, host, { forced_down: false }),
      ),
    addToAggregate: (id, host) => change({ act: 'join', host }, () => void addHost(world, id, host)),
    removeFromAggregate: (id, host) => change({ act: 'part', host }, () => void removeHost(world, id, host)),
    evacuate: (instanceId, { host: destination, end, leaveByMs }) =>
      timely(
        { act: 'evacuate', host: hostOf(instanceId), instanceId, destination },
        (requestId) => {
          evacuateServer(
            world,
            existingIn(world, instanceId),
            { host: destination, force: false },
            { minor: end === 'stopped' ? 95 : 94, requester: SALVOR },
          );
          world.addAction(instanceId, 'evacuate', requestId, SALVOR);
        },
        leaveByMs,
      ),
    ...serverActionsPort({ world, current, read, change: timely }),
  };
}
