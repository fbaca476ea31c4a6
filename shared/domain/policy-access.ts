import * as z from 'zod';
import { name } from './policy-values.ts';

/**
 * Who may look at salvor by its API and its console, and who may steer it. A name that goes into the audit tells by which
 * way it was had, so that nobody gets another's by choosing it elsewhere: `ann`, `keystone:ann@Default`, `oidc:<subject>`,
 * `iam:<principal>`.
 */

/** `viewer` looks; `operator` also switches, dismisses and works on hosts; `approver` also releases and confirms. */
export const role = z.enum(['viewer', 'operator', 'approver']);
export type Role = z.infer<typeof role>;

const text = z.string().min(1).max(255);
const personName = text.regex(/^(?!local$)[^:]*$/, 'a name without ":", and not "local": these are for other ways in');
/** By what somebody is elsewhere, what he is here. The highest counts. */
const rolesBy = z.record(text, role).refine((given) => Object.keys(given).length > 0, 'lets nobody in');

const people = z.record(
  personName,
  z.strictObject({
    /** Name of the secret that holds `token`, and `previousToken` while it changes. */
    token: name,
    role,
  }),
);

const keystone = z
  .strictObject({
    /** By the role that a Keystone token carries. */
    roles: rolesBy,
    /** Ids of the projects whose tokens count. A role in another project, of which each tenant has some, counts for nothing. */
    projects: z.array(text).min(1).optional(),
    /** Whether tokens of the system's scope count. */
    system: z.boolean().default(false),
  })
  .refine(({ projects, system }) => projects !== undefined || system, {
    message: 'names no scope: give projects, or system: true',
  });

/** By the issuer's own page, for the console: authorization code and PKCE. Without it one pastes a token. */
const signIn = z.strictObject({
  /** salvor's name at the issuer, which its ID tokens are for. The `audience`, unless given. */
  clientId: text.optional(),
  /** Name of the secret whose `clientSecret` salvor proves to be this client by; none for a public client. */
  clientSecret: name.optional(),
  /** What the issuer is asked for; some tell groups only by a scope of its own. */
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/, 'a scope, without spaces'))
    .min(1)
    .default(['openid'])
    .refine((given) => given.includes('openid'), 'without openid no issuer says who somebody is'),
});

const oidc = z.strictObject({
  /** As the tokens' `iss`. Its keys are found by `<issuer>/.well-known/openid-configuration`. */
  issuer: z
    .url({ protocol: /^https?$/ })
    .refine((url) => isSafe(url), 'must be https: whoever is between could give keys of its own'),
  /** One of the tokens' `aud`. */
  audience: text,
  /** The claim whose values `roles` maps: a list or one value; `realm_access.roles` for one within another. */
  claim: text.default('groups'),
  roles: rolesBy,
  /** The claim that becomes the name in the audit. `sub` is the only one that an issuer never gives to somebody else. */
  nameClaim: text.default('sub'),
  /** Signatures that are taken. None by which whoever knows the public key could sign. */
  algorithms: z
    .array(z.enum(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']))
    .min(1)
    .default(['RS256', 'PS256', 'ES256', 'EdDSA']),
  signIn: signIn.optional(),
});

const iam = z.record(
  z.string().regex(/^arn:[a-z-]+:iam::\d{12}:(user|role)\/[\w+=,.@/-]+$/, 'the ARN of an IAM user or role'),
  z.strictObject({
    role,
    /** Each session of this role is a person of its own: the role's trust policy has the name for each. */
    sessions: z.boolean().default(false),
  }),
);

/** Ways in; who comes by none of them is not let in. */
export const access = z
  .strictObject({
    /** By the name that goes into the audit. */
    people: people.optional(),
    keystone: keystone.optional(),
    oidc: oidc.optional(),
    /** On AWS: who signs requests. By the principal's ARN. */
    iam: iam.optional(),
  })
  .refine((ways) => Object.values(ways).some((way) => way !== undefined), 'has no way in');
export type Access = z.infer<typeof access>;

/** Whom the ID tokens of a sign-in are for. */
export const clientIdOf = ({ audience, signIn: given }: NonNullable<Access['oidc']>): string =>
  given?.clientId ?? audience;

interface Around {
  readonly access?: Access | undefined;
  readonly notify?: { readonly consoleUrl?: string | undefined } | undefined;
}

/**
 * Who signs people in by a page of its own, and the site that the issuer sends them back to. The policy says where that is:
 * what a request calls this host may be anybody's word.
 */
export function signInOf({
  access: ways,
  notify,
}: Around): { readonly issuer: string; readonly site: string } | undefined {
  if (ways?.oidc?.signIn === undefined || notify?.consoleUrl === undefined) return undefined;
  return { issuer: ways.oidc.issuer, site: new URL(notify.consoleUrl).origin };
}

/** What does not fit the rest of the policy: where in it, and what is wrong. */
export function accessFaults({
  access: ways,
  notify,
}: Around): readonly (readonly [path: readonly string[], message: string])[] {
  if (ways?.oidc?.signIn === undefined) return [];
  const wrong = (message: string) => [[['access', 'oidc', 'signIn'], message] as const];
  if (notify?.consoleUrl === undefined) return wrong('without notify.consoleUrl the issuer knows no way back');
  if (!isSafe(notify.consoleUrl))
    return wrong('notify.consoleUrl must be https: whoever is between could sign in as others');
  const { pathname, search, hash, username } = new URL(notify.consoleUrl);
  return /^\/(console\/?)?$/.test(pathname) && `${search}${hash}${username}` === ''
    ? []
    : wrong('notify.consoleUrl must be a host, and /console behind it at most: the console is nowhere else');
}

/** The network of this machine is nobody's but its own. */
const isSafe = (address: string): boolean => {
  const { protocol, hostname } = new URL(address);
  return protocol === 'https:' || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
};
