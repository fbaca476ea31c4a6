import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { loadNow } from '#shared/views/now.ts';
import type { ApiServices } from '../app.ts';
import { nowSchema } from '../schemas/now.ts';
import type { ApiEnv } from '../who.ts';
import { answers, security } from './answers.ts';

const now = createRoute({
  method: 'get',
  path: '/api/v1/now',
  summary: 'Whether anything is down, what salvor does about it, and what needs a person',
  security,
  responses: answers(nowSchema, 'As it is now.'),
});

export function nowRoutes(app: OpenAPIHono<ApiEnv>, { state, clock, policy }: ApiServices): void {
  app.openapi(now, async (c) => c.json(await loadNow(state, [policy.cloud], clock.now()), 200));
}
