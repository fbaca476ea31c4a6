import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { SimulatedCloud } from '#sim/controls.ts';
import { openBench, signInAs } from './bench.ts';

const answered = z.object({
  token: z.object({
    expires_at: z.string(),
    roles: z.array(z.object({ name: z.string() })).optional(),
    project: z.object({ id: z.string(), name: z.string() }).optional(),
    catalog: z
      .array(
        z.object({
          type: z.string(),
          endpoints: z.array(z.object({ interface: z.string(), region: z.string(), url: z.string() })),
        }),
      )
      .optional(),
  }),
});

function authenticate(cloud: SimulatedCloud, auth: object): Promise<Response> {
  return fetch(`${cloud.authUrl}/auth/tokens`, { method: 'POST', body: JSON.stringify({ auth }) });
}

function byPassword(cloud: SimulatedCloud, change: { password?: string; project?: string } = {}): object {
  const { username, password, projectName } = cloud.credentials.admin;
  const domain = { name: 'Default' };
  return {
    identity: {
      methods: ['password'],
      password: { user: { name: username, domain, password: change.password ?? password } },
    },
    scope: { project: { name: change.project ?? projectName, domain } },
  };
}

describe('the simulated Keystone', () => {
  test('gives a token for an application credential, by id or by name and user, without a scope', async () => {
    const { cloud } = await openBench({ region: 'north' });
    const { id, name, secret, username } = cloud.credentials.applicationCredential;
    const methods = ['application_credential'];
    const user = { name: username, domain: { id: 'default' } };
    for (const application_credential of [
      { id, secret },
      { name, secret, user },
    ]) {
      const answer = await authenticate(cloud, { identity: { methods, application_credential } });
      expect(answer.status).toBe(201);
      const { token } = answered.parse(await answer.json());
      expect(token.roles?.map((role) => role.name)).toContain('admin');
      expect(token.catalog?.map((entry) => entry.type)).toEqual([
        'identity',
        'compute',
        'placement',
        'image',
        'network',
        'block-storage',
        'baremetal',
      ]);
      expect(token.catalog?.[1]?.endpoints.map((endpoint) => `${endpoint.interface} ${endpoint.region}`)).toEqual([
        'public north',
        'internal north',
        'admin north',
      ]);
    }
    const scoped = await authenticate(cloud, {
      ...byPassword(cloud),
      identity: { methods, application_credential: { id, secret } },
    });
    expect(scoped.status).toBe(401);
    const wrong = await authenticate(cloud, { identity: { methods, application_credential: { id, secret: 'no' } } });
    expect(wrong.status).toBe(401);
  });

  test('does not say what was wrong', async () => {
    const { cloud } = await openBench();
    for (const change of [{ password: 'no' }, { project: 'no' }, { project: 'demo' }]) {
      const answer = await authenticate(cloud, byPassword(cloud, change));
      expect(answer.status).toBe(401);
      expect(await answer.json()).toEqual({
        error: { code: 401, message: 'The request you have made requires authentication.', title: 'Unauthorized' },
      });
    }
    expect((await authenticate(cloud, {})).status).toBe(400);
  });

  test('lets a token expire, for Nova too', async () => {
    const { cloud, clock, admin } = await openBench({ tokenLifetimeSeconds: 300 });
    clock.advance(299_000);
    expect((await admin.send('compute', 'GET', '/os-services')).status).toBe(200);
    clock.advance(1000);
    expect(await admin.send('compute', 'GET', '/os-services')).toMatchObject({
      status: 401,
      body: { error: { code: 401 } },
    });
    expect((await (await signInAs(cloud, cloud.credentials.admin)).send('compute', 'GET', '/os-services')).status).toBe(
      200,
    );
  });

  test('validates and revokes tokens', async () => {
    const { cloud, clock } = await openBench();
    const token = (await authenticate(cloud, byPassword(cloud))).headers.get('x-subject-token') ?? '';
    const headers = { 'x-auth-token': token, 'x-subject-token': token };
    const valid = await fetch(`${cloud.authUrl}/auth/tokens`, { headers });
    expect(valid.status).toBe(200);
    expect(Date.parse(answered.parse(await valid.json()).token.expires_at)).toBe(clock.now() + 3_600_000);
    const unknown = await fetch(`${cloud.authUrl}/auth/tokens`, { headers: { ...headers, 'x-subject-token': 'x' } });
    expect(unknown.status).toBe(404);
    expect((await fetch(`${cloud.authUrl}/auth/tokens`, { method: 'DELETE', headers })).status).toBe(204);
    expect((await fetch(`${cloud.authUrl}/auth/tokens`, { headers })).status).toBe(401);
  });

  test('has version documents', async () => {
    const { cloud } = await openBench();
    expect((await fetch(cloud.authUrl)).status).toBe(200);
    expect((await fetch(cloud.authUrl.replace(/v3$/, ''))).status).toBe(300);
  });

  test('lists services of which only their one read is there', async () => {
    const { cloud } = await openBench();
    const token = (await authenticate(cloud, byPassword(cloud))).headers.get('x-subject-token') ?? '';
    const get = (path: string, headers = {}) => fetch(cloud.authUrl.replace('identity/v3', path), { headers });
    for (const path of [
      'placement/resource_classes',
      'image/v2/images',
      'network/v2.0/networks',
      'volume/v3/volumes',
    ]) {
      expect((await get(path)).status).toBe(401);
      expect((await get(path, { 'x-auth-token': token })).status).toBe(200);
      expect((await get(`${path}/other`, { 'x-auth-token': token })).status).toBe(404);
    }
    const off = cloud.faults.set({ kind: 'service-down', service: 'image' });
    expect((await get('image/v2/images')).status).toBe(503);
    expect((await get('network/v2.0/networks')).status).toBe(401);
    off();
    cloud.faults.set({ kind: 'service-down', service: 'image', how: 'close' });
    await expect(get('image/v2/images')).rejects.toThrow();
  });
});
