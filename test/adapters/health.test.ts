/** What the adapter asks the services that an evacuation needs, and how it takes their answers. */
import { afterEach, describe, expect, it } from 'vitest';
import { serviceHealth } from '#shared/adapters/openstack/health.ts';
import type { ServiceHealth } from '#shared/ports.ts';
import { sessionAt } from './fake-openstack.ts';
import { type Reply, type SeenRequest, serve, type TestServer } from './server.ts';

let server: TestServer;
afterEach(() => server.close());

type Endpoints = readonly (readonly [type: string, path: string, region?: string])[];
const WHOLE: Endpoints = [
  ['compute', '/nova/v2.1'],
  ['placement', '/placement'],
  ['image', '/glance'],
  ['block-storage', '/cinder/v3'],
  ['network', '/neutron'],
];
const controllers = (...states: readonly string[]): Reply => ({
  body: { services: states.map((state) => ({ state, status: 'enabled' })) },
});

/** What is told of a cloud whose catalogue and answers are these, and what it was asked besides the logins. */
async function healthOf(
  endpoints: Endpoints,
  answer: (request: SeenRequest) => Reply | undefined = () => undefined,
): Promise<{ readonly health: readonly ServiceHealth[]; readonly asked: readonly string[]; readonly logins: number }> {
  server = await serve((request) => {
    const given = answer(request);
    if (given !== undefined) return given;
    if (request.method === 'POST') return login(server.url, endpoints);
    return request.path.startsWith('/nova') ? controllers('down', 'up') : { body: {} };
  });
  const health = await serviceHealth(sessionAt(server))();
  const reads = server.requests.filter(({ method }) => method === 'GET').map(({ path }) => path);
  return { health, asked: reads.sort(), logins: server.requests.length - reads.length };
}

const login = (base: string, endpoints: Endpoints): Reply => ({
  status: 201,
  headers: { 'x-subject-token': 'the-token' },
  body: {
    token: {
      issued_at: new Date().toISOString(),
      expires_at: new Date(Date.now() + 3_600_000).toISOString(),
      catalog: endpoints.map(([type, path, region = 'RegionOne']) => ({
        type,
        endpoints: [
          { interface: 'internal', region_id: region, url: `${base}/internal${path}` },
          { interface: 'public', region_id: region, url: `${base}${path}` },
        ],
      })),
    },
  },
});
const silentOf = (health: readonly ServiceHealth[]) =>
  health.filter(({ answers }) => !answers).map(({ service, detail }) => `${service}: ${detail}`);

describe('a cloud that is well', () => {
  it('is asked once for something small of each service', async () => {
    const { health, asked, logins } = await healthOf(WHOLE);
    expect(silentOf(health)).toEqual([]);
    expect(health.map(({ service }) => service)).toEqual([
      'keystone',
      'nova',
      'conductor',
      'scheduler',
      'placement',
      'glance',
      'cinder',
      'neutron',
    ]);
    expect(asked).toEqual([
      '/cinder/v3/volumes?limit=1',
      '/glance/v2/images?limit=1',
      '/identity/v3/auth/tokens',
      '/neutron/v2.0/networks?limit=1&fields=id',
      '/nova/v2.1/os-services?binary=nova-conductor',
      '/nova/v2.1/os-services?binary=nova-scheduler',
      '/placement/resource_classes',
    ]);
    expect(logins).toBe(1);
  });

  it.each<[what: string, endpoint: Endpoints[number], path: string]>([
    ['with its version in the catalogue', ['image', '/glance/v2/'], '/glance/v2/images?limit=1'],
    ['with its version in the catalogue', ['network', '/neutron/v2.0'], '/neutron/v2.0/networks?limit=1&fields=id'],
    ['by an alias, with a project', ['volumev3', '/cinder/v3/abc'], '/cinder/v3/abc/volumes?limit=1'],
    ['without a version', ['volume', '/cinder'], '/cinder/v3/volumes?limit=1'],
  ])('is asked for a service %s', async (_, endpoint, path) => {
    const { asked } = await healthOf([['compute', '/nova/v2.1'], endpoint]);
    expect(asked).toContain(path);
  });

  it('is not asked for what its region has not', async () => {
    const { health } = await healthOf([
      ['compute', '/nova/v2.1'],
      ['image', '/glance', 'RegionTwo'],
    ]);
    expect(health.map(({ service }) => service)).toEqual(['keystone', 'nova', 'conductor', 'scheduler']);
  });

  it('may refuse: who says 403 or 404 works', async () => {
    const { health } = await healthOf(WHOLE, ({ method, path }) =>
      method === 'GET' && /^\/(placement|glance|cinder|neutron)/.test(path) ? { status: 403 } : undefined,
    );
    expect(silentOf(health)).toEqual([]);
  });
});

