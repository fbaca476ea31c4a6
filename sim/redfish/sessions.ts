import type { Context, Hono } from 'hono';
import * as z from 'zod';
import { jsonBody } from '../http.ts';
import type { World } from '../world/world.ts';
import { type BmcCredentials, extendedError, type RedfishEnv } from './parts.ts';

const sessionRequest = z.object({ UserName: z.string(), Password: z.string() });

/** Who may use the devices: by basic authentication, or by a session (DSP0266, "Session management"). */
export class Sessions {
  readonly #world: World;
  readonly #wanted: BmcCredentials;
  /** Ids by token. */
  readonly #open = new Map<string, string>();

  constructor(world: World, wanted: BmcCredentials) {
    this.#world = world;
    this.#wanted = wanted;
  }

  /** How many nobody has ended. */
  get count(): number {
    return this.#open.size;
  }

  /** The answer to one who may not; undefined for all others. */
  check(c: Context<RedfishEnv>): Response | undefined {
    const host = c.get('device')?.named.name;
    const isOpen =
      /\/redfish(\/v1)?\/?$/.test(c.req.path) || (c.req.method === 'POST' && c.req.path.endsWith('/Sessions'));
    const takesBasic = this.#world.faults.take('bmc-no-basic', { host }) === undefined;
    const refused = this.#world.faults.take('bmc-unauthorized', { host }) !== undefined;
    return refused || (!isOpen && !this.#isKnown(c, takesBasic)) ? unauthorized(c, takesBasic) : undefined;
  }

  #isKnown(c: Context<RedfishEnv>, takesBasic: boolean): boolean {
    const token = c.req.header('x-auth-token');
    if (token !== undefined) return this.#open.has(token);
    const basic = takesBasic ? /^Basic (.+)$/i.exec(c.req.header('authorization') ?? '')?.[1] : undefined;
    if (basic === undefined) return false;
    return Buffer.from(basic, 'base64').toString('utf8') === `${this.#wanted.username}:${this.#wanted.password}`;
  }

  routes(api: Hono<RedfishEnv>, prefix: string): void {
    api.post(`${prefix}/v1/SessionService/Sessions`, async (c) => {
      const { data } = sessionRequest.safeParse(await jsonBody(c));
      if (data?.UserName !== this.#wanted.username || data.Password !== this.#wanted.password)
        return unauthorized(c, true);
      const token = this.#world.random.hex(32);
      const id = this.#world.random.hex(8);
      this.#open.set(token, id);
      const path = `/redfish/v1/SessionService/Sessions/${id}`;
      c.header('x-auth-token', token);
      c.header('location', path);
      return c.json(
        {
          '@odata.id': path,
          '@odata.type': '#Session.v1_1_0.Session',
          Id: id,
          Name: 'User Session',
          UserName: data.UserName,
        },
        201,
      );
    });

    api.delete(`${prefix}/v1/SessionService/Sessions/:id`, (c) => {
      const id = c.req.param('id');
      for (const [token, session] of this.#open) if (session === id) this.#open.delete(token);
      return c.body(null, 204);
    });
  }
}

function unauthorized(c: Context<RedfishEnv>, takesBasic: boolean): Response {
  if (takesBasic) c.header('www-authenticate', 'Basic realm="Redfish service"');
  return extendedError(
    c,
    401,
    'Base.1.5.NoValidSession',
    'There is no valid session established with the implementation.',
  );
}
