import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { policyInForce } from '#shared/shell/policy-in-force.ts';
import { examine, type Health } from '#shared/views/health.ts';
import { reportersNow } from '#shared/views/reporters.ts';
import type { ApiServices } from '../app.ts';
import { type OneAtATime, Shared } from '../one-at-a-time.ts';
import { healthSchema, type Reporters, reportersSchema } from '../schemas/health.ts';
import type { ApiEnv } from '../who.ts';
import { answers, LATER, security } from './answers.ts';

const doctor = createRoute({
  method: 'get',
  path: '/api/v1/doctor',
  summary: 'What is wrong with salvor itself, or about to be, and what to do about it',
  description: 'By its state, its policy and its queues; neither Nova nor a device is asked.',
  security,
  responses: { ...answers(healthSchema, 'As "salvor doctor" tells it.'), ...LATER },
});

const reporters = createRoute({
  method: 'get',
  path: '/api/v1/reporters',
  summary: 'Who reported what and when, what reporters were refused, and of whom nobody was heard',
  security,
  responses: { ...answers(reportersSchema, 'As "salvor reporters" tells it.'), ...LATER },
});

/** Both read whole tables. */
const KEEP_MS = 5000;

export function healthRoutes(app: OpenAPIHono<ApiEnv>, services: ApiServices, queue: OneAtATime): void {
  const { state, policy, clock } = services;
  const kept = new Shared<Health>(queue, KEEP_MS, clock);
  const reported = new Shared<Reporters>(queue, KEEP_MS, clock);
  app.openapi(doctor, async (c) =>
    c.json(await kept.get('', () => examine(services, policy.survey, clock.now())), 200),
  );
  app.openapi(reporters, async (c) => {
    const told = await reported.get('', async () => {
      const view = await reportersNow(state, await policyInForce(state, policy), clock.now());
      return { ...view, refused: view.refused.map(({ sample: _, ...each }) => each) };
    });
    return c.json(told, 200);
  });
}
