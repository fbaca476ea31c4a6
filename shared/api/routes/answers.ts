import type { z } from '@hono/zod-openapi';
import { problemSchema } from '../schemas/common.ts';

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: problemSchema } },
});

/** What every route may answer in place of what it was asked for. */
const PROBLEMS = {
  400: problem('It is not of this form: `detail` says what is wrong, and where.'),
  401: problem('Nobody has this token.'),
  403: problem('The role may not do that, or not from here.'),
  404: problem('There is none.'),
  413: problem('The request is too large.'),
  429: problem('It is asked for too often: `Retry-After` says when to ask again.'),
  503: problem('What is needed for the answer is out of reach. Ask again.'),
} as const;

/** What those may answer besides that take time, or need something that not every server has. */
export const LATER = {
  501: problem('This server can not do that: `detail` says what can.'),
  503: problem('Not now: `detail` says why, `Retry-After` when to ask again.'),
} as const;

/** An answer of a schema, or a problem. */
export const answers = <T extends z.ZodType>(schema: T, description: string) => ({
  200: { description, content: { 'application/json': { schema } } },
  ...PROBLEMS,
});

/** One of them; a session's cookie takes their place. */
export const security = [{ token: [] }, { keystone: [] }];
