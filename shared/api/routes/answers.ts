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
} as const;

/** What those may answer besides that take time, or need something that not every server has. */
export const LATER = {
  501: problem('This server can not do that: `detail` says what can.'),
  503: problem('Not now: `detail` says why, `Retry-After` when to ask again.'),
} as const;
export const TOO_LARGE = { 413: problem('It is larger than what is taken.') } as const;

/** An answer of a schema, or a problem. */
export const answers = <T extends z.ZodType>(schema: T, description: string) => ({
  200: { description, content: { 'application/json': { schema } } },
  ...PROBLEMS,
});

export const security = [{ token: [] }];
