import { acceptEvacuation } from '../world/evacuation.ts';
import type { SimServer, VmState } from '../world/types.ts';
import type { Requester, World } from '../world/world.ts';
import { findServer, type NovaContext, requireAdmin } from './request.ts';
import { NovaError } from './respond.ts';

const EVACUABLE: ReadonlySet<VmState> = new Set(['active', 'stopped', 'error']);
const TRUE = /^(true|1|t|on|y|yes)$/i;

export interface EvacuateBody {
  readonly host: string | null;
  readonly force: boolean;
}

/** Compute API, "Evacuate Server (evacuate Action)". */
export function evacuate(c: NovaContext, id: string, body: unknown): Response {
  const request = c.get('nova');
  const { world, minor, token } = request;
  const asked = parseBody(body, minor);
  const server = findServer(request, id);
  c.get('record').host = server.host ?? '';
  requireAdmin(request, 'os-evacuate');
  const requester = { userId: token.user.id, projectId: token.project?.id ?? '' };
  evacuateServer(world, server, asked, { minor, requester });
  world.addAction(id, 'evacuate', c.get('record').requestId, requester);
  return minor < 14 ? c.json({ adminPass: world.random.hex(12) }) : c.body(null, 200);
}

/**
 * Checks in the order of nova/api/openstack/compute/evacuate.py and nova/compute/api.py. A lock and a task state do not
 * stop it.
 * @param minor the minor number of the microversion
 * @throws NovaError when Nova refuses
 */
export function evacuateServer(
  world: World,
  server: SimServer,
  asked: EvacuateBody,
  { minor, requester }: { readonly minor: number; readonly requester: Requester },
): void {
  if (asked.force && asked.host === null) throw new NovaError(400, "Can't force to a non-provided destination");
  if (asked.host !== null && !world.hosts.has(asked.host))
    throw new NovaError(404, `Compute host ${asked.host} not found.`);
  const source = world.hosts.get(server.host ?? '');
  if (server.host === asked.host || source === undefined)
    throw new NovaError(400, "The target host can't be the same one.");
  checkState(server);
  if (world.serviceIsUp(source)) throw new NovaError(400, `Compute service of ${source.name} is still in use.`);
  acceptEvacuation(world, server, {
    sourceHost: source.name,
    requestedHost: asked.host,
    // Before 2.29 a host was always obeyed without the scheduler.
    forced: asked.host !== null && (asked.force || minor < 29),
    leaveStopped: minor >= 95,
    requester,
  });
}

function checkState(server: SimServer): void {
  if (EVACUABLE.has(server.vmState)) return;
  throw new NovaError(409, `Cannot 'evacuate' instance ${server.id} while it is in vm_state ${server.vmState}`);
}

function parseBody(body: unknown, minor: number): EvacuateBody {
  const given = typeof body === 'object' && body !== null ? Object.entries(body) : [];
  const allowed = [
    'host',
    'adminPass',
    ...(minor < 14 ? ['onSharedStorage'] : []),
    ...(minor >= 29 && minor < 68 ? ['force'] : []),
  ];
  const unexpected = given.find(([name]) => !allowed.includes(name));
  if (unexpected !== undefined) {
    throw new NovaError(
      400,
      `Invalid input for field/attribute evacuate. Value: ${JSON.stringify(body)}. ` +
        `Additional properties are not allowed ('${unexpected[0]}' was unexpected)`,
    );
  }
  const fields = Object.fromEntries(given);
  if (minor < 14 && fields.onSharedStorage === undefined) {
    throw new NovaError(
      400,
      `Invalid input for field/attribute evacuate. Value: ${JSON.stringify(body)}. 'onSharedStorage' is a required property`,
    );
  }
  const host = fields.host;
  if (host !== undefined && typeof host !== 'string') {
    throw new NovaError(
      400,
      `Invalid input for field/attribute host. Value: ${JSON.stringify(host)}. ${JSON.stringify(host)} is not of type 'string'`,
    );
  }
  return { host: host ?? null, force: TRUE.test(String(fields.force ?? '')) };
}
