import { type Context, Hono } from 'hono';
import { jsonBody, type SimEnv } from '../http.ts';
import { logged } from '../logged.ts';
import { powerOff, powerOn } from '../world/power.ts';
import type { SimHost } from '../world/types.ts';
import { apiDown, type PowerParts } from './parts.ts';

/** What Ironic's database has of a node; the machine may differ. */
export interface SimNode {
  readonly host: SimHost;
  readonly uuid: string;
  powerState: string | null;
  targetPowerState: string | null;
  lastError: string | null;
  maintenance: boolean;
  fault: string | null;
  conductor: string | null;
  provisionState: string;
}

/** Compares every node with its machine, as the conductor does each minute. */
const SYNC_MS = 60_000;
/** How long the conductor tries to reach a BMC that does not do what it is told. */
const GIVES_UP_MS = 30_000;
const TARGETS: Readonly<Record<string, 'on' | 'off'>> = { 'power on': 'on', 'power off': 'off' };

/** A node for each host, by its name, as Ironic's API v1 has it at 1.49: for tokens of Keystone, or by basic authentication. */
export function ironicApi(parts: PowerParts): { readonly api: Hono<SimEnv>; node(host: string): SimNode } {
  const { world } = parts;
  const nodes = new Map<string, SimNode>();
  const node = (name: string): SimNode => {
    const known = [...nodes.values()].find(({ host, uuid }) => host.name === name || uuid === name);
    if (known !== undefined) return known;
    const host = world.hosts.get(name);
    if (host === undefined) throw new Error(`Ironic has no node ${name}`);
    const made = nodeOf(host);
    if (nodes.size === 0) world.clock.after(SYNC_MS, sync);
    nodes.set(host.name, made);
    return made;
  };
  const find = (c: Context<SimEnv>): SimNode | undefined => {
    const name = c.req.param('ident') ?? '';
    const isKnown = world.hosts.has(name) || [...nodes.values()].some(({ uuid }) => uuid === name);
    return isKnown ? node(name) : undefined;
  };
  const sync = (): void => {
    for (const each of nodes.values())
      if (
        !each.maintenance &&
        each.provisionState !== 'enroll' &&
        each.conductor !== null &&
        each.targetPowerState === null
      )
        each.powerState = `power ${each.host.power}`;
    world.clock.after(SYNC_MS, sync);
  };

  const api = new Hono<SimEnv>({ strict: false }).basePath('/baremetal');
  api.use(logged(parts.log, 'ironic', parts.newRequestId));
  api.use(async (c, next) => (await apiDown(c, world, 'ironic')) ?? unauthorized(c, parts) ?? next());

  api.get('/v1/nodes/:ident', (c) => {
    const found = find(c);
    return found === undefined
      ? clientError(c, 404, `Node ${c.req.param('ident')} could not be found.`)
      : c.json(bodyOf(found));
  });

  api.put('/v1/nodes/:ident/states/power', async (c) => {
    const found = find(c);
    if (found === undefined) return clientError(c, 404, `Node ${c.req.param('ident')} could not be found.`);
    const body = await jsonBody(c);
    const target = typeof body === 'object' && body !== null && 'target' in body ? String(body.target) : '';
    const power = TARGETS[target];
    if (power === undefined) return clientError(c, 400, `The requested action "${target}" can not be performed.`);
    if (found.conductor === null) return clientError(c, 503, 'No conductor service registered for the node.');
    if (found.targetPowerState !== null)
      return clientError(c, 409, `Node ${found.uuid} is locked by host ${found.conductor}, please retry.`);
    found.targetPowerState = target;
    found.lastError = null;
    act(parts, found, power);
    return c.body(null, 202);
  });
  return { api, node };
}

/** The conductor's part, after the answer: it asks the BMC, and gives up on one that does not do it. */
function act({ world }: PowerParts, node: SimNode, power: 'on' | 'off'): void {
  const { host } = node;
  const end = (error: string | null): void => {
    node.targetPowerState = null;
    node.lastError = error;
    if (error === null) node.powerState = `power ${power}`;
  };
  const fails = `Failed to change power state to 'power ${power}' by 'power ${power}': the BMC does not answer`;
  if (world.faults.take('bmc-error', { host: host.name }) !== undefined) end(fails);
  else if (world.faults.take('bmc-stuck', { host: host.name }) !== undefined)
    world.clock.after(GIVES_UP_MS, () => end(fails));
  else {
    if (power === 'off') powerOff(world, host);
    else if (host.power === 'off') powerOn(world, host);
    end(null);
  }
}

/** Its UUID is Ironic's own, and not that of the machine. */
const nodeOf = (host: SimHost): SimNode => ({
  host,
  uuid: host.systemUuid.replace(/^.{8}/, '1201c000'),
  powerState: `power ${host.power}`,
  targetPowerState: null,
  lastError: null,
  maintenance: false,
  fault: null,
  conductor: 'conductor-1',
  provisionState: 'active',
});

const bodyOf = (node: SimNode): object => ({
  uuid: node.uuid,
  name: node.host.name,
  power_state: node.powerState,
  target_power_state: node.targetPowerState,
  last_error: node.lastError,
  maintenance: node.maintenance,
  maintenance_reason: null,
  fault: node.fault,
  conductor: node.conductor,
  provision_state: node.provisionState,
});

function unauthorized(c: Context<SimEnv>, { identity, secrets }: PowerParts): Response | undefined {
  const token = c.req.header('x-auth-token');
  if (token !== undefined && identity.validate(token) !== undefined) return undefined;
  const { username, password } = secrets.ironic;
  const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  if (c.req.header('authorization') === basic) return undefined;
  c.header('www-authenticate', token === undefined ? 'Basic realm="Baremetal API"' : 'Keystone uri="/identity"');
  return c.json({ error: { message: 'Incorrect username or password', code: 401 } }, 401);
}

/** Ironic's errors are JSON, as text, in JSON. */
function clientError(c: Context<SimEnv>, status: 400 | 404 | 409 | 503, text: string): Response {
  return c.json({ error_message: JSON.stringify({ faultcode: 'Client', faultstring: text, debuginfo: null }) }, status);
}
