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

/** The network of this machine is nobody's but its own. */
const isSafe = (address: string): boolean => {
  const { protocol, hostname } = new URL(address);
  return protocol === 'https:' || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
};
