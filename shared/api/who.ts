import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { Policy } from '#shared/domain/policy.ts';
import { type Access, type Role, signInOf } from '#shared/domain/policy-access.ts';
import { waysOf } from '#shared/domain/ways.ts';
import type { Clock, StateStore } from '#shared/ports.ts';
import { type Credential, loadSession } from '#shared/state/sessions.ts';
import type { Limits } from './limits.ts';
import { isRead, pageOf, sessionOf } from './origin.ts';
import { Refusal } from './refusal.ts';
import { bySignature, type Signer } from './ways.ts';

/** Who asks, and what he may do. */
export interface Person {
  /** It goes into the audit. */
  readonly name: string;
  readonly role: Role;
}

export interface ApiEnv {
  /** Of `@hono/node-server` at one site, of `hono/aws-lambda` on AWS. */
  Bindings: {
    readonly incoming?: { readonly socket: { readonly remoteAddress?: string } };
    readonly requestContext?: {
      readonly http?: { readonly sourceIp?: string };
      readonly authorizer?: { readonly iam?: Signer };
    };
  };
  Variables: { person: Person };
}

interface Parts {
  readonly state: StateStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly policy: Policy;
  /**
   * Whether whoever reaches this server is let in as an approver while the policy has no `access`: true only of one that
   * listens on loopback.
   */
  readonly isLocal: boolean;
  readonly admit: (credential: Credential) => Promise<Person | undefined>;
  readonly limits: Limits;
}

const LOCAL: Person = { name: 'local', role: 'approver' };

/** Lets in who comes by a way of the policy's `access`, or anybody of this machine while there is none. */
export function letIn(parts: Parts) {
  const { policy, limits } = parts;
  return createMiddleware<ApiEnv>(async (c, next) => {
    const { access } = policy;
    const person = access === undefined ? ofThisMachine(c, parts.isLocal) : await whoAsks(c, access, parts);
    limits.count('requests', person.name);
    c.set('person', person);
    return next();
  });
}

function ofThisMachine(c: Context<ApiEnv>, isLocal: boolean): Person {
  if (!isLocal) throw new Refusal(403, 'the policy has no access: nobody may look from other machines');
  if (!isLoopback(c.req.header('host'))) throw new Refusal(403, 'ask for 127.0.0.1 or localhost by that name');
  if (!isRead(c) && pageOf(c) === 'foreign') throw ofAnotherSite();
  return LOCAL;
}

async function whoAsks(c: Context<ApiEnv>, access: Access, parts: Parts): Promise<Person> {
  const signer = c.env?.requestContext?.authorizer?.iam;
  if (signer?.userArn !== undefined && access.iam !== undefined) {
    const person = bySignature(access.iam, signer);
    if (person === undefined) throw new Refusal(403, `the policy’s access.iam does not name ${signer.userArn}`);
    return person;
  }
  const sent = credentialIn(c);
  if (sent !== undefined) return whoSends(c, sent, parts);
  const session = sessionOf(c);
  if (session === undefined) throw unknown(parts.policy, 'sign in, or send a token: "Authorization: Bearer <token>"');
  // A browser sends the cookie of itself, whoever has written the page.
  if (!isRead(c) && pageOf(c) !== 'own') throw ofAnotherSite();
  const signedInWith = await loadSession(parts.state, session, parts.clock.now());
  const person = signedInWith && (await parts.admit(signedInWith));
  if (person === undefined) throw unknown(parts.policy, 'the session has ended: sign in again');
  return person;
}

async function whoSends(c: Context<ApiEnv>, sent: Credential, { policy, admit, limits }: Parts): Promise<Person> {
  const person = await limits.guess('guesses', addressOf(c), () => admit(sent));
  if (person !== undefined) return person;
  throw unknown(policy, 'nobody of the policy’s access has this token');
}

export const ofAnotherSite = (): Refusal => new Refusal(403, 'this is asked for by a page of another site');

/** Who is asked to sign in: by which ways and at which issuer, a page of the console must know before anybody is let in. */
export const unknown = (policy: Policy, detail: string): Refusal =>
  new Refusal(401, detail, {
    more: { ways: waysOf(policy.access), signIn: signInOf(policy) },
    headers: { 'www-authenticate': 'Bearer realm="salvor"' },
  });

/** RFC 6750, or as OpenStack's own services take it. */
function credentialIn(c: Context): Credential | undefined {
  const [, token] = /^bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '') ?? [];
  if (token !== undefined) return { kind: 'bearer', value: token };
  const ofKeystone = c.req.header('x-auth-token');
  return ofKeystone === undefined ? undefined : { kind: 'keystone', value: ofKeystone };
}

/** What a proxy says of whom it stands for is not believed: then all behind it are one. */
export const addressOf = ({ env }: Context<ApiEnv>): string =>
  env?.incoming?.socket.remoteAddress ?? env?.requestContext?.http?.sourceIp ?? 'unknown';

/** A page of another site may reach this machine by a name of its own: then it is that name that it asks for. */
const isLoopback = (host: string | undefined): boolean =>
  /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(host ?? '');
