import { Hono } from 'hono';
import type { KeystoneTokens, Secrets } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { throttle } from '#shared/shell/throttle.ts';
import { accept } from './accept.ts';
import { answer } from './answer.ts';
import { authenticate, type IngestEnv } from './authenticate.ts';
import { eventsIn } from './cloudevents.ts';
import { coalesced } from './coalesce.ts';
import { limitBody } from './limit.ts';
import { masakariApi } from './masakari/app.ts';
import { openApi } from './openapi.ts';
import { onError, problem } from './problem.ts';
import { answerLease } from './watchdog.ts';
import { SOURCES, webhooks } from './webhooks.ts';

export interface IngestServices extends Services {
  readonly secrets: Secrets;
  readonly tokens: KeystoneTokens;
}

/** Of a request's body. SQS takes messages of 1 MiB together. */
const MAX_BODY_BYTES = 1024 * 1024;

/** The HTTP endpoint for whoever can't or won't speak to the queue: a Lambda function, or a server at one site. */
export function ingestApp(services: IngestServices): Hono<IngestEnv> {
  const { clock, log } = services;
  const taking = { ...services, outbox: coalesced(services.outbox), throttle: throttle(clock) };
  const app = new Hono<IngestEnv>();
  app.onError(onError(log));
  app.notFound((c) => problem(404, `there is nothing at ${c.req.path}: docs/events.md names what there is`));
  const limit = limitBody(MAX_BODY_BYTES, () => problem(413, `a request may have ${MAX_BODY_BYTES} bytes`));
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/openapi.json', (c) => c.json(openApi(SOURCES)));
  // First who it is: the limit keeps what it has read in memory, and of strangers nothing is read.
  const letIn = authenticate(services);
  app.use('/v1/events', letIn, limit);
  app.post('/v1/events', async (c) => {
    const events = await eventsIn(c);
    if (events === undefined)
      return problem(415, 'send application/cloudevents+json, application/cloudevents-batch+json or ce- headers');
    return answer(await accept(taking, c.var.reporter, events));
  });
  app.all('/v1/events', () => problem(405, 'events are sent with POST'));
  app.use('/v1/watchdog', letIn, limit);
  app.post('/v1/watchdog', (c) => answerLease(services, c));
  app.all('/v1/watchdog', () => problem(405, 'a lease is asked for with POST'));
  app.use('/v1/webhooks/*', letIn, limit);
  app.route('/v1/webhooks', webhooks(taking));
  // Last, as its paths begin with a project of any name.
  app.route('/', masakariApi(taking));
  return app;
}
