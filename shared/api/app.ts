import { OpenAPIHono } from '@hono/zod-openapi';
import { etag, RETAINED_304_HEADERS } from 'hono/etag';
import { secureHeaders } from 'hono/secure-headers';
import type { IssuedTokens, KeystoneTokens, Secrets } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { VERSION } from '#shared/version.ts';
import { limitBody } from '../ingest/limit.ts';
import { problem } from '../ingest/problem.ts';
import { limits as newLimits } from './limits.ts';
import { people } from './people.ts';
import { onApiError } from './refusal.ts';
import { commandRoutes } from './routes/commands.ts';
import { hostRoutes } from './routes/hosts.ts';
import { incidentRoutes } from './routes/incidents.ts';
import { nowRoutes } from './routes/now.ts';
import { meRoute, sessionRoutes } from './routes/session.ts';
import { admission } from './ways.ts';
import { type ApiEnv, letIn } from './who.ts';

export interface ApiServices extends Pick<Services, 'state' | 'outbox' | 'clock' | 'policy' | 'log'> {
  readonly secrets: Secrets;
  readonly tokens: KeystoneTokens;
  /** Of the policy's `access.oidc`; absent where it has none. */
  readonly issued?: IssuedTokens | undefined;
  /** Whether the server listens on loopback only. */
  readonly isLocal: boolean;
  /** Of whoever waits for news; 25 s unless given. */
  readonly longestWaitSeconds?: number;
}

/** Whoever waits must know whether the server does. */
const RETAINED = [...RETAINED_304_HEADERS, 'preference-applied'];

/** Of a request's body: a command has no more. */
const MAX_BODY_BYTES = 64 * 1024;

/** The API under the console: what is, what was, and what people may ask for. `GET /api/openapi.json` describes it. */
export function apiApp(services: ApiServices): OpenAPIHono<ApiEnv> {
  const { policy, log, clock } = services;
  const { access } = policy;
  const app = new OpenAPIHono<ApiEnv>({
    // What was sent is not repeated: it may hold a secret.
    defaultHook: (result) =>
      result.success
        ? undefined
        : problem(400, result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')),
  });
  app.onError(onApiError(log));
  app.notFound((c) => problem(404, `there is nothing at ${c.req.path}: /api/openapi.json names what there is`));
  app.use(secureHeaders());
  app.doc31('/api/openapi.json', {
    openapi: '3.1.0',
    info: { title: 'salvor', version: VERSION, license: { name: 'Apache-2.0' } },
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' });
  app.openAPIRegistry.registerComponent('securitySchemes', 'keystone', {
    type: 'apiKey',
    in: 'header',
    name: 'X-Auth-Token',
  });
  app.use(
    '/api/*',
    limitBody(MAX_BODY_BYTES, () => problem(413, `a request may have ${MAX_BODY_BYTES} bytes`)),
  );
  const limits = newLimits(clock);
  const ofPeople = people(access?.people ?? {}, services);
  const admit = access === undefined ? async () => undefined : admission({ ...services, access, people: ofPeople });
  sessionRoutes(app, { ...services, limits, admit });
  app.use('/api/v1/*', letIn({ ...services, access, limits, admit }), etag({ retainedHeaders: RETAINED }));
  meRoute(app, services);
  nowRoutes(app, services);
  hostRoutes(app, services);
  incidentRoutes(app, services);
  commandRoutes(app, services, limits);
  return app;
}
