import type { Hono } from 'hono';
import { CONSOLE_FILES } from '#infra/bundle-console.ts';
import type { ApiServices } from '#shared/api/app.ts';
import { served } from '#shared/api/served.ts';
import type { ApiEnv } from '#shared/api/who.ts';
import { type IngestServices, ingestApp } from '#shared/ingest/app.ts';
import { siteMetrics } from '#shared/metrics/site-metrics.ts';

/** All that one site answers by HTTP: the API, the console, metrics, approvals, and reports. */
export function siteApp(services: IngestServices & ApiServices): Hono<ApiEnv> {
  const app = served({ ...services, metrics: siteMetrics(services, services.queues) }, CONSOLE_FILES);
  // Where Prometheus looks unless it is told otherwise; let in as by the API.
  app.get('/metrics', (c) => app.fetch(new Request(new URL('/api/v1/metrics', c.req.url), c.req.raw), c.env));
  const ingest = ingestApp(services);
  app.all('*', (c) => ingest.fetch(c.req.raw, c.env));
  return app;
}
