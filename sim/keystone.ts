import { Hono } from 'hono';
import * as z from 'zod';
import { credentialRoutes, endOf, type Fail } from './application-credentials.ts';
import type { FaultBoard } from './faults.ts';
import { closeConnection, jsonBody, type SimEnv } from './http.ts';
import type { Identity, SimProject, SimToken, SimUser } from './identity.ts';
import { logged } from './logged.ts';
import type { RequestLog } from './request-log.ts';

export interface CatalogEntry {
  readonly type: string;
  readonly name: string;
  readonly url: string;
}

export interface KeystoneParts {
  readonly identity: Identity;
  readonly faults: FaultBoard;
  readonly log: RequestLog;
  readonly region: string;
  readonly newRequestId: () => string;
  /** The catalogue, once the address of the server is known. */
  readonly catalog: () => readonly CatalogEntry[];
}

const domainRef = z.object({ id: z.string().optional(), name: z.string().optional() });
const userRef = z.object({ id: z.string().optional(), name: z.string().optional(), domain: domainRef.optional() });
const authRequest = z.object({
  auth: z.object({
    identity: z.object({
      methods: z.array(z.string()).min(1),
      password: z.object({ user: userRef.extend({ password: z.string() }) }).optional(),
      application_credential: z
        .object({
          id: z.string().optional(),
          name: z.string().optional(),
          secret: z.string(),
          user: userRef.optional(),
        })
        .optional(),
      token: z.object({ id: z.string() }).optional(),
    }),
    scope: z
      .union([
        z.literal('unscoped'),
        z.object({ project: userRef.optional(), system: z.object({ all: z.boolean() }).optional() }),
      ])
      .optional(),
  }),
});
type AuthRequest = z.infer<typeof authRequest>['auth'];
type Grant = Parameters<Identity['issue']>[0];

/** Who may ask about others' tokens: `identity:validate_token` of Keystone's default policy. */
const CHECKERS: ReadonlySet<string> = new Set(['admin', 'service']);

const UNAUTHENTICATED = 'The request you have made requires authentication.';

/** Keystone's v3 API as far as a service user needs it (Identity API v3, "Authentication and token management"). */
export function keystoneApi(parts: KeystoneParts): Hono<SimEnv> {
  const { identity } = parts;
  const api = new Hono<SimEnv>({ strict: false }).basePath('/identity');
  const base = (): string =>
    parts
      .catalog()
      .find((entry) => entry.type === 'identity')
      ?.url.replace(/\/v3$/, '') ?? '';
  const fail: Fail = (code, title, message) =>
    new Response(JSON.stringify({ error: { code, message, title } }), {
      status: code,
      headers: {
        'content-type': 'application/json',
        ...(code === 401 ? { 'www-authenticate': `Keystone uri="${base()}"` } : {}),
      },
    });
  const unauthenticated = (): Response => fail(401, 'Unauthorized', UNAUTHENTICATED);

  api.use(logged(parts.log, 'keystone', parts.newRequestId));
  api.use(async (c, next) => {
    const down = parts.faults.take('keystone-down');
    if (down?.how === 'close') return closeConnection(c.env.incoming);
    if (down !== undefined) return fail(503, 'Service Unavailable', 'The server is currently unavailable.');
    return next();
  });

  const version = (): object => ({
    id: 'v3.14',
    status: 'stable',
    updated: '2020-04-07T00:00:00Z',
    links: [{ rel: 'self', href: `${base()}/v3/` }],
    'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
  });
  api.get('/', (c) => c.json({ versions: { values: [version()] } }, 300));
  api.get('/v3', (c) => c.json({ version: version() }));

  api.post('/v3/auth/tokens', async (c) => {
    const parsed = authRequest.safeParse(await jsonBody(c));
    if (!parsed.success)
      return fail(400, 'Bad Request', `Invalid input for field 'auth': ${parsed.error.issues[0]?.message ?? ''}`);
    const grant = authenticate(identity, parsed.data.auth);
    if (grant === undefined) return unauthenticated();
    const token = identity.issue(grant);
    c.header('x-subject-token', token.value);
    c.header('vary', 'X-Auth-Token');
    return c.json({ token: tokenBody(token, parts) }, 201);
  });

  api.get('/v3/auth/tokens', (c) => {
    const asking = identity.validate(c.req.header('x-auth-token'));
    if (asking === undefined) return unauthenticated();
    const subject = identity.validate(c.req.header('x-subject-token'));
    if (subject === undefined) return fail(404, 'Not Found', 'Failed to validate token');
    if (!asking.roles.some((role) => CHECKERS.has(role)) && asking.user.id !== subject.user.id)
      return fail(403, 'Forbidden', 'You are not authorized to perform the requested action: identity:validate_token.');
    c.header('x-subject-token', subject.value);
    return c.json({ token: tokenBody(subject, parts) });
  });

  api.delete('/v3/auth/tokens', (c) => {
    if (identity.validate(c.req.header('x-auth-token')) === undefined) return unauthenticated();
    identity.revoke(c.req.header('x-subject-token') ?? '');
    return c.body(null, 204);
  });

  credentialRoutes(api, parts, fail);

  api.notFound(() => fail(404, 'Not Found', 'The resource could not be found.'));
  return api;
}

