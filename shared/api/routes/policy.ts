import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { limitBody } from '#shared/ingest/limit.ts';
import { problem } from '#shared/ingest/problem.ts';
import { policyChecked, policyNow } from '#shared/views/policy.ts';
import type { ApiServices } from '../app.ts';
import { OneAtATime } from '../one-at-a-time.ts';
import { MOST_POLICY_BYTES, policyCheckedSchema, policyTextSchema, policyViewSchema } from '../schemas/policy.ts';
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

/** Below it requests may be as large as a policy is. */
export const TAKES_POLICIES = '/api/v1/policy/';
/** JSON may need two bytes for one. */
const MOST_BODY_BYTES = 2 * MOST_POLICY_BYTES;

export function policyRoutes(app: OpenAPIHono<ApiEnv>, { state, policy }: ApiServices): void {
  const queue = new OneAtATime();
  app.use(
    `${TAKES_POLICIES}*`,
    limitBody(MOST_BODY_BYTES, () => problem(413, `a policy may have ${MOST_POLICY_BYTES} bytes`)),
  );
  app.openapi(current, async (c) => c.json(await policyNow(state, policy), 200));
  app.openapi(check, async (c) => {
    const { text } = c.req.valid('json');
    return c.json(await queue.run(async () => policyChecked(text)), 200);
  });
  app.openapi(diff, async (c) => {
    const { text } = c.req.valid('json');
    return c.json(await queue.run(async () => policyChecked(text, policy)), 200);
  });
}
