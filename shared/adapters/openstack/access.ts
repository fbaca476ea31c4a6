import * as z from 'zod';
import type { ShownCertificate } from '#shared/http/connector.ts';
import type { AccountEnd, CloudAccess } from '#shared/ports.ts';
import { computeEndpoint, SERVICE_TYPES, serviceEndpoint } from './catalog.ts';
import type { CloudConfig } from './cloud-config.ts';
import { type Session, type Token, utcMs } from './keystone.ts';
import { messageOf, parseBody } from './parse.ts';

const TIMEOUT_MS = 5_000;

/** Identity API v3, "Show application credential details". */
const credentialSchema = z.looseObject({
  application_credential: z.looseObject({ name: z.string(), expires_at: z.string().nullish() }),
});

/** @param shown the certificates of connections by their origins, as the session's `http` was shown them */
export function cloudAccess(session: Session, shown: ReadonlyMap<string, ShownCertificate>): CloudAccess {
  const { cloud, http, redact } = session;

  /** The account may see itself, unless access rules were laid on it: Keystone's `identity:get_application_credential`. */
  async function credentialEnd(token: Token, userId: string, id: string): Promise<AccountEnd> {
    const of = `application credential ${id}`;
    const path = `/users/${encodeURIComponent(userId)}/application_credentials/${encodeURIComponent(id)}`;
    const exchange = await http.once(new URL(`${cloud.authUrl}${path}`), { 'x-auth-token': token.value }, TIMEOUT_MS);
    if (exchange.kind === 'failed') return { of, endsAtMs: null, untold: exchange.error };
    const { status, body } = exchange;
    if (status !== 200)
      return { of, endsAtMs: null, untold: `Keystone answered ${status}: ${messageOf(body, redact)}` };
    const { name, expires_at: endsAt } = parseBody(credentialSchema, body, 'Keystone').application_credential;
    return { of: `application credential ${name}`, endsAtMs: utcMs(endsAt), untold: null };
  }

  return {
    certificates: async () => {
      if (shown.size === 0) return [];
      const names = namesOf(cloud, await session.token().catch(() => undefined));
      return [...shown].map(([address, { expiresAtMs }]) => ({
        of: names.get(address)?.join(' and ') ?? address,
        address,
        expiresAtMs,
      }));
    },
    account: async () => {
      const token = await session.token();
      const { owner } = token;
      if (owner === undefined)
        return { of: 'the account', endsAtMs: null, untold: 'Keystone does not tell whose its token is' };
      const { user, applicationCredentialId: id } = owner;
      if (id !== null) return credentialEnd(token, user.id, id);
      return { of: `the password of user ${user.name}`, endsAtMs: user.passwordEndsAtMs, untold: null };
    },
  };
}

/** Who answers at an origin: with several behind one proxy, all of them. */
function namesOf(cloud: CloudConfig, token: Token | undefined): ReadonlyMap<string, readonly string[]> {
  const services: (readonly [string, URL | undefined])[] = [['keystone', new URL(cloud.authUrl)]];
  if (token !== undefined) {
    services.push(['nova', novaIn(token, cloud)]);
    for (const [name, types] of Object.entries(SERVICE_TYPES))
      services.push([name, serviceEndpoint(token.catalog, cloud, types)]);
  }
  const names = new Map<string, string[]>();
  for (const [name, url] of services)
    if (url !== undefined) names.set(url.origin, [...(names.get(url.origin) ?? []), name]);
  return names;
}

/** A catalogue without it is told of where Nova is called. */
function novaIn({ catalog }: Token, cloud: CloudConfig): URL | undefined {
  try {
    return computeEndpoint(catalog, cloud);
  } catch {
    return undefined;
  }
}
