import { type Context, Hono } from 'hono';
import type { Reporter } from '#shared/domain/reporter.ts';
import { ConflictError, RetryableError } from '#shared/errors.ts';
import { parseJson } from '#shared/lambda/queue-function.ts';
import { loadSnapshot, snapshotWrite } from '#shared/state/snapshots.ts';
import { type Accepted, type AcceptServices, accept } from './accept.ts';
import { answer } from './answer.ts';
import type { IngestEnv } from './authenticate.ts';
import { problem } from './problem.ts';
import { MAPPERS } from './sources/all.ts';
import { consul } from './sources/consul.ts';
import type { ConsulSeen } from './sources/consul-networks.ts';
import type { SourceContext } from './sources/source.ts';

const CONSUL = 'consul';
/** Whose own form is understood. */
export const SOURCES: readonly string[] = [CONSUL, ...Object.keys(MAPPERS)].sort();
const MAX_RACES = 8;
/** Reasons why something said nothing, in one answer. */
const MAX_TOLD = 100;

interface Taken {
  readonly accepted: Accepted;
  readonly ignored: readonly string[];
}

/**
 * `POST /<source>`: takes what programs send in their own form, for the reporter that was authenticated. 202 means that
 * every event that follows from it is in the queue; `ignored` tells what of it said nothing, and why.
 */
export function webhooks(services: AcceptServices): Hono<IngestEnv> {
  const app = new Hono<IngestEnv>();
  app.post('/:source', async (c) => {
    const source = c.req.param('source');
    if (!SOURCES.includes(source)) return problem(404, `no source is called so; there are ${SOURCES.join(', ')}`);
    const body = await bodyOf(c);
    if (body === undefined) return problem(415, 'send application/json');
    const context = contextOf(c, services);
    const { accepted, ignored } = await take(services, c.var.reporter, source, body.value, context);
    if (ignored.length > 0)
      services.log.info('a source said nothing of some', { source, ignored: ignored.slice(0, 5) });
    const told =
      ignored.length <= MAX_TOLD ? ignored : [...ignored.slice(0, MAX_TOLD), `${ignored.length - MAX_TOLD} more`];
    return answer(accepted, { ignored: told });
  });
  app.all('/:source', () => problem(405, 'what programs say is sent with POST'));
  return app;
}

/** Of JSON, or of a form, whose fields are texts; undefined for anything else. */
async function bodyOf(c: Context): Promise<{ readonly value: unknown } | undefined> {
  const type = (c.req.header('content-type') ?? 'application/json').split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/x-www-form-urlencoded')
    return { value: Object.fromEntries(new URLSearchParams(await c.req.text())) };
  return /^application\/(.+\+)?json$/.test(type) ? { value: parseJson(await c.req.text()) } : undefined;
}

/** What `agents/salvor-send` had to keep for a while was seen when it says so; what claims to be seen later is seen now. */
function contextOf(c: Context, { clock, chance }: AcceptServices): SourceContext {
  const nowMs = clock.now();
  const seenMs = Date.parse(c.req.header('salvor-seen-at') ?? '');
  const index = c.req.header('x-consul-index');
  return {
    nowMs: seenMs < nowMs ? Math.max(0, seenMs) : nowMs,
    newId: chance.id,
    query: { ...(index === undefined ? {} : { index }), ...c.req.query() },
  };
}

async function take(
  services: AcceptServices,
  reporter: Reporter,
  source: string,
  body: unknown,
  context: SourceContext,
): Promise<Taken> {
  const mapper = MAPPERS[source];
  if (mapper === undefined) return takeList(services, reporter, body, context);
  const { events, ignored } = mapper(body, context);
  return { accepted: await accept(services, reporter, events), ignored };
}

/**
 * The events are in the queue before the list is remembered: a crash between the two has them said again, never lost.
 * A lost race is decided again, against the list that won.
 */
async function takeList(
  services: AcceptServices,
  reporter: Reporter,
  body: unknown,
  context: SourceContext,
): Promise<Taken> {
  const { state, clock } = services;
  for (let race = 0; race < MAX_RACES; race += 1) {
    const before = await loadSnapshot<ConsulSeen>(state, reporter.name, CONSUL);
    const { parsed, after } = consul(body, before?.value, context);
    const accepted = await accept(services, reporter, parsed.events);
    // What was refused only because it was too much has to be said again by the next list.
    if (after === undefined || accepted.tooMany) return { accepted, ignored: parsed.ignored };
    try {
      await state.transact([snapshotWrite(before, reporter.name, CONSUL, after, clock.now())]);
      return { accepted, ignored: parsed.ignored };
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  throw new RetryableError(`the lists of ${reporter.name} lost ${MAX_RACES} races`);
}
