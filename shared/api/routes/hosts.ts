import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Explanation } from '#shared/domain/explain/words.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { loadInventoryHost } from '#shared/state/inventory.ts';
import { hostExplained } from '#shared/views/explain-host.ts';
import { type HostRow, loadHosts } from '#shared/views/hosts.ts';
import type { ApiServices } from '../app.ts';
import { MOST_READING, OneAtATime, Shared } from '../one-at-a-time.ts';
import { Refusal } from '../refusal.ts';
import { unixMs } from '../schemas/common.ts';
import type { ApiEnv } from '../who.ts';
import { answers, security } from './answers.ts';

const explanationSchema: z.ZodType<Explanation> = z
  .strictObject({
    host: z.string(),
    verdict: z.string(),
    paragraphs: z.array(z.strictObject({ title: z.string(), sentences: z.array(z.string()) })),
  })
  .openapi('Explanation');

const hostRowSchema: z.ZodType<HostRow> = z
  .strictObject({
    host: z.string(),
    hostKey: z.string(),
    reporters: z.array(z.strictObject({ name: z.string(), says: z.enum(['up', 'down']), atMs: unixMs })),
    heartbeatAtMs: unixMs.nullable(),
    fence: z
      .strictObject({
        state: z.enum(['ready', 'degraded', 'not-ready', 'not-asked']),
        because: z.string(),
        sinceMs: unixMs,
        lastGoodMs: unixMs.nullable(),
      })
      .nullable(),
  })
  .openapi('HostInFull');

const list = createRoute({
  method: 'get',
  path: '/api/v1/hosts',
  summary: 'Of every host: who reports it, its last heartbeat, and whether it could be fenced',
  security,
  responses: answers(z.array(hostRowSchema), 'Their states are in /api/v1/now.'),
});

const explanation = createRoute({
  method: 'get',
  path: '/api/v1/hosts/{host}/explanation',
  summary: 'Why a host was or was not fenced, in sentences',
  security,
  request: { params: z.object({ host: z.string().min(1).max(255) }) },
  responses: answers(explanationSchema, 'With the numbers of each gate.'),
});

/** It reads an item of each host. */
const KEEP_MS = 1000;

export function hostRoutes(app: OpenAPIHono<ApiEnv>, { state, clock, policy: { cloud } }: ApiServices): void {
  const rows = new Shared<readonly HostRow[]>(new OneAtATime(MOST_READING), KEEP_MS, clock);
  app.openapi(list, async (c) => c.json([...(await rows.get('', () => loadHosts(state, cloud)))], 200));
  app.openapi(explanation, async (c) => {
    const { host } = c.req.valid('param');
    const known = await loadInventoryHost(state, cloud.name, cloud.region, host);
    if (known === undefined) throw new Refusal(404, 'Nova has no such host, as far as salvor’s mirror tells');
    const hostKey = `${cloud.name}/${cloud.region}/${known.serviceId}`;
    const listed = { hostKey, known, state: (await loadHost(state, hostKey))?.value };
    const told = await hostExplained(state, listed, clock.now());
    return c.json(told, 200);
  });
}
