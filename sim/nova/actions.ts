import type { Hono } from 'hono';
import * as z from 'zod';
import { isoMicroseconds, jsonBody } from '../http.ts';
import { applyRule, liveMigrate, resizeElsewhere, STATE_RULES, type StateRule } from '../world/actions.ts';
import { rebuildInPlace } from '../world/rebuild.ts';
import { pickHost } from '../world/scheduler.ts';
import type { SimServer, VmState } from '../world/types.ts';
import type { Requester, World } from '../world/world.ts';
import { evacuate } from './evacuate.ts';
import { findServer, type NovaContext, type NovaEnv, type NovaRequest, requireAdmin } from './request.ts';
import { NovaError } from './respond.ts';
import { checkLock } from './servers.ts';

const actionBody = z.record(z.string(), z.unknown());
type Handler = (c: NovaContext, server: SimServer, argument: unknown) => Response;

/** Compute API, "Servers - run an action". */
export function actionRoutes(api: Hono<NovaEnv>): void {
  api.post('/v2.1/servers/:id/action', async (c) => {
    const parsed = actionBody.safeParse(await jsonBody(c));
    const [name, argument] = Object.entries(parsed.data ?? {})[0] ?? [];
    if (name === undefined) throw new NovaError(400, 'Malformed request body');
    const id = c.req.param('id');
    if (name === 'evacuate') return evacuate(c, id, argument);
    const request = c.get('nova');
    const server = findServer(request, id);
    c.get('record').host = server.host ?? '';
    const special = SPECIAL[name];
    const applied = STATE_RULES[name];
    if (special === undefined && applied === undefined) throw new NovaError(400, `There is no such action: ${name}`);
    const response =
      special?.(c, server, argument) ??
      runRule(c, server, { ...(applied as StateRule), ...(name === 'reboot' ? softReboot(argument) : {}) });
    // Refusals are thrown.
    const { requestId } = c.get('record');
    request.world.addAction(id, ACTION_NAMES[name] ?? name, requestId, requester(request));
    return response;
  });
  api.get('/v2.1/servers/:id/os-instance-actions', (c) => {
    const request = c.get('nova');
    const { id } = findServer(request, c.req.param('id'));
    const instanceActions = request.world.actionsOf(id).map((done) => ({
      action: done.action,
      instance_uuid: id,
      request_id: done.requestId,
      user_id: done.userId,
      project_id: done.projectId,
      start_time: isoMicroseconds(done.startedMs),
      message: null,
      ...(request.minor >= 58 ? { updated_at: isoMicroseconds(done.startedMs) } : {}),
    }));
    return c.json({ instanceActions });
  });
}

/** As Nova records them (nova/compute/instance_actions.py), where that is another name. */
const ACTION_NAMES: Readonly<Record<string, string>> = {
  'os-stop': 'stop',
  'os-start': 'start',
  'os-migrateLive': 'live-migration',
  'os-resetState': 'resetState',
};

function softReboot(argument: unknown): Partial<StateRule> {
  const type = z.object({ type: z.string() }).safeParse(argument).data?.type.toUpperCase();
  return type === 'SOFT' ? { from: ['active'], task: 'rebooting' } : {};
}

function runRule(c: NovaContext, server: SimServer, applied: StateRule): Response {
  checkReady(c.get('nova'), server, applied.verb, applied.from);
  applyRule(c.get('nova').world, server, applied);
  return answer(c, applied.httpStatus);
}

function answer(c: NovaContext, status: number): Response {
  if (status === 200) return c.json({ adminPass: c.get('nova').world.random.hex(12) });
  return c.body(null, status === 204 ? 204 : 202);
}

/** What nova/compute/api.py's check_instance_lock and check_instance_state demand. */
function checkReady(request: NovaRequest, server: SimServer, verb: string, from: readonly VmState[]): void {
  checkLock(request, server);
  checkState(server, verb, from);
}

function checkState(server: SimServer, verb: string, from: readonly VmState[]): void {
  const refuse = (attribute: string, state: string): NovaError =>
    new NovaError(409, `Cannot '${verb}' instance ${server.id} while it is in ${attribute} ${state}`);
  if (!from.includes(server.vmState)) throw refuse('vm_state', server.vmState);
  if (server.taskState !== null) throw refuse('task_state', server.taskState);
}

const resetState = z.object({ state: z.enum(['active', 'error']) });
const lockBody = z.object({ locked_reason: z.string() });
const moveBody = z.object({ host: z.string().nullish() });

