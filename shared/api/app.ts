import { OpenAPIHono } from '@hono/zod-openapi';
import { etag, RETAINED_304_HEADERS } from 'hono/etag';
import { secureHeaders } from 'hono/secure-headers';
import type { Compute, IssuedTokens, IssuerSignIn, KeystoneTokens, QueueLooks, Secrets } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { VERSION } from '#shared/version.ts';
import { limitBody } from '../ingest/limit.ts';
import { problem } from '../ingest/problem.ts';
import { limits as newLimits } from './limits.ts';
import { OneAtATime } from './one-at-a-time.ts';
import { people } from './people.ts';
import { onApiError } from './refusal.ts';
import { capacityRoutes } from './routes/capacity.ts';
import { commandRoutes } from './routes/commands.ts';
import { healthRoutes } from './routes/health.ts';
import { historyRoutes } from './routes/history.ts';
import { hostRoutes } from './routes/hosts.ts';
import { incidentRoutes } from './routes/incidents.ts';
import { metricsRoute } from './routes/metrics.ts';
import { nowRoutes } from './routes/now.ts';
import { policyRoutes } from './routes/policy.ts';
import { replayRoutes } from './routes/replay.ts';
import { meRoute, sessionRoutes } from './routes/session.ts';
import { signInRoutes } from './routes/sign-in.ts';
import { verificationRoutes } from './routes/verification.ts';
import { MOST_POLICY_CHARACTERS } from './schemas/policy.ts';
import { admission } from './ways.ts';
import { type ApiEnv, letIn } from './who.ts';

export interface ApiServices extends Pick<Services, 'state' | 'outbox' | 'clock' | 'policy' | 'log'> {
  readonly secrets: Secrets;
  /** To ask Nova for a forecast; absent where this server may not reach it. */
  readonly compute?: Compute;
  /** Absent where this server may not look at them. */
  readonly queues?: QueueLooks | undefined;
  /** Where the key of links to approve is; `secrets`, unless given. */
  readonly linkSecrets?: Secrets;
  readonly tokens: KeystoneTokens;
  /** Of the policy's `access.oidc`; absent where it has none. */
  readonly issued?: IssuedTokens | undefined;
  /** At its own page; absent where the policy does not have it. */
  readonly signIn?: IssuerSignIn | undefined;
  /** Whether the server listens on loopback only. */
  readonly isLocal: boolean;
  /** Of whoever waits for news; 25 s unless given. */
  readonly longestWaitSeconds?: number;
  /** What Prometheus scrapes; absent in a stack. */
  readonly metrics?: () => Promise<string>;
}

/** Whoever waits must know whether the server does. */
const RETAINED = [...RETAINED_304_HEADERS, 'preference-applied'];

/** Of a request's body: a command has no more. */
const MOST_BYTES = 64 * 1024;
/** Of a policy in JSON, which may need two bytes for a character. */
const MOST_BYTES_OF_POLICY = 2 * MOST_POLICY_CHARACTERS;
const TAKES_A_POLICY = /^\/api\/v1\/(policy\/|incidents\/[^/]+\/replay$)/;

/** The API under the console: what is, what was, and what people may ask for. `GET /api/openapi.json` describes it. */
export function apiApp(services: ApiServices): OpenAPIHono<ApiEnv> {
  const { policy, log, clock } = services;
  const { access } = policy;
  const app = new OpenAPIHono<ApiEnv>({
    // What was sent is not repeated: it may hold a secret.
    defaultHook: (result) =>
      result.success
        ? undefined
        : problem(400, result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')),
  });
  app.onError(onApiError(log));
  app.notFound((c) => problem(404, `there is nothing at ${c.req.path}: /api/openapi.json names what there is`));
  app.use(secureHeaders());
  app.doc31('/api/openapi.json', {
    openapi: '3.1.0',
    info: { title: 'salvor', version: VERSION, license: { name: 'Apache-2.0' } },
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' });
  app.openAPIRegistry.registerComponent('securitySchemes', 'keystone', {
    type: 'apiKey',
    in: 'header',
    name: 'X-Auth-Token',
  });
  const upTo = (bytes: number) => limitBody(bytes, () => problem(413, `a request may have ${bytes} bytes`));
  const small = upTo(MOST_BYTES);
  const large = upTo(MOST_BYTES_OF_POLICY);
  app.use('/api/*', (c, next) => (TAKES_A_POLICY.test(c.req.path) ? large : small)(c, next));
  const limits = newLimits(clock);
  const ofPeople = people(access?.people ?? {}, services);
  const admit = access === undefined ? async () => undefined : admission({ ...services, access, people: ofPeople });
  sessionRoutes(app, { ...services, limits, admit });
  signInRoutes(app, { ...services, limits, admit });
  app.use('/api/v1/*', letIn({ ...services, limits, admit }), etag({ retainedHeaders: RETAINED }));
  app.use('/api/v1/*', (c, next) => {
    if (TAKES_A_POLICY.test(c.req.path)) limits.count('policies', c.var.person.name);
    return next();
  });
  meRoute(app, services);
  nowRoutes(app, services);
  hostRoutes(app, services);
  incidentRoutes(app, services);
  const policies = new OneAtATime();
  replayRoutes(app, services, policies);
  historyRoutes(app, services);
  commandRoutes(app, services, limits);
  const expensive = new OneAtATime();
  capacityRoutes(app, services, expensive);
  healthRoutes(app, services, expensive);
  policyRoutes(app, services, policies);
  verificationRoutes(app, services, expensive);
  metricsRoute(app, services);
  return app;
}
