import type { Hono } from 'hono';
import * as z from 'zod';
import type { FaultBoard } from './faults.ts';
import { jsonBody, type SimEnv } from './http.ts';
import type { Identity, SimApplicationCredential, SimToken } from './identity.ts';

interface CredentialParts {
  readonly identity: Identity;
  readonly faults: FaultBoard;
}

/** An answer as Keystone has its errors. */
export type Fail = (code: 400 | 401 | 403 | 404 | 503, title: string, message: string) => Response;

/** When accounts end, by the fault that says so. */
export function endOf(faults: FaultBoard): string | null {
  const ends = faults.take('account-ends');
  return ends === undefined ? null : new Date(ends.atMs).toISOString().replace('Z', '000');
}

const newCredential = z.object({
  application_credential: z.object({
    name: z.string(),
    expires_at: z.string().nullish(),
    access_rules: z.array(z.unknown()).optional(),
  }),
});

/** Identity API v3, "Application credentials": its user makes one, and both may look at it. */
export function credentialRoutes(api: Hono<SimEnv>, { identity, faults }: CredentialParts, fail: Fail): void {
  const path = '/v3/users/:user/application_credentials';
  const bodyOf = ({ id, name, projectId, expiresAt = null }: SimApplicationCredential) => ({
    ...{ id, name, project_id: projectId, unrestricted: false, expires_at: expiresAt ?? endOf(faults) },
  });
  const asking = (value: string | undefined): SimToken | undefined => {
    const token = identity.validate(value);
    return token?.applicationCredential?.hasAccessRules === true ? undefined : token;
  };

  api.post(path, async (c) => {
    const token = asking(c.req.header('x-auth-token'));
    if (token?.project === undefined)
      return fail(401, 'Unauthorized', 'The request you have made requires authentication.');
    const parsed = newCredential.safeParse(await jsonBody(c));
    if (!parsed.success || token.user.id !== c.req.param('user')) return fail(403, 'Forbidden', 'Not yours to make.');
    const { name, expires_at: expiresAt = null, access_rules: rules = [] } = parsed.data.application_credential;
    const of = { name, userId: token.user.id, projectId: token.project.id };
    const added = identity.addApplicationCredential({ ...of, expiresAt, hasAccessRules: rules.length > 0 });
    return c.json({ application_credential: { ...bodyOf(added), secret: added.secret } }, 201);
  });

  api.get(`${path}/:id`, (c) => {
    const token = asking(c.req.header('x-auth-token'));
    if (token === undefined) return fail(401, 'Unauthorized', 'The request you have made requires authentication.');
    const found = identity.applicationCredentials.find(({ id }) => id === c.req.param('id'));
    if (found?.userId !== c.req.param('user')) return fail(404, 'Not Found', 'Could not find application credential.');
    if (token.user.id !== found.userId)
      return fail(403, 'Forbidden', 'You are not authorized to perform the requested action.');
    return c.json({ application_credential: bodyOf(found) });
  });
}
