import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { policyChecked, policyNow } from '#shared/views/policy.ts';
import type { ApiServices } from '../app.ts';
import type { OneAtATime } from '../one-at-a-time.ts';
import { MOST_OF_POLICY, policyCheckedSchema, policyTextSchema, policyViewSchema } from '../schemas/policy.ts';
import type { ApiEnv } from '../who.ts';
import { answers, LATER, security } from './answers.ts';

const current = createRoute({
  method: 'get',
  path: '/api/v1/policy',
  summary: 'The policy that is in force',
  description: 'Secrets are only names in it. Segments that were made through the Masakari API are among its segments.',
  security,
  responses: answers(policyViewSchema, 'As YAML.'),
});

const request = { body: { required: true, content: { 'application/json': { schema: policyTextSchema } } } };

const check = createRoute({
  method: 'post',
  path: '/api/v1/policy/check',
  summary: 'What is wrong with a policy, at which key and line; nothing is changed',
  security,
  request,
  responses: { ...answers(policyCheckedSchema, 'As "salvor policy check" tells it.'), ...LATER },
});

const diff = createRoute({
  method: 'post',
  path: '/api/v1/policy/diff',
  summary: 'What would change if a policy took the place of the one in force; nothing is changed',
  security,
  request,
  responses: { ...answers(policyCheckedSchema, 'As "salvor policy diff" tells it.'), ...LATER },
});

export function policyRoutes(app: OpenAPIHono<ApiEnv>, { state, policy }: ApiServices, queue: OneAtATime): void {
  app.openapi(current, async (c) => c.json(await policyNow(state, policy), 200));
  app.openapi(check, async (c) => {
    const { text } = c.req.valid('json');
    return c.json(await queue.run(async () => policyChecked(text, undefined, MOST_OF_POLICY)), 200);
  });
  app.openapi(diff, async (c) => {
    const { text } = c.req.valid('json');
    return c.json(await queue.run(async () => policyChecked(text, policy, MOST_OF_POLICY)), 200);
  });
}
