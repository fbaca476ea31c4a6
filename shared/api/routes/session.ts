import { randomBytes } from 'node:crypto';
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { role } from '#shared/domain/policy-access.ts';
import { WAYS, waysOf } from '#shared/domain/ways.ts';
import { type Credential, closeSession, openSession } from '#shared/state/sessions.ts';
import type { ApiServices } from '../app.ts';
import type { Limits } from '../limits.ts';
import { pageOf, sessionOf, setSession } from '../origin.ts';
import { Refusal } from '../refusal.ts';
import { type ApiEnv, addressOf, ofAnotherSite, type Person, unknown } from '../who.ts';
import { answers, security } from './answers.ts';

/** A working day; whatever was signed in with may end before. */
const LASTS_SECONDS = 12 * 3600;
const SECRET_BYTES = 32;

const text = z.string().min(1).max(255);
const signInSchema = z
  .union([
    z.strictObject({
      token: z.string().min(1).max(8192).openapi({ description: 'Of a person of the policy, or of its OIDC issuer.' }),
    }),
    z.strictObject({
      keystone: z.strictObject({
        user: text,
        domain: text.default('Default'),
        password: z.string().min(1).max(4096),
        project: text.optional().openapi({ description: 'By name. Without one, the scope of the whole system.' }),
        projectDomain: text.optional().openapi({ description: 'The user’s, unless given.' }),
      }),
    }),
  ])
  .openapi('SignIn');
type SignIn = z.infer<typeof signInSchema>;

const meSchema = z
  .strictObject({
    name: z.string().openapi({ description: 'As the audit has it.' }),
    role,
    ways: z
      .array(z.enum(WAYS))
      .openapi({ description: 'How one may sign in; none: whoever is on this machine is in.' }),
    session: z.boolean().openapi({ description: 'Whether there is one to end.' }),
  })
  .openapi('Me');

const me = createRoute({
  method: 'get',
  path: '/api/v1/me',
  summary: 'Who asks, and what the role is',
  security,
  responses: answers(meSchema, 'Whoever is let in.'),
});

const signIn = createRoute({
  method: 'post',
  path: '/api/v1/session',
  summary: 'Sign in: a cookie takes the place of the token',
  security: [],
  request: { body: { required: true, content: { 'application/json': { schema: signInSchema } } } },
  responses: answers(meSchema, 'Signed in. The cookie is HttpOnly and SameSite=Strict.'),
});

const signOut = createRoute({
  method: 'delete',
  path: '/api/v1/session',
  summary: 'End the session',
  security: [],
  responses: { 204: { description: 'There is none any more.' } },
});

export interface SessionParts extends ApiServices {
  readonly limits: Limits;
  readonly admit: (credential: Credential) => Promise<Person | undefined>;
}

/** Opens one for whoever has proved to be somebody: always another than there was, whose cookie nobody can have known before. */
export async function openFor(c: Context, credential: Credential, person: Person, parts: SessionParts): Promise<void> {
  const { state, clock, log, limits } = parts;
  limits.count('requests', person.name);
  await closeFor(c, parts);
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  await openSession(state, secret, credential, clock.now() + LASTS_SECONDS * 1000);
  setSession(c, secret, LASTS_SECONDS);
  log.info('somebody has signed in', { person: person.name, role: person.role, address: addressOf(c) });
}

/** Ends the one that the browser has sent, if any, for whoever has copied its cookie too. */
export async function closeFor(c: Context, { state }: Pick<SessionParts, 'state'>): Promise<void> {
  const session = sessionOf(c);
  if (session !== undefined) await closeSession(state, session);
}

/** Before anybody is let in. */
export function sessionRoutes(app: OpenAPIHono<ApiEnv>, parts: SessionParts): void {
  const { policy, log, limits, admit, tokens } = parts;
  const { access } = policy;
  app.openapi(signIn, async (c) => {
    refuseOthers(c);
    if (access === undefined) throw new Refusal(404, 'the policy has no access: there is nothing to sign in to');
    const given = c.req.valid('json');
    const address = addressOf(c);
    const asked = 'keystone' in given ? given.keystone : undefined;
    const tried = async () => {
      const credential = await credentialOf(given, access.keystone === undefined ? undefined : tokens);
      const person = credential && (await admit(credential));
      return person && { credential, person };
    };
    const ofUser = () => (asked === undefined ? tried() : limits.guess('passwords', userOf(asked), tried));
    const found = await limits.guess('guesses', address, ofUser);
    if (found === undefined) {
      log.warn('somebody was not let in', { address });
      throw unknown(policy, 'nobody is let in by this');
    }
    const { credential, person } = found;
    await openFor(c, credential, person, parts);
    return c.json({ ...person, ways: [...waysOf(access)], session: true }, 200);
  });
  app.openapi(signOut, async (c) => {
    refuseOthers(c);
    await closeFor(c, parts);
    setSession(c, '', 0);
    return c.body(null, 204);
  });
}

export function meRoute(app: OpenAPIHono<ApiEnv>, { policy }: ApiServices): void {
  app.openapi(me, (c) => {
    const session = sessionOf(c) !== undefined && policy.access !== undefined;
    return c.json({ ...c.var.person, ways: [...waysOf(policy.access)], session }, 200);
  });
}

/** Nobody is signed in as somebody else, or out, by a page of another site. */
export function refuseOthers(c: Context): void {
  if (pageOf(c) === 'foreign') throw ofAnotherSite();
}

/** Keystone takes names for the same whatever their case and the spaces behind them are, as its database does. */
const userOf = ({ user, domain }: { readonly user: string; readonly domain: string }): string =>
  JSON.stringify([user, domain].map((each) => each.trim().toLowerCase()));

async function credentialOf(
  given: SignIn,
  tokens: Pick<ApiServices['tokens'], 'signIn'> | undefined,
): Promise<Credential | undefined> {
  if ('token' in given) return { kind: 'bearer', value: given.token };
  const value = await tokens?.signIn(given.keystone);
  return value === undefined ? undefined : { kind: 'keystone', value };
}
