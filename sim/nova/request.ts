import type { Context } from 'hono';
import type { SimEnv } from '../http.ts';
import type { Identity, SimToken } from '../identity.ts';
import type { SimServer } from '../world/types.ts';
import type { World } from '../world/world.ts';
import { forbidden, NovaError, serverNotFound } from './respond.ts';

/** What a handler of Nova's API works with. */
export interface NovaRequest {
  readonly world: World;
  readonly identity: Identity;
  /** Base of the compute endpoint, as in the catalogue: http://…/compute/v2.1 */
  readonly endpoint: string;
  readonly token: SimToken;
  readonly isAdmin: boolean;
  /** The minor number of the microversion: 96 is 2.96. */
  readonly minor: number;
}

export interface NovaEnv extends SimEnv {
  Variables: SimEnv['Variables'] & { nova: NovaRequest };
}
export type NovaContext = Context<NovaEnv>;

export function requireAdmin(request: NovaRequest, policy: string): void {
  if (!request.isAdmin) throw forbidden(policy);
}

/** The instance, if it is there and the caller may know of it. */
export function findServer(request: NovaRequest, id: string): SimServer {
  const server = request.world.servers.get(id);
  if (server === undefined || (!request.isAdmin && server.projectId !== request.token.project?.id))
    throw serverNotFound(id);
  return server;
}

/** Nova's `[api] max_limit`. */
const MAX_LIMIT = 1000;

/** The page size asked for, at most 1000. */
export function pageLimit(c: NovaContext): number {
  const given = c.req.query('limit');
  if (given === undefined) return MAX_LIMIT;
  if (!/^\d+$/.test(given)) {
    throw new NovaError(
      400,
      `Invalid input for query parameters limit. Value: ${given}. '${given}' does not match '^[0-9]*$'`,
    );
  }
  return Math.min(Number(given), MAX_LIMIT);
}

/**
 * A page of a sorted list: what comes after the marker.
 * @throws NovaError 400 if the marker names nothing in the list.
 */
export function pageOf<T>(
  items: readonly T[],
  limit: number,
  marker: string | undefined,
  idOf: (item: T) => string,
): T[] {
  if (marker === undefined) return items.slice(0, limit);
  const at = items.findIndex((item) => idOf(item) === marker);
  if (at < 0) throw new NovaError(400, `marker [${marker}] not found`);
  return items.slice(at + 1, at + 1 + limit);
}

/** The `next` link of a full page, absent from one that is not full (nova/api/openstack/common.py, get_links). */
export function nextLink(
  c: NovaContext,
  path: string,
  limit: number,
  page: readonly { readonly id: string }[],
): object[] | undefined {
  const last = page.at(-1);
  if (last === undefined || page.length < limit) return undefined;
  return [{ rel: 'next', href: nextHref(c, path, last.id) }];
}

function nextHref(c: NovaContext, path: string, marker: string): string {
  const query = new URLSearchParams(c.req.query());
  query.set('marker', marker);
  return `${c.get('nova').endpoint}${path}?${query}`;
}

/** Reads `changes-since`; undefined if it was not given. */
export function changesSince(c: NovaContext): number | undefined {
  const given = c.req.query('changes-since');
  if (given === undefined) return undefined;
  const ms = Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(given) ? given : `${given}Z`);
  if (Number.isNaN(ms)) {
    throw new NovaError(
      400,
      `Invalid input for query parameters changes-since. Value: ${given}. '${given}' is not a 'date-time'`,
    );
  }
  return ms;
}
