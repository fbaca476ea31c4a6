import { type Access, clientIdOf } from '#shared/domain/policy-access.ts';
import { highest } from '#shared/domain/roles.ts';
import { PermanentError, RetryableError } from '#shared/errors.ts';
import type { Claims, IssuedTokens, KeystoneTokens, TokenOwner } from '#shared/ports.ts';
import type { Credential } from '#shared/state/sessions.ts';
import type { Person } from './who.ts';

export interface WaysParts {
  readonly access: Access;
  /** Whose token it is, of the policy's people. */
  readonly people: (token: string) => Promise<Person | undefined>;
  readonly tokens: Pick<KeystoneTokens, 'check'>;
  /** Of the policy's issuer. */
  readonly issued?: IssuedTokens | undefined;
}

/**
 * Whose credential it is now: asked of each request, that of a session too, so that who was removed, or has another role, is
 * known at once.
 * @throws RetryableError when who would know is out of reach.
 */
export function admission(parts: WaysParts) {
  return async (credential: Credential): Promise<Person | undefined> => {
    try {
      return await personOf(parts, credential);
    } catch (error) {
      // Why Keystone does not answer salvor is for the log, not for strangers.
      throw error instanceof PermanentError ? new RetryableError(error.message) : error;
    }
  };
}

async function personOf(
  { access, people, tokens, issued }: WaysParts,
  { kind, value }: Credential,
): Promise<Person | undefined> {
  if (kind === 'bearer') {
    const known = access.people && (await people(value));
    if (known !== undefined) return known;
    const claims = await issued?.check(value);
    return claims && access.oidc && byClaims(access.oidc, claims);
  }
  if (kind === 'id-token') {
    const claims = access.oidc?.signIn && (await issued?.check(value, clientIdOf(access.oidc)));
    return claims && access.oidc && byClaims(access.oidc, claims);
  }
  const owner = access.keystone && (await tokens.check(value));
  return owner && access.keystone && byKeystone(access.keystone, owner);
}

function byKeystone(
  { roles, projects = [], system }: NonNullable<Access['keystone']>,
  owner: TokenOwner,
): Person | undefined {
  const counts = owner.isSystem ? system : owner.projectId !== null && projects.includes(owner.projectId);
  const role = counts ? highest(owner.roles.flatMap((each) => own(roles, each) ?? [])) : undefined;
  return role && { name: `keystone:${escaped(owner.user.name)}@${escaped(owner.user.domain.name)}`, role };
}

/** `@` and `%` in it as in an address: or else `b@c` of the domain `d`, and `b` of `c@d`, would be one. */
const escaped = (name: string): string => name.replaceAll('%', '%25').replaceAll('@', '%40');

function byClaims({ claim, roles, nameClaim }: NonNullable<Access['oidc']>, claims: Claims): Person | undefined {
  const name = claimOf(claims, nameClaim);
  const role = highest([claimOf(claims, claim)].flat().flatMap((each) => own(roles, String(each)) ?? []));
  return role !== undefined && typeof name === 'string' && name !== '' ? { name: `oidc:${name}`, role } : undefined;
}

/** A name with dots is a claim of this name (`https://example.org/roles`), or else the way to one within others. */
const claimOf = (claims: Claims, name: string): unknown =>
  own(claims, name) ??
  name
    .split('.')
    .reduce<unknown>((at, part) => (typeof at === 'object' && at !== null ? own(at, part) : undefined), claims);

const own = <T>(of: { readonly [key: string]: T } | object, key: string): T | undefined =>
  Object.hasOwn(of, key) ? (of as { readonly [key: string]: T })[key] : undefined;

/** Who has signed a request to AWS, as Lambda is told. */
export interface Signer {
  /** `arn:aws:iam::…:user/ann`, or `arn:aws:sts::…:assumed-role/Ops/session`. */
  readonly userArn: string;
}

const ASSUMED = /^arn:([a-z-]+):sts::(\d{12}):assumed-role\/([^/]+)\/(.+)$/;

/** Paths of roles are not in the ARN of who has taken one on: of a role, name and account count. */
export function bySignature(iam: NonNullable<Access['iam']>, { userArn }: Signer): Person | undefined {
  const [, partition, account, roleName, session] = ASSUMED.exec(userArn) ?? [];
  const entry = Object.entries(iam).find(([arn]) =>
    roleName === undefined
      ? arn === userArn
      : arn.startsWith(`arn:${partition}:iam::${account}:role/`) && arn.endsWith(`/${roleName}`),
  );
  if (entry === undefined) return undefined;
  const [arn, { role, sessions }] = entry;
  const principal = arn.split(':').slice(4).join(':');
  return { name: `iam:${principal}${sessions && session !== undefined ? `/${session}` : ''}`, role };
}
