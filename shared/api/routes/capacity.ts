import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { ForecastInstance } from '#shared/domain/forecast/what-if.ts';
import type { SegmentRow } from '#shared/domain/now/segments.ts';
import { mayAs } from '#shared/domain/roles.ts';
import { RetryableError } from '#shared/errors.ts';
import type { Compute } from '#shared/ports.ts';
import { type CapacityView, capacityNow } from '#shared/views/capacity.ts';
import { type Failing, listedAtMs } from '#shared/views/failing.ts';
import { loadNow } from '#shared/views/now.ts';
import { ASSUMED, foretell, type WhatIf } from '#shared/views/what-if.ts';
import type { ApiServices } from '../app.ts';
import { OneAtATime, Shared } from '../one-at-a-time.ts';
import { Refusal } from '../refusal.ts';
import { capacityViewSchema, failingSchema, whatIfSchema } from '../schemas/forecast.ts';
import { segmentSchema } from '../schemas/now.ts';
import type { ApiEnv } from '../who.ts';
import { answers, LATER, security } from './answers.ts';

const segments = createRoute({
  method: 'get',
  path: '/api/v1/segments',
  summary: 'Each segment: how its hosts are, whether they could be fenced, what it would survive',
  security,
  responses: { ...answers(z.array(segmentSchema), 'As "salvor segments" tells it.'), ...LATER },
});

const capacity = createRoute({
  method: 'get',
  path: '/api/v1/capacity',
  summary: 'Whether each segment has room for any one host that fails, and any two',
  security,
  responses: { ...answers(capacityViewSchema, 'By what is mirrored of Nova.'), ...LATER },
});

const whatIf = createRoute({
  method: 'post',
  path: '/api/v1/what-if',
  summary:
    'What would become of the instances of hosts that failed now: nothing is asked of a device, and nothing done',
  description:
    'Of more than 2000 instances those that do not simply come back are told first, and `counts` tells of all.',
  security,
  request: { body: { required: true, content: { 'application/json': { schema: failingSchema } } } },
  responses: { ...answers(whatIfSchema, 'A forecast, never a promise.'), ...LATER },
});

/** Rows that are sent at most; a zone may hold tens of thousands of instances. */
const MOST_ROWS = 2000;
/** Nova is asked unbidden, and for who only looks, about so many hosts, as each takes several requests. */
const ASKED_UNBIDDEN = 20;
const KEEP_MS = 10_000;
const SEGMENTS_KEEP_MS = 1000;

export function capacityRoutes(app: OpenAPIHono<ApiEnv>, services: ApiServices, queue: OneAtATime): void {
  const { state, policy, clock } = services;
  // Cheap enough not to wait behind a forecast.
  const rows = new Shared<readonly SegmentRow[]>(new OneAtATime(), SEGMENTS_KEEP_MS, clock);
  const capacities = new Shared<CapacityView>(queue, KEEP_MS, clock);
  const forecasts = new Shared<WhatIf>(queue, KEEP_MS, clock);
  app.openapi(segments, async (c) => {
    const all = await rows.get('', async () => (await loadNow(state, [policy.cloud], clock.now())).segments);
    return c.json([...all], 200);
  });
  app.openapi(capacity, async (c) => c.json(await capacities.get('', () => capacityNow(state, policy)), 200));
  app.openapi(whatIf, async (c) => {
    const { live, ...asked } = c.req.valid('json');
    // The same hosts in another order are the same question.
    const failing = 'hosts' in asked ? { hosts: [...new Set(asked.hosts)].sort() } : asked;
    const { person } = c.var;
    if (live === true && !isOfFew(failing) && !mayAs(person, 'operator'))
      throw new Refusal(
        403,
        `to ask Nova about more than ${ASKED_UNBIDDEN} hosts needs the role operator: leave out "live"`,
      );
    const told = await forecasts.get(JSON.stringify([live, failing]), async () => {
      const compute = await askedOf(services, failing, live);
      const all = await foretellOr503({ state, policy, ...(compute && { compute }) }, failing, clock.now());
      // Of what is kept, no more than is sent.
      return { ...all, instances: shortened(all.instances) };
    });
    return c.json({ ...told, instances: [...told.instances] }, 200);
  });
}

const isOfFew = (failing: Failing): boolean => 'hosts' in failing && failing.hosts.length <= ASKED_UNBIDDEN;

/** Whom to ask: undefined for what is mirrored. */
async function askedOf(
  { state, policy, compute }: ApiServices,
  failing: Failing,
  live: boolean | undefined,
): Promise<Compute | undefined> {
  if (live === true && compute === undefined)
    throw new Refusal(501, 'this server can not ask Nova: leave out "live", or ask "salvor what-if --live"');
  if (live === true) return compute;
  if ((await listedAtMs(state, policy)) !== null) return undefined;
  if (live === undefined && isOfFew(failing) && compute !== undefined) return compute;
  throw new Refusal(
    503,
    'not all instances are mirrored yet: wait for forecast.everySeconds of the policy, or say "live"',
  );
}

async function foretellOr503(parts: Parameters<typeof foretell>[0], failing: Failing, nowMs: number): Promise<WhatIf> {
  try {
    return await foretell(parts, failing, ASSUMED, nowMs);
  } catch (error) {
    if (error instanceof RetryableError) throw new Refusal(503, `Nova does not tell: ${error.message}`);
    throw error;
  }
}

/** What does not simply come back is what people look for. */
function shortened(instances: readonly ForecastInstance[]): ForecastInstance[] {
  if (instances.length <= MOST_ROWS) return [...instances];
  const isPlain = ({ outcome }: ForecastInstance): boolean => outcome === 'comes-back' || outcome === 'not-protected';
  return [...instances.filter((each) => !isPlain(each)), ...instances.filter(isPlain)].slice(0, MOST_ROWS);
}
