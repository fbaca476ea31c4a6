import type { Answer, Compute, ServerAction } from '#shared/ports.ts';
import { checkImage, checkNamed, migrateLive, REBUILDABLE } from '#sim/nova/actions.ts';
import { NovaError, serverNotFound } from '#sim/nova/respond.ts';
import { applyRule, resizeElsewhere, STATE_RULES, type StateRule } from '#sim/world/actions.ts';
import { rebuildInPlace } from '#sim/world/rebuild.ts';
import type { SimHost, SimServer, VmState } from '#sim/world/types.ts';
import type { World } from '#sim/world/world.ts';
import { setDisabled } from '../actions.ts';
import type { Invocation } from '../engine/invocation.ts';
import type { OutsideRequest } from '../engine/log.ts';

/** The administrator that salvor is to Nova. */
export const SALVOR = { userId: 'salvor', projectId: 'admin' } as const;

/** Of the microversion that the adapter asks with. */
const MINOR = 53;

type Asked = Omit<OutsideRequest, 'id' | 'invocation' | 'sentAtMs'>;

export interface Parts {
  readonly world: World;
  readonly current: () => Invocation;
  readonly read: <T>(reading: () => T, instanceId?: string) => Promise<T>;
  /** Sends a change; it leaves no later than `leaveByMs`. */
  readonly change: (asked: Asked, effect: (requestId: string) => void, leaveByMs?: number) => Promise<Answer>;
}

type Actions = Pick<
  Compute,
  | 'serverActions'
  | 'rebootHard'
  | 'rebuild'
  | 'migrate'
  | 'confirmResize'
  | 'liveMigrate'
  | 'resetStateToActive'
  | 'disableService'
  | 'enableService'
>;

export const existingIn = (world: World, id: string): SimServer => {
  const server = world.servers.get(id);
  if (server === undefined) throw serverNotFound(id);
  return server;
};

/** A change of a host's compute service. */
export function changeService(
  { world, change }: Pick<Parts, 'world' | 'change'>,
  act: OutsideRequest['act'],
  serviceId: string,
  effect: (host: SimHost) => void,
): Promise<Answer> {
  const host = world.hostsByService.get(serviceId);
  return change({ act, host: host?.name ?? '' }, () => {
    if (host === undefined) throw new NovaError(404, `Service ${serviceId} could not be found.`);
    effect(host);
  });
}

/** Nova tells a host that it still sees up of its status, and waits for its answer: of one that has just died, in vain. */
export function waitsForCompute(world: World, { act, host: name }: OutsideRequest): boolean {
  const host = world.hosts.get(name);
  const changes = host !== undefined && ((act === 'disable' && !host.disabled) || (act === 'enable' && host.disabled));
  return changes && !host.computeRunning && world.serviceIsUp(host);
}

/** What salvor asks for single instances, and for the scheduling of hosts. */
export function serverActionsPort({ world, current, read, change }: Parts): Actions {
  const act = (
    what: OutsideRequest['act'],
    id: string,
    effect: (server: SimServer, requestId: string) => void,
    leaveByMs?: number,
    to: Pick<OutsideRequest, 'destination' | 'imageId'> = {},
  ) => {
    const host = world.servers.get(id)?.host ?? '';
    const asked = { act: what, host, instanceId: id, ...to };
    return change(asked, (requestId) => effect(existingIn(world, id), requestId), leaveByMs);
  };
  /** As its answer names it, so that the one is found by the other. */
  const note = ({ id }: SimServer, action: string, requestId: string) => world.addAction(id, action, requestId, SALVOR);
  const ruleOf = (name: string): StateRule => {
    const rule = STATE_RULES[name];
    if (rule === undefined) throw new Error(`there is no rule for ${name}`);
    return rule;
  };
  /** An action that Nova records, and that changes nothing but the state. */
  const byRule = (server: SimServer, name: string, requestId: string): void => {
    const rule = ruleOf(name);
    checkState(server, rule.verb, rule.from);
    note(server, name, requestId);
    applyRule(world, server, rule);
  };
  const setService = (what: 'disable' | 'enable', serviceId: string, reason?: string) =>
    changeService({ world, change }, what, serviceId, (host) => setDisabled(world, host, what === 'disable', reason));
  return {
    serverActions: (id) =>
      read(
        () => world.actionsOf(id).map(({ action, requestId, userId }): ServerAction => ({ action, requestId, userId })),
        id,
      ),
    rebootHard: (id, leaveByMs) =>
      act(
        // The restart of one that has failed by itself, or the start of one that was restored.
        current().name === 'recover-instance' ? 'reboot' : 'start-restored',
        id,
        (server, requestId) => byRule(server, 'reboot', requestId),
        leaveByMs,
      ),
    rebuild: (id, imageId, leaveByMs) =>
      act(
        'rebuild',
        id,
        (server, requestId) => {
          checkState(server, 'rebuild', REBUILDABLE);
          checkImage(world, imageId);
          note(server, 'rebuild', requestId);
          rebuildInPlace(world, server, imageId);
        },
        leaveByMs,
        { imageId },
      ),
    confirmResize: (id, leaveByMs) =>
      act('confirm-resize', id, (server, requestId) => byRule(server, 'confirmResize', requestId), leaveByMs),
    migrate: (id, { host: destination, leaveByMs }) =>
      act(
        'migrate',
        id,
        (server, requestId) => {
          checkState(server, 'migrate', ['active', 'stopped']);
          checkHostUp(world, server);
          checkNamed(world, server, destination);
          const move = { type: 'migration', requestedHost: destination, requester: SALVOR } as const;
          if (!resizeElsewhere(world, server, move)) throw noValidHost();
          note(server, 'migrate', requestId);
        },
        leaveByMs,
        { destination },
      ),
    liveMigrate: (id, { host: destination, leaveByMs }) =>
      act(
        'live-migrate',
        id,
        (server, requestId) => {
          migrateLive(world, server, destination, { minor: MINOR, requester: SALVOR });
          note(server, 'live-migration', requestId);
        },
        leaveByMs,
        { destination },
      ),
    resetStateToActive: (id, leaveByMs) =>
      act(
        // That of an evacuation, or the beginning of a move.
        current().name === 'recover-instance' ? 'instance-reset' : 'reset-state',
        id,
        (server, requestId) => {
          world.updateServer(server, { vmState: 'active', taskState: null });
          note(server, 'resetState', requestId);
        },
        leaveByMs,
      ),
    disableService: (serviceId, reason) => setService('disable', serviceId, reason),
    enableService: (serviceId) => setService('enable', serviceId),
  };
}

/** As sim/nova/actions.ts demands it. */
function checkState(server: SimServer, verb: string, from: readonly VmState[]): void {
  const refuse = (attribute: string, state: string): NovaError =>
    new NovaError(409, `Cannot '${verb}' instance ${server.id} while it is in ${attribute} ${state}`);
  if (!from.includes(server.vmState)) throw refuse('vm_state', server.vmState);
  if (server.taskState !== null) throw refuse('task_state', server.taskState);
}

function checkHostUp(world: World, server: SimServer): void {
  const host: SimHost | undefined = world.hosts.get(server.host ?? '');
  if (host === undefined || !world.serviceIsUp(host)) throw new NovaError(503, 'Service is unavailable at this time.');
}

const noValidHost = (): NovaError =>
  new NovaError(400, 'No valid host was found. There are not enough hosts available.');
