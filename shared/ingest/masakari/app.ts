import { type Context, Hono } from 'hono';
import { limitBody } from '../limit.ts';
import { letIn, type MasakariEnv, serve } from './answer.ts';
import type { Action, MasakariServices, Refused } from './call.ts';
import { Fault, faultBody } from './faults.ts';
import { HOST_ACTIONS } from './hosts.ts';
import { HEADER, inHeader, microversionOf } from './microversion.ts';
import { NOTIFICATION_ACTIONS, REFUSED_ON_NOTIFICATIONS } from './notifications.ts';
import { SEGMENT_ACTIONS } from './segments.ts';
import { allVersions, versionOne } from './versions.ts';
import { REFUSED_ON_VMOVES, VMOVE_ACTIONS } from './vmoves.ts';

/** As Masakari's `RequestBodySizeLimiter` has it. */
const MAX_BODY_BYTES = 114_688;
/** With and without the project's id, as catalogues have either. */
const PREFIXES = ['/v1', '/v1/:project{[0-9a-f-]+}'] as const;

/** All that its router knows. */
export const MASAKARI_ACTIONS: readonly (Action | Refused)[] = [
  ...NOTIFICATION_ACTIONS,
  ...VMOVE_ACTIONS,
  ...SEGMENT_ACTIONS,
  ...HOST_ACTIONS,
  ...REFUSED_ON_NOTIFICATIONS,
  ...REFUSED_ON_VMOVES,
];

/**
 * Masakari's API v1, microversions 1.0 to 1.3, for monitors, clients and dashboards that know nothing of salvor. What it
 * answers is held to pairs recorded of Masakari 22.0.0 in `test/ingest/masakari/`.
 */
export function masakariApi(services: MasakariServices): Hono<MasakariEnv> {
  const api = new Hono<MasakariEnv>();
  const known = letIn(services);
  const limit = limitBody(MAX_BODY_BYTES, () => tooLarge(services));
  api.get('/', (c) => c.json(allVersions(originOf(c)), 200, idHeader(services)));
  // What load balancers in front of Masakari ask for (oslo.middleware).
  api.get('/healthcheck', (c) => c.text('OK'));
  for (const path of ['/v1', '/v1/'])
    api.get(path, (c) => {
      try {
        const version = { [HEADER]: inHeader(microversionOf(c.req.header(HEADER))), vary: HEADER };
        return c.json(versionOne(originOf(c)), 200, { ...version, ...idHeader(services) });
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        return c.json(faultBody(error), error.status, idHeader(services));
      }
    });
  for (const prefix of PREFIXES) {
    for (const action of MASAKARI_ACTIONS)
      api.on(action.method, prefix + action.path, known, limit, (c) => serve(services, c, action));
  }
  return api;
}

const originOf = (c: Context): string => new URL(c.req.url).origin;

const idHeader = ({ chance }: MasakariServices) => ({ 'x-openstack-request-id': `req-${chance.id()}` });

function tooLarge(services: MasakariServices): Response {
  const fault = new Fault(413, 'Request is too large.');
  const headers = { 'content-type': 'application/json; charset=UTF-8', ...idHeader(services) };
  return new Response(JSON.stringify(faultBody(fault)), { status: fault.status, headers });
}
