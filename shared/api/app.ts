import { OpenAPIHono } from '@hono/zod-openapi';
import { etag } from 'hono/etag';
import { secureHeaders } from 'hono/secure-headers';
import type { Secrets } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { VERSION } from '#shared/version.ts';
import { problem } from '../ingest/problem.ts';
import { onApiError } from './refusal.ts';
import { commandRoutes } from './routes/commands.ts';
import { hostRoutes } from './routes/hosts.ts';
import { incidentRoutes } from './routes/incidents.ts';
import { metricsRoute } from './routes/metrics.ts';
import { nowRoutes } from './routes/now.ts';
import { type ApiEnv, letIn } from './who.ts';

export interface ApiServices extends Pick<Services, 'state' | 'outbox' | 'clock' | 'policy' | 'log'> {
  readonly secrets: Secrets;
  /** Whether the server listens on loopback only. */
  readonly isLocal: boolean;
  /** What Prometheus scrapes; absent in a stack. */
  readonly metrics?: () => Promise<string>;
}

/** The API under the console: what is, what was, and what people may ask for. `GET /api/openapi.json` describes it. */
export function apiApp(services: ApiServices): OpenAPIHono<ApiEnv> {
  const { policy, log } = services;
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
  app.use('/api/v1/*', letIn({ ...services, access: policy.access }), etag());
  nowRoutes(app, services);
  hostRoutes(app, services);
  incidentRoutes(app, services);
  commandRoutes(app, services);
  metricsRoute(app, services);
  return app;
}
