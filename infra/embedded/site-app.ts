import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { type ApiServices, apiApp } from '#shared/api/app.ts';
import type { ApiEnv } from '#shared/api/who.ts';
import { approveApp } from '#shared/approve/app.ts';
import { type IngestServices, ingestApp } from '#shared/ingest/app.ts';
import { problem } from '#shared/ingest/problem.ts';
import { siteMetrics } from '#shared/metrics/site-metrics.ts';

const CONSOLE = fileURLToPath(new URL('../../web/dist', import.meta.url));

/** All that one site answers by HTTP: reports, the API, metrics, approvals, and the console below /console/. */
export function siteApp(services: IngestServices & ApiServices): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  const api = apiApp({ ...services, metrics: siteMetrics(services, services.queues) });
  app.all('/api/*', (c) => api.fetch(c.req.raw, c.env));
  const approve = approveApp(services);
  app.all('/approve/*', (c) => approve.fetch(c.req.raw, c.env));
  // Where Prometheus looks unless it is told otherwise; let in as by the API.
  app.get('/metrics', (c) => api.fetch(new Request(new URL('/api/v1/metrics', c.req.url), c.req.raw), c.env));
  app.use('/console/*', secureHeaders({ contentSecurityPolicy: CONTENT_SECURITY }));
  app.use(
    '/console/assets/*',
    serveStatic({ root: CONSOLE, rewriteRequestPath: (path) => path.slice('/console'.length) }),
  );
  app.get('/console/assets/*', () => problem(404, 'there is no such file'));
  // Every page of the console is one file: which of them it is, the browser knows.
  app.get('/console/*', serveStatic({ root: CONSOLE, rewriteRequestPath: () => '/index.html' }));
  app.get('/console/*', () =>
    existsSync(CONSOLE) ? problem(404, 'there is no such page') : problem(404, 'the console is not built: npm run web'),
  );
  app.get('/console', (c) => c.redirect('/console/'));
  const ingest = ingestApp(services);
  app.get('/', (c, next) =>
    c.req.header('accept')?.includes('text/html') ? Promise.resolve(c.redirect('/console/')) : next(),
  );
  app.all('*', (c) => ingest.fetch(c.req.raw, c.env));
  return app;
}

/** Nothing but what salvor itself serves. The library of the console writes styles into elements. */
const CONTENT_SECURITY = {
  defaultSrc: ["'self'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:'],
  frameAncestors: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
};
