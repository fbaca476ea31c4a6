import { randomBytes } from 'node:crypto';
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { clientIdOf, signInOf } from '#shared/domain/policy-access.ts';
import {
  asCookie,
  type Begun,
  consolePage,
  fromCookie,
  isOf,
  keysOf,
  SIGN_IN_LASTS_SECONDS,
} from '#shared/domain/sign-in.ts';
import { SIGN_IN_FAULTS, type SignInFault } from '#shared/domain/sign-in-words.ts';
import { RetryableError } from '#shared/errors.ts';
import type { IssuerSignIn } from '#shared/ports.ts';
import { begunOf, setBegun, setSession } from '../origin.ts';
import { Refusal } from '../refusal.ts';
import { type ApiEnv, addressOf, type Person } from '../who.ts';
import { answers } from './answers.ts';
import { closeFor, openFor, refuseOthers, type SessionParts } from './session.ts';

const CHANCE_BYTES = 32;

const begin = createRoute({
  method: 'post',
  path: '/api/v1/session/oidc',
  summary: 'Begin to sign in at the issuer’s own page',
  security: [],
  request: {
    body: {
      required: true,
      content: {
        'application/json': {
          schema: z
            .strictObject({
              to: z.string().max(1000).optional().openapi({ description: 'The page of the console to come back to.' }),
            })
            .openapi('BeginSignIn'),
        },
      },
    },
  },
  responses: answers(
    z.strictObject({ at: z.url().openapi({ description: 'Where the browser is to go.' }) }).openapi('SignInBegun'),
    'Begun, for ten minutes. The cookie, which is HttpOnly and SameSite=Lax, is what the issuer’s answer is held against.',
  ),
});

const comeBack = createRoute({
  method: 'get',
  path: '/api/v1/session/oidc/callback',
  summary: 'Where the issuer sends the browser back to: its redirect URI',
  security: [],
  request: {
    query: z.looseObject({
      state: z.string().optional().openapi({ description: 'As it was sent there.' }),
      code: z.string().optional().openapi({ description: 'Good for one ID token.' }),
      error: z.string().optional().openapi({ description: 'In its place.' }),
      iss: z.string().optional().openapi({ description: 'Which issuer it is (RFC 9207).' }),
    }),
  },
  responses: {
    303: { description: 'To a page of the console: signed in, or with `?sign-in=` and why not.' },
    404: { description: 'The policy has no sign-in at an issuer.' },
  },
});

/** What the issuer has said, held against the policy. */
type Judged =
  | { readonly idToken: string; readonly person: Person }
  | { readonly why: SignInFault; readonly detail: string };

/** Before anybody is let in: by the issuer's own page (RFC 6749, 4.1; RFC 7636; RFC 9700). */
export function signInRoutes(app: OpenAPIHono<ApiEnv>, parts: SessionParts): void {
  const { clock, log, limits, policy } = parts;
  app.openapi(begin, async (c) => {
    refuseOthers(c);
    const { issuer, site } = known(parts);
    limits.count('signIns', addressOf(c));
    const begun: Begun = {
      chance: randomBytes(CHANCE_BYTES).toString('base64url'),
      endsAtMs: clock.now() + SIGN_IN_LASTS_SECONDS * 1000,
      to: consolePage(c.req.valid('json').to),
    };
    const at = await issuer.begin(keysOf(begun)).catch((error: unknown) => {
      if (!(error instanceof RetryableError)) throw error;
      log.warn('the issuer can not be asked', { error: error.message });
      throw new Refusal(503, SIGN_IN_FAULTS.unreachable, { headers: { 'retry-after': '5' } });
    });
    // Who comes back from the issuer's page does not bring it along (SameSite): it ends here.
    await closeFor(c, parts);
    setSession(c, '', 0);
    setBegun(c, asCookie(begun), SIGN_IN_LASTS_SECONDS, site);
    return c.json({ at }, 200, { 'cache-control': 'no-store' });
  });
  app.openapi(comeBack, async (c) => {
    const { issuer, site } = known(parts);
    c.header('cache-control', 'no-store');
    const address = addressOf(c);
    // Anybody may come here, and again: neither the log nor the issuer is for them to flood.
    if (isOneTooMany(address)) return leave(c, 'busy');
    const answer = new URL(c.req.url).searchParams;
    const begun = fromCookie(begunOf(c, site) ?? '');
    // Of another sign-in: what is under way stays, or else any page could end it.
    if (begun === undefined || !isOf(begun, answer.get('state'), clock.now()))
      return leave(c, 'stale', 'there is no sign-in under way that this belongs to');
    setBegun(c, '', 0, site);
    try {
      // Who is nobody here has guessed nothing; whoever brings what the issuer has not given has.
      let judged: Judged | undefined;
      await limits.guess('guesses', address, async () => {
        judged = await judge(issuer, answer, begun);
        return 'why' in judged && judged.why === 'refused' ? undefined : judged;
      });
      if (judged === undefined) throw new Error('nothing was judged');
      if ('why' in judged) return leave(c, judged.why, judged.detail);
      await openFor(c, { kind: 'id-token', value: judged.idToken }, judged.person, parts);
      return c.redirect(consolePage(begun.to), 303);
    } catch (error) {
      if (error instanceof Refusal && error.status === 429) return leave(c, 'busy');
      if (error instanceof RetryableError) return leave(c, 'unreachable', error.message);
      throw error;
    }
  });

  async function judge(issuer: IssuerSignIn, answer: URLSearchParams, begun: Begun): Promise<Judged> {
    const found = await issuer.finish(answer, keysOf(begun));
    if (found.kind === 'none') return found;
    const idToken = found.value;
    const person = await parts.admit({ kind: 'id-token', value: idToken });
    if (person !== undefined) return { idToken, person };
    const { oidc } = policy.access ?? {};
    const claims = oidc && (await parts.issued?.check(idToken, clientIdOf(oidc)));
    return claims === undefined
      ? {
          why: 'refused',
          detail: 'the ID token is not one that the policy takes: its signature, issuer, audience or end',
        }
      : { why: 'role', detail: `nothing in its claims gives a role, or ${oidc?.nameClaim} no name` };
  }

  /** @param because for the log, which has nothing of it otherwise */
  function leave(c: Context<ApiEnv>, why: SignInFault, because?: string) {
    if (because !== undefined) log.warn('somebody was not let in', { address: addressOf(c), because });
    return c.redirect(`/console/?sign-in=${why}`, 303);
  }

  function isOneTooMany(address: string): boolean {
    try {
      limits.count('signIns', address);
      return false;
    } catch (error) {
      if (error instanceof Refusal) return true;
      throw error;
    }
  }
}

function known({ signIn, policy }: SessionParts): { readonly issuer: IssuerSignIn; readonly site: string } {
  const offered = signInOf(policy);
  if (signIn === undefined || offered === undefined) throw new Refusal(404, 'the policy has no access.oidc.signIn');
  return { issuer: signIn, site: offered.site };
}