/** What the credentials allow; undefined where they are wrong, without saying which part is. */
function authenticate(identity: Identity, auth: AuthRequest): Grant | undefined {
  const { methods } = auth.identity;
  if (methods.includes('application_credential')) return byApplicationCredential(identity, auth);
  const user = methods.includes('token') ? byToken(identity, auth) : byPassword(identity, auth);
  if (user === undefined) return undefined;
  if (typeof auth.scope === 'object' && auth.scope.system !== undefined) {
    const roles = identity.systemRolesOf(user);
    return roles.length === 0 ? undefined : { methods, user, isSystem: true, roles };
  }
  const wanted = typeof auth.scope === 'object' ? auth.scope.project : undefined;
  if (wanted === undefined) return { methods, user, roles: [] };
  const project = findProject(identity, wanted);
  const roles = project === undefined ? [] : identity.rolesOf(user, project);
  return project === undefined || roles.length === 0 ? undefined : { methods, user, project, roles };
}

function byPassword(identity: Identity, auth: AuthRequest): SimUser | undefined {
  const claimed = auth.identity.password?.user;
  const user = claimed && findUser(identity, claimed);
  return user?.password === claimed?.password ? user : undefined;
}

function byToken(identity: Identity, auth: AuthRequest): SimUser | undefined {
  return identity.validate(auth.identity.token?.id)?.user;
}

function byApplicationCredential(identity: Identity, auth: AuthRequest): Grant | undefined {
  const claimed = auth.identity.application_credential;
  if (claimed === undefined) return undefined;
  const owner = claimed.user && findUser(identity, claimed.user);
  const found = identity.applicationCredentials.find((one) =>
    claimed.id === undefined ? one.name === claimed.name && one.userId === owner?.id : one.id === claimed.id,
  );
  const user = identity.users.find((one) => one.id === found?.userId);
  const project = identity.projects.find((one) => one.id === found?.projectId);
  // A scope must not be asked for: the credential has its project (Identity API v3, "Application credentials").
  if (found?.secret !== claimed.secret || user === undefined || project === undefined || auth.scope !== undefined)
    return undefined;
  return {
    methods: auth.identity.methods,
    user,
    project,
    roles: identity.rolesOf(user, project),
    applicationCredential: found,
  };
}

type Ref = z.infer<typeof userRef>;

function inDomain(identity: Identity, ref: Ref): boolean {
  return ref.domain?.id === identity.domain.id || ref.domain?.name === identity.domain.name;
}

function findUser(identity: Identity, ref: Ref): SimUser | undefined {
  if (ref.id !== undefined) return identity.users.find((user) => user.id === ref.id);
  return inDomain(identity, ref) ? identity.users.find((user) => user.name === ref.name) : undefined;
}

function findProject(identity: Identity, ref: Ref): SimProject | undefined {
  if (ref.id !== undefined) return identity.projects.find((project) => project.id === ref.id);
  return inDomain(identity, ref) ? identity.projects.find((project) => project.name === ref.name) : undefined;
}

function tokenBody(token: SimToken, parts: KeystoneParts): object {
  const { domain } = parts.identity;
  const { user, project, applicationCredential } = token;
  return {
    methods: token.methods,
    user: { id: user.id, name: user.name, domain, password_expires_at: endOf(parts.faults) },
    audit_ids: [token.value.slice(6, 28)],
    expires_at: new Date(token.expiresMs).toISOString().replace('Z', '000Z'),
    issued_at: new Date(token.issuedMs).toISOString().replace('Z', '000Z'),
    ...(project === undefined ? {} : scopeBody(token, project, parts)),
    ...(token.isSystem === true && { system: { all: true }, roles: rolesBody(token) }),
    ...(applicationCredential && {
      application_credential: { id: applicationCredential.id, name: applicationCredential.name, restricted: true },
    }),
  };
}

const rolesBody = ({ roles }: SimToken): object => roles.map((name) => ({ id: `role-${name}`, name }));

function scopeBody(token: SimToken, project: SimProject, parts: KeystoneParts): object {
  return {
    is_domain: false,
    project: { id: project.id, name: project.name, domain: parts.identity.domain },
    roles: rolesBody(token),
    catalog: parts.catalog().map((entry) => ({
      id: `service-${entry.type}`,
      type: entry.type,
      name: entry.name,
      endpoints: ['public', 'internal', 'admin'].map((kind) => ({
        id: `endpoint-${entry.type}-${kind}`,
        interface: kind,
        region: parts.region,
        region_id: parts.region,
        url: entry.url,
      })),
    })),
  };
}
