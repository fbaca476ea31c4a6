import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { keptMirror, loadNow } from '#shared/views/now.ts';
import type { ApiServices } from '../app.ts';
import { Pulse } from '../pulse.ts';
import { nowSchema } from '../schemas/now.ts';
import type { ApiEnv } from '../who.ts';
import { answers, security } from './answers.ts';

/** Shorter than what proxies and load balancers cut off. */
const LONGEST_WAIT_SECONDS = 25;

const now = createRoute({
  method: 'get',
  path: '/api/v1/now',
  summary: 'Whether anything is down, what salvor does about it, and what needs a person',
  description:
    'With `If-None-Match` and `Prefer: wait=20` (RFC 7240) it is answered once something has changed, or with 304 after that many seconds. Where `Preference-Applied` is missing nobody waited: ask again after a pause.',
  security,
  request: {
    headers: z.object({
      'if-none-match': z.string().optional(),
      prefer: z.string().optional().openapi({ example: 'wait=20' }),
    }),
  },
  responses: { ...answers(nowSchema, 'As it is now.'), 304: { description: 'Nothing has changed.' } },
});

export function nowRoutes(
  app: OpenAPIHono<ApiEnv>,
  { state, clock, policy, longestWaitSeconds = LONGEST_WAIT_SECONDS }: ApiServices,
): void {
  const mirror = keptMirror(state, clock);
  const pulse = new Pulse(
    () => loadNow(state, [policy.cloud], clock.now(), mirror),
    ({ atMs: _, ...seen }) => seen,
    clock,
  );
  app.openapi(now, async (c) => {
    const { 'if-none-match': known, prefer = '' } = c.req.valid('header');
    const [, seconds = '0'] = /\bwait=(\d{1,4})\b/.exec(prefer) ?? [];
    const wait = Math.min(Number(seconds), longestWaitSeconds);
    const { value, tag } = await pulse.other(known, wait * 1000, c.req.raw.signal);
    if (wait > 0) c.header('preference-applied', `wait=${wait}`);
    c.header('etag', tag);
    return tag === known ? c.body(null, 304) : c.json(value, 200);
  });
}