describe('a service that does not answer', () => {
  it.each<[reply: Reply, detail: RegExp]>([
    [{ status: 503 }, /^glance: answered 503$/],
    [{ status: 500 }, /^glance: answered 500$/],
    [{ status: 429 }, /^glance: answered 429$/],
    [{ status: 408 }, /^glance: answered 408$/],
    ['drop', /^glance: ./],
  ])('%j is asked once only', async (reply, detail) => {
    const { health, asked } = await healthOf(WHOLE, ({ path }) => (path.startsWith('/glance') ? reply : undefined));
    expect(silentOf(health)).toEqual([expect.stringMatching(detail)]);
    expect(asked.filter((path) => path.startsWith('/glance'))).toHaveLength(1);
  });

  it('has its controllers told by Nova: one that is up and enabled will do', async () => {
    const disabled: Reply = { body: { services: [{ state: 'up', status: 'disabled' }] } };
    const answers = new Map<string, Reply>([
      ['conductor', controllers('down', 'down')],
      ['scheduler', disabled],
    ]);
    const { health } = await healthOf(WHOLE, ({ path }) => answers.get(/binary=nova-(\w+)/.exec(path)?.[1] ?? ''));
    expect(silentOf(health)).toEqual(['conductor: 0 of 2 up', 'scheduler: 0 of 1 up']);
  });

  it.each<[reply: Reply, told: readonly string[]]>([
    [{ status: 503 }, ['nova: answered 503', 'conductor: Nova does not tell: answered 503']],
    [{ status: 403 }, ['conductor: Nova does not tell: answered 403']],
    [{ body: 'no JSON' }, ['conductor: Nova does not tell: answered 200']],
  ])('is Nova: %j', async (reply, told) => {
    const { health } = await healthOf(WHOLE, ({ path }) => (path.includes('nova-conductor') ? reply : undefined));
    expect(silentOf(health)).toEqual(told);
  });
});

describe('Keystone', () => {
  it('that gives no token is all that is told of', async () => {
    const { health } = await healthOf(WHOLE, ({ method }) => (method === 'POST' ? { status: 503 } : undefined));
    expect(health).toEqual([{ service: 'keystone', answers: false, detail: expect.stringContaining('503') }]);
  });

  it('that does not know its token any more gives another one', async () => {
    let reads = 0;
    const { health, logins } = await healthOf(WHOLE, ({ method, path }) => {
      if (method === 'POST' || !path.startsWith('/identity')) return undefined;
      reads += 1;
      return { status: 404 };
    });
    expect([reads, logins]).toEqual([1, 2]);
    expect(health[0]).toEqual({ service: 'keystone', answers: true, detail: 'gave a new token' });
    expect(silentOf(health)).toEqual([]);
  });

  it('that gives no other one is silent', async () => {
    let logins = 0;
    const { health } = await healthOf(WHOLE, ({ method, path }) => {
      if (method === 'GET') return path.startsWith('/identity') ? { status: 401 } : undefined;
      logins += 1;
      return logins > 1 ? { status: 401, body: { error: { message: 'the-token is of no use' } } } : undefined;
    });
    expect(health).toMatchObject([{ service: 'keystone', answers: false }]);
  });

  it('that answers 503 does not keep the others from being asked', async () => {
    const { health } = await healthOf(WHOLE, ({ method, path }) =>
      method === 'GET' && path.startsWith('/identity') ? { status: 503 } : undefined,
    );
    expect(silentOf(health)).toEqual(['keystone: answered 503']);
    expect(health).toHaveLength(8);
  });
});
