import type { Hono } from 'hono';
import { CONSOLE_FILES } from '#infra/bundle-console.ts';
import type { ApiServices } from '#shared/api/app.ts';
import { served } from '#shared/api/served.ts';
import type { ApiEnv } from '#shared/api/who.ts';
import { type IngestServices, ingestApp } from '#shared/ingest/app.ts';

/** All that one site answers by HTTP: the API, the console, and reports. */
export function siteApp(services: IngestServices & ApiServices): Hono<ApiEnv> {
  const app = served(services, CONSOLE_FILES);
  const ingest = ingestApp(services);
  app.all('*', (c) => ingest.fetch(c.req.raw, c.env));
  return app;
}
