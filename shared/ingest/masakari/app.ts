import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { serve } from './answer.ts';
import type { MasakariServices } from './call.ts';
import { Fault, faultBody } from './faults.ts';
import { HEADER, inHeader, microversionOf } from './microversion.ts';
import { NOTIFICATION_ACTIONS, REFUSED_ON_NOTIFICATIONS } from './notifications.ts';
import { allVersions, versionOne } from './versions.ts';

/** As Masakari's `RequestBodySizeLimiter` has it. */
const MAX_BODY_BYTES = 114_688;
/** With and without the project's id, as catalogues have either. */
const PREFIXES = ['/v1', '/v1/:project{[0-9a-f-]+}'] as const;

const ACTIONS = [...NOTIFICATION_ACTIONS];
const REFUSED = [...REFUSED_ON_NOTIFICATIONS];

/**
 * Masakari's API v1, microversions 1.0 to 1.3, for monitors, clients and dashboards that know nothing of salvor. What it
 * answers is held to pairs recorded of Masakari 22.0.0 in `test/ingest/masakari/`.
 */
export function masakariApi(services: MasakariServices): Hono {
  const api = new Hono();
  const limit = bodyLimit({ maxSize: MAX_BODY_BYTES, onError: () => tooLarge(services) });
  api.get('/', (c) => c.json(allVersions(originOf(c))));
  for (const path of ['/v1', '/v1/'])
    api.get(path, (c) => {
      try {
        const version = microversionOf(c.req.header(HEADER));
        return c.json(versionOne(originOf(c)), 200, { [HEADER]: inHeader(version), vary: HEADER });
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        return c.json(faultBody(error), error.status);
      }
    });
  for (const prefix of PREFIXES) {
    for (const action of ACTIONS) api.on(action.method, prefix + action.path, limit, (c) => serve(services, c, action));
    for (const refused of REFUSED)
      api.on(refused.method, prefix + refused.path, limit, (c) => serve(services, c, refused));
  }
  return api;
}

const originOf = (c: Context): string => new URL(c.req.url).origin;

function tooLarge({ chance }: MasakariServices): Response {
  const fault = new Fault(413, 'Request is too large.');
  const headers = { 'content-type': 'application/json; charset=UTF-8', 'x-openstack-request-id': `req-${chance.id()}` };
  return new Response(JSON.stringify(faultBody(fault)), { status: fault.status, headers });
}
