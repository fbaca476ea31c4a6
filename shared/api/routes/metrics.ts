import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { ApiServices } from '../app.ts';
import type { ApiEnv } from '../who.ts';
import { security } from './answers.ts';

/** Of Prometheus' text format. */
const TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const route = createRoute({
  method: 'get',
  path: '/api/v1/metrics',
  summary: 'What Prometheus scrapes; at one site at /metrics as well',
  security,
  responses: { 200: { description: 'In its text format.', content: { 'text/plain': { schema: z.string() } } } },
});

/** Only where one process has everything: in a stack CloudWatch has the metrics. */
export function metricsRoute(app: OpenAPIHono<ApiEnv>, { metrics }: Pick<ApiServices, 'metrics'>): void {
  if (metrics === undefined) return;
  app.openapi(route, async (c) => c.text(await metrics(), 200, { 'content-type': TYPE }));
}
