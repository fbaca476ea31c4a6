import { RetryableError } from '#shared/errors.ts';
import { redactor } from '#shared/http/redact.ts';
import type { KeystoneLogin } from '#shared/ports.ts';
import type { Session } from './keystone.ts';
import { messageOf } from './parse.ts';

const TIMEOUT_MS = 10_000;

/**
 * A token for somebody else's password (Identity API v3, "Password authentication with scoped authorization"). Keystone does
 * not say what of it is wrong, and neither is it asked.
 */
export async function signIn(
  { http, cloud: { authUrl } }: Pick<Session, 'http' | 'cloud'>,
  login: KeystoneLogin,
): Promise<string | undefined> {
  const { user: name, domain, password, project, projectDomain = domain } = login;
  const user = { name, domain: { name: domain }, password };
  const scope =
    project === undefined ? { system: { all: true } } : { project: { name: project, domain: { name: projectDomain } } };
  const auth = { identity: { methods: ['password'], password: { user } }, scope };
  const exchange = await http.send('POST', new URL(`${authUrl}/auth/tokens?nocatalog`), {}, { auth }, TIMEOUT_MS);
  const who = `Keystone at ${authUrl}`;
  if (exchange.kind === 'failed') throw new RetryableError(`${who} gave no answer: ${exchange.error}`);
  const { status, body, headers } = exchange;
  if (status === 201 || status === 200) return headers['x-subject-token'];
  if ([400, 401, 403, 404].includes(status)) return undefined;
  throw new RetryableError(`${who} answered ${status} to a login: ${messageOf(body, redactor([password]))}`);
}
