import type { Hono } from 'hono';
import * as z from 'zod';
import { isoMicroseconds, jsonBody } from '../http.ts';
import type { SimHost } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { type NovaEnv, type NovaRequest, requireAdmin } from './request.ts';
import { NovaError } from './respond.ts';

const CONTROLLER_SERVICES = ['nova-scheduler', 'nova-conductor'] as const;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const serviceUpdate = z.strictObject({
  status: z.enum(['enabled', 'disabled']).optional(),
  disabled_reason: z.string().min(1).max(255).optional(),
  forced_down: z.union([z.boolean(), z.enum(['true', 'True', 'false', 'False'])]).optional(),
});
export type ServiceUpdate = z.infer<typeof serviceUpdate>;

/** `up` or `down` as Nova would tell it, unless a fault has it lie. */
export function seenState(world: World, host: SimHost): 'up' | 'down' {
  return (
    world.faults.take('lie-about-service', { host: host.name })?.state ?? (world.serviceIsUp(host) ? 'up' : 'down')
  );
}

/** Compute API, "Compute services (os-services)". */
export function serviceRoutes(api: Hono<NovaEnv>): void {
  api.get('/v2.1/os-services', (c) => {
    const request = c.get('nova');
    requireAdmin(request, 'os-services:list');
    const { host, binary } = c.req.query();
    const hosts = host
      ? [request.world.hosts.get(host)].filter((one) => one !== undefined)
      : [...request.world.hosts.values()];
    const computes = !binary || binary === 'nova-compute' ? hosts.map((one) => computeService(request, one)) : [];
    const others = CONTROLLER_SERVICES.filter((one) => (!host || host === 'controller') && (!binary || binary === one));
    return c.json({ services: [...others.map((one) => controllerService(request, one)), ...computes] });
  });

  api.put('/v2.1/os-services/:id', async (c) => {
    const request = c.get('nova');
    requireAdmin(request, 'os-services:update');
    const id = c.req.param('id');
    if (!UUID.test(id)) throw new NovaError(400, `Invalid uuid ${id}`);
    const parsed = serviceUpdate.safeParse(await jsonBody(c));
    if (!parsed.success) throw new NovaError(400, invalidInput(parsed.error));
    const host = request.world.hostsByService.get(id);
    if (host === undefined) throw new NovaError(404, `Service ${id} could not be found.`);
    c.get('record').host = host.name;
    const { disabled } = host;
    updateService(request.world, host, parsed.data);
    if (host.disabled !== disabled) await tellCompute(request.world, host);
    return c.json({ service: computeService(request, host) });
  });
}

/** nova.conf, rpc_response_timeout. */
const RPC_RESPONSE_TIMEOUT_MS = 60_000;

/**
 * The change is on record by now. Nova tells the nova-compute that it still sees up, and waits for its answer
 * (`HostAPI._update_compute_provider_status`): one that has just died gives it when it is back, if in time.
 */
async function tellCompute(world: World, host: SimHost): Promise<void> {
  if (host.computeRunning || !world.serviceIsUp(host)) return;
  await new Promise<void>((resolve) => {
    const cancel = world.clock.after(RPC_RESPONSE_TIMEOUT_MS, resolve);
    host.waiting.push(() => {
      cancel();
      resolve();
    });
  });
}

function invalidInput(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue?.code === 'unrecognized_keys')
    return `Additional properties are not allowed ('${issue.keys[0] ?? ''}' was unexpected)`;
  return `Invalid input for field/attribute ${issue?.path.join('.') ?? ''}. ${issue?.message ?? ''}`;
}

/** @throws NovaError when Nova refuses */
export function updateService(world: World, host: SimHost, body: ServiceUpdate): void {
  if (body.status === undefined && body.forced_down === undefined) {
    throw new NovaError(400, "No updates were requested. Fields 'status' or 'forced_down' should be specified.");
  }
  if (body.status === 'enabled' && body.disabled_reason !== undefined) {
    throw new NovaError(400, "Specifying 'disabled_reason' with status 'enabled' is invalid.");
  }
  const forcedDown = body.forced_down === undefined ? undefined : /^true$/i.test(String(body.forced_down));
  if (forcedDown === false) checkForEvacuations(world, host);
  const before = recordOf(host);
  if (body.status !== undefined) {
    host.disabled = body.status === 'disabled';
    host.disabledReason = host.disabled ? (body.disabled_reason ?? null) : null;
    world.journal.record({ kind: 'status', host: host.name, disabled: host.disabled });
  }
  if (forcedDown !== undefined) {
    host.forcedDown = forcedDown;
    world.journal.record({ kind: 'forced-down', host: host.name, forcedDown });
  }
  if (recordOf(host) !== before) host.serviceChangedMs = world.clock.now();
}

const recordOf = ({ disabled, disabledReason, forcedDown }: SimHost): string =>
  JSON.stringify([disabled, disabledReason, forcedDown]);

/** Only a restarted nova-compute turns `done` into `completed`; before that the host is not taken back. */
function checkForEvacuations(world: World, host: SimHost): void {
  const moved = (world.migrationsBySource.get(host.name) ?? []).some(
    (migration) => migration.type === 'evacuation' && migration.status === 'done' && !migration.deleted,
  );
  if (!moved) return;
  throw new NovaError(
    400,
    `Unable to force up host ${host.name} as \`done\` evacuation migration records remain associated with the host. ` +
      'Ensure the compute service has been restarted, allowing these records to move to `completed` before retrying this request.',
  );
}

function computeService({ world, minor }: NovaRequest, host: SimHost): object {
  return {
    binary: 'nova-compute',
    host: host.name,
    id: minor >= 53 ? host.serviceUuid : host.serviceId,
    zone: world.zoneOf(host.name),
    status: host.disabled ? 'disabled' : 'enabled',
    state: seenState(world, host),
    updated_at: isoMicroseconds(world.serviceWrittenMs(host)),
    disabled_reason: host.disabledReason,
    ...(minor >= 11 ? { forced_down: host.forcedDown } : {}),
  };
}

function controllerService({ world, minor }: NovaRequest, binary: (typeof CONTROLLER_SERVICES)[number]): object {
  const place = CONTROLLER_SERVICES.indexOf(binary) + 1;
  return {
    binary,
    host: 'controller',
    id: minor >= 53 ? `00000000-0000-4000-8000-00000000000${place}` : place,
    zone: 'internal',
    status: 'enabled',
    state: world.faults.take('controller-down', { binary }) === undefined ? 'up' : 'down',
    updated_at: isoMicroseconds(world.clock.now()),
    disabled_reason: null,
    ...(minor >= 11 ? { forced_down: false } : {}),
  };
}