const SPECIAL: Readonly<Record<string, Handler>> = {
  'os-resetState': (c, server, argument) => {
    const request = c.get('nova');
    requireAdmin(request, 'os-admin-actions:reset_state');
    const parsed = resetState.safeParse(argument);
    if (!parsed.success) throw new NovaError(400, 'Invalid input for field/attribute state.');
    request.world.updateServer(server, { vmState: parsed.data.state, taskState: null });
    return answer(c, 202);
  },
  lock: (c, server, argument) => {
    const request = c.get('nova');
    const reason = request.minor >= 73 ? (lockBody.safeParse(argument).data?.locked_reason ?? null) : null;
    const lockedBy = server.projectId === request.token.project?.id ? 'owner' : 'admin';
    request.world.updateServer(server, { lockedBy, lockedReason: reason });
    return answer(c, 202);
  },
  unlock: (c, server) => {
    c.get('nova').world.updateServer(server, { lockedBy: null, lockedReason: null });
    return answer(c, 202);
  },
  unshelve: (c, server) => {
    const { world } = c.get('nova');
    checkReady(c.get('nova'), server, 'unshelve', ['shelved', 'shelved_offloaded']);
    const host = server.host ?? pickHost(world, { server, ignore: [] })?.name;
    if (host === undefined) throw noValidHost();
    world.moveServer(server, host);
    return runRule(c, server, { ...startRule, verb: 'unshelve', from: [server.vmState], task: 'unshelving' });
  },
  rebuild: (c, server, argument) => {
    const request = c.get('nova');
    const { world } = request;
    const imageId = rebuildBody.safeParse(argument).data?.imageRef;
    if (imageId === undefined)
      throw new NovaError(400, "Invalid input for field/attribute rebuild. 'imageRef' is a required property");
    checkReady(request, server, 'rebuild', REBUILDABLE);
    checkImage(world, imageId);
    rebuildInPlace(world, server, imageId);
    return c.json({ server: { id: server.id, adminPass: world.random.hex(12) } }, 202);
  },
  resize: (c, server) => move(c, server, 'resize', null),
  migrate: (c, server, argument) => {
    requireAdmin(c.get('nova'), 'os-migrate-server:migrate');
    // Before 2.56 whatever it is given is not looked at.
    return move(c, server, 'migration', c.get('nova').minor < 56 ? null : wantedHost(argument));
  },
  'os-migrateLive': (c, server, argument) => {
    const request = c.get('nova');
    requireAdmin(request, 'os-migrate-server:migrate_live');
    checkLock(request, server);
    migrateLive(request.world, server, wantedHost(argument), { minor: request.minor, requester: requester(request) });
    return answer(c, 202);
  },
};

/**
 * As nova/compute/api.py does it: from 2.34 on what goes wrong behind the API is told by the migration's record alone.
 * @param minor the minor number of the microversion
 * @throws NovaError when Nova refuses
 */
export function migrateLive(
  world: World,
  server: SimServer,
  host: string | null,
  { minor, requester: asker }: { readonly minor: number; readonly requester: Requester },
): void {
  checkState(server, 'os-migrateLive', ['active', 'paused']);
  if (host !== null && !world.hosts.has(host)) throw new NovaError(400, `Compute host ${host} could not be found.`);
  const source = world.hosts.get(server.host ?? '');
  const isUp = source !== undefined && world.serviceIsUp(source);
  if (!isUp && minor < 34) throw new NovaError(400, `Compute service of ${server.host} is unavailable at this time.`);
  if (isUp && liveMigrate(world, server, host, asker)) return;
  if (minor < 34) throw noValidHost();
  const migration = world.addMigration(server, 'live-migration', {
    from: server.host ?? '',
    to: host,
    requester: asker,
  });
  world.setMigration(migration, 'error');
}

const rebuildBody = z.object({ imageRef: z.string() });
export const REBUILDABLE: readonly VmState[] = ['active', 'stopped', 'error'];

/** As nova/compute/api.py looks at the image that a rebuild names. */
export function checkImage({ images }: World, imageId: string): void {
  const { status = 'active' } = images.get(imageId) ?? { status: undefined };
  if (!images.has(imageId)) throw new NovaError(400, 'Cannot find image for rebuild');
  if (status !== 'active') throw new NovaError(400, `Image ${imageId} is not active.`);
}

const startRule: StateRule = { verb: '', from: [], task: '', to: 'active', power: 1, guest: 'start', httpStatus: 202 };

/** `host` of migrate (2.56 and above) and os-migrateLive. */
function wantedHost(argument: unknown): string | null {
  return moveBody.safeParse(argument).data?.host ?? null;
}

/** A host that a migration names must be another one that Nova knows; what else there is to it the scheduler says. */
export function checkNamed({ hosts }: World, server: SimServer, to: string | null): void {
  if (to === null) return;
  if (to === server.host) throw new NovaError(400, 'Cannot migrate to the host where the server exists.');
  if (!hosts.has(to)) throw new NovaError(400, `Compute host ${to} could not be found.`);
}

function requester({ token }: NovaRequest): { userId: string; projectId: string } {
  return { userId: token.user.id, projectId: token.project?.id ?? '' };
}

function noValidHost(): NovaError {
  return new NovaError(400, 'No valid host was found. There are not enough hosts available.');
}

function checkHostUp({ world }: NovaRequest, server: SimServer): void {
  const host = world.hosts.get(server.host ?? '');
  if (host === undefined || !world.serviceIsUp(host)) throw new NovaError(503, 'Service is unavailable at this time.');
}

function move(c: NovaContext, server: SimServer, type: 'resize' | 'migration', requestedHost: string | null): Response {
  const request = c.get('nova');
  checkReady(request, server, type === 'resize' ? 'resize' : 'migrate', ['active', 'stopped']);
  checkHostUp(request, server);
  checkNamed(request.world, server, requestedHost);
  if (!resizeElsewhere(request.world, server, { type, requestedHost, requester: requester(request) }))
    throw noValidHost();
  return answer(c, 202);
}
