import { existsSync } from 'node:fs';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import { compress } from 'hono/compress';
import { etag } from 'hono/etag';
import { secureHeaders } from 'hono/secure-headers';
import { approveApp } from '../approve/app.ts';
import { problem } from '../ingest/problem.ts';
import { type ApiServices, apiApp } from './app.ts';
import type { ApiEnv } from './who.ts';

/**
 * The API, links to approve, and the console below /console/: what people and their browsers ask for.
 * @param folder of the console's files, as web/build.ts makes them
 */
export function served(services: ApiServices, folder: string): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  const api = apiApp(services);
  app.all('/api/*', (c) => api.fetch(c.req.raw, c.env));
  const approve = approveApp({ ...services, secrets: services.linkSecrets ?? services.secrets });
  app.all('/approve/*', (c) => approve.fetch(c.req.raw, c.env));
  app.use('/console/*', secureHeaders({ contentSecurityPolicy: CONTENT_SECURITY }));
  const rewriteRequestPath = (path: string): string => path.slice('/console'.length);
  app.use('/console/assets/*', etag(), compress(), serveStatic({ root: folder, rewriteRequestPath }));
  app.get('/console/assets/*', () => problem(404, 'there is no such file'));
  // Every page of the console is one file: which of them it is, the browser knows.
  app.get('/console/*', serveStatic({ root: folder, rewriteRequestPath: () => '/index.html' }));
  app.get('/console/*', () =>
    existsSync(folder) ? problem(404, 'there is no such page') : problem(404, 'the console is not built: npm run web'),
  );
  app.get('/console', (c) => c.redirect('/console/'));
  app.get('/', (c, next) =>
    c.req.header('accept')?.includes('text/html') ? Promise.resolve(c.redirect('/console/')) : next(),
  );
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
