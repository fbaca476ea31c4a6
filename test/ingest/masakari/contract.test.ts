/** What every request is asked before it is acted on, in Masakari's order and words. */
import { describe, expect, it } from 'vitest';
import type { Policy } from '#shared/domain/policy.ts';
import { MASAKARI_ACTIONS } from '#shared/ingest/masakari/app.ts';
import { aPolicy, uuid } from '#test/support/builders.ts';
import { aNotification, masakariWorld, PROJECT } from './support.ts';

const LIST = '/v1/notifications';

describe('version documents', () => {
  const links = [{ rel: 'self', href: 'http://salvor.test/v1/' }];
  const version = {
    id: 'v1.0',
    status: 'CURRENT',
    version: '1.3',
    min_version: '1.0',
    updated: '2016-07-01T11:33:21Z',
  };

  it('are at /, for everybody', async () => {
    const { ask } = await masakariWorld();
    const { status, body } = await ask('GET', '/', { token: null });
    expect({ status, body }).toEqual({ status: 200, body: { versions: [{ ...version, links }] } });
  });

  it.each(['/v1', '/v1/'])('are at %s, for everybody', async (path) => {
    const { ask } = await masakariWorld();
    const { status, headers, body } = await ask('GET', path, { token: null });
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        version: {
          ...version,
          links: [...links, { rel: 'describedby', type: 'text/html', href: 'https://docs.openstack.org/' }],
          'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.masakari+json;version=1' }],
        },
      },
    });
    expect(headers.get('openstack-api-version')).toBe('instance-ha 1.0');
  });

  it('stand beside what load balancers ask for', async () => {
    const { ask } = await masakariWorld();
    const { status, text } = await ask('GET', '/healthcheck', { token: null });
    expect({ status, text }).toEqual({ status: 200, text: 'OK' });
  });

  it('are refused in a version that is none', async () => {
    const { ask } = await masakariWorld();
    expect((await ask('GET', '/v1', { version: '1.9' })).status).toBe(406);
    expect((await ask('GET', '/v1', { version: 'one' })).status).toBe(400);
  });
});

describe('a microversion', () => {
  it.each([
    [undefined, 'instance-ha 1.0'],
    ['instance-ha 1.3', 'instance-ha 1.3'],
    ['instance-ha latest', 'instance-ha 1.3'],
    ['compute 2.90, instance-ha 1.1', 'instance-ha 1.1'],
    ['compute 2.90', 'instance-ha 1.0'],
  ])('%s is answered as %s', async (header, answered) => {
    const { ask } = await masakariWorld();
    const { headers } = await ask('GET', LIST, {
      headers: header === undefined ? {} : { 'openstack-api-version': header },
    });
    expect(headers.get('openstack-api-version')).toBe(answered);
    expect(headers.get('vary')).toBe('OpenStack-API-Version');
    expect(headers.get('x-openstack-request-id')).toMatch(/^req-[0-9a-f-]{36}$/);
  });

  it('that there is not, is 406 without a version in the answer', async () => {
    const { ask } = await masakariWorld();
    for (const version of ['1.9', '2.0', '0.1'].slice(0, 2)) {
      const { status, headers, body } = await ask('GET', LIST, { version });
      expect({ status, body }).toEqual({
        status: 406,
        body: {
          masakariFault: {
            code: 406,
            message: `Version ${version} is not supported by the API. Minimum is 1.0 and maximum is 1.3.`,
          },
        },
      });
      expect(headers.get('openstack-api-version')).toBeNull();
    }
  });

  it.each(['1', 'one', '1.03', '1.3 1.2', ''])('of the form "%s" is 400', async (version) => {
    const { ask } = await masakariWorld();
    expect((await ask('GET', LIST, { version })).status).toBe(400);
  });
});

describe('who asks', () => {
  it.each([null, 'forged'])('with token %s is told where to get one', async (token) => {
    const { ask } = await masakariWorld();
    const { status, headers, body } = await ask('GET', LIST, { token });
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toBe('Keystone uri="http://keystone.test/v3"');
    expect(body).toMatchObject({ error: { code: 401, title: 'Unauthorized' } });
  });

  /** In form, so that nothing but the role is missing. */
  const bodyFor = (method: string, path: string): object | undefined => {
    if (method !== 'POST' && method !== 'PUT') return undefined;
    if (path.endsWith('/notifications')) return { notification: aNotification() };
    const host = { name: 'compute-1', type: 'COMPUTE', control_attributes: 'SSH' };
    return path.includes('/hosts')
      ? { host }
      : { segment: { name: 'x', recovery_method: 'auto', service_type: 'COMPUTE' } };
  };

  it.each(MASAKARI_ACTIONS.map(({ method, path, ...action }) => [method, path, action] as const))(
    'without the role may not %s %s',
    async (method, path, action) => {
      const { ask } = await masakariWorld();
      const where = `/v1${path.replaceAll(/:\w+/g, uuid(8, 1))}`;
      const { status, headers, body } = await ask(method, where, { token: 'member', body: bodyFor(method, path) });
      if (!('rule' in action)) expect(status).toBe(405);
      else
        expect({ status, body }).toEqual({
          status: 403,
          body: {
            forbidden: { code: 403, message: `Policy doesn't allow os_masakari_api:${action.rule} to be performed.` },
          },
        });
      expect(headers.get('content-type')).toBe('application/json; charset=UTF-8');
    },
  );

  /** What each may do with what is there, by the rule of its action. */
  const mayDo = async (policy: Policy, token: string): Promise<readonly string[]> => {
    const { ask } = await masakariWorld(policy);
    const allowed: string[] = [];
    for (const action of MASAKARI_ACTIONS) {
      if (!('rule' in action)) continue;
      const { method, path, rule } = action;
      const where = `/v1${path.replaceAll(/:\w+/g, uuid(8, 1))}`;
      if ((await ask(method, where, { token, body: bodyFor(method, path) })).status !== 403) allowed.push(rule);
    }
    return allowed;
  };
  const RULES = MASAKARI_ACTIONS.flatMap((action) => ('rule' in action ? [action.rule] : []));
  const READING = RULES.filter((rule) => /:(index|detail)$/.test(rule));
  const roles = { roles: ['admin'], reportRoles: ['ha-reporter'], readRoles: ['ha-reader'] };
  const masakari = { ...roles, segmentDefaults: {} };

  it.each([
    ['everything', 'admin', RULES],
    ['nothing but report', 'monitor', ['notifications:create']],
    ['nothing but look', 'auditor', READING],
  ])('may do %s by its role', async (_, token, rules) => {
    expect(await mayDo(aPolicy({ masakari }), token)).toEqual(rules);
  });

  it.each([
    ['itself', 'compute-1', { keystoneUsers: ['masakari-{host}@Default'], self: true }],
    ['some hosts', 'admin', { keystoneUsers: ['masakari@Default'], hosts: ['compute-*'] }],
    ['a segment', 'admin', { keystoneUsers: ['masakari@Default'], segments: ['az1'] }],
    ['some events', 'admin', { keystoneUsers: ['masakari@Default'], events: ['host.down' as const] }],
  ])('may not change what protects others, when its word is of %s only', async (_, token, reporter) => {
    const policy = aPolicy({ masakari, reporters: { limited: reporter } });
    expect(await mayDo(policy, token)).toEqual(
      RULES.filter((rule) => [...READING, 'notifications:create'].includes(rule)),
    );
  });

  it('has a role that the policy names', async () => {
    const { ask } = await masakariWorld(aPolicy({ masakari: { roles: ['ha-operator'] } }));
    expect((await ask('GET', LIST, { token: 'ops' })).status).toBe(200);
    expect((await ask('GET', LIST, { token: 'admin' })).status).toBe(403);
  });

  it('names its own project, or none', async () => {
    const { ask } = await masakariWorld();
    expect((await ask('GET', `/v1/${PROJECT}/notifications`)).status).toBe(200);
    const other = await ask('GET', '/v1/0123/notifications');
    expect({ status: other.status, body: other.body }).toEqual({
      status: 400,
      body: {
        badRequest: {
          code: 400,
          message: `Malformed request URL: URL's project_id '0123' doesn't match Context's project_id '${PROJECT}'`,
        },
      },
    });
  });
});

it.each([
  ['PUT', 'update'],
  ['DELETE', 'delete'],
])('%s on a notification is not allowed', async (method, action) => {
  const { ask } = await masakariWorld();
  const { status, body } = await ask(method, `${LIST}/2a1a47a3-e378-496d-804f-e55693f0dec1`);
  expect({ status, body }).toEqual({
    status: 405,
    body: {
      badMethod: {
        code: 405,
        message: `The request method: '${method}' with action: '${action}' is not allowed on this resource`,
      },
    },
  });
});

describe('a body', () => {
  const bad = (message: string) => ({ badRequest: { code: 400, message } });

  it.each([
    ['{oops', 'Malformed request body'],
    [new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]), 'Malformed request body'],
    ['', "None is not of type 'object'"],
    ['null', "None is not of type 'object'"],
    ['[]', "[] is not of type 'object'"],
    ['{}', "'notification' is a required property"],
  ])('%s is answered with: %s', async (text, message) => {
    const { ask } = await masakariWorld();
    const { status, body } = await ask('POST', LIST, { text });
    expect({ status, body }).toEqual({ status: 400, body: bad(message) });
  });

  it.each<[string, object, string]>([
    [
      'an unknown type',
      { type: 'FOO' },
      "Invalid input for field/attribute type. Value: FOO. 'FOO' is not one of ('COMPUTE_HOST', 'VM', 'PROCESS')",
    ],
    [
      'an event in lower case',
      { payload: { event: 'stopped' } },
      "Invalid input for field/attribute event. Value: stopped. 'stopped' is not one of ('STARTED', 'STOPPED')",
    ],
    ['no event', { payload: {} }, "'event' is a required property"],
    [
      'a key that is none of a payload',
      { payload: { event: 'STOPPED', colour: 'red' } },
      "Additional properties are not allowed ('colour' was unexpected)",
    ],
    [
      'a number in the payload',
      { payload: { event: 5 } },
      "Invalid input for field/attribute event. Value: 5. 5 is not of type 'string'",
    ],
    [
      'a time that is none',
      { generated_time: 'noon' },
      "Invalid input for field/attribute generated_time. Value: noon. 'noon' is not a 'date-time'",
    ],
    ['no host', { hostname: '' }, "Invalid input for field/attribute hostname. Value: . '' should be non-empty"],
    [
      'a host with a blank',
      { hostname: 'a b' },
      "Invalid input for field/attribute hostname. Value: a b. 'a b' does not match '^[a-zA-Z0-9-._]*$'",
    ],
    [
      'an instance that has no UUID',
      { type: 'VM', payload: { event: 'LIFECYCLE', vir_domain_event: 'STOPPED_FAILED', instance_uuid: 'web-1' } },
      "Invalid input for field/attribute instance_uuid. Value: web-1. 'web-1' is not a 'uuid'",
    ],
    [
      'a process without a name',
      { type: 'PROCESS', payload: { event: 'STOPPED', process_name: '' } },
      "Invalid input for field/attribute process_name. Value: . '' should be non-empty",
    ],
  ])('with %s is answered in the words of Masakari', async (_, changes, message) => {
    const world = await masakariWorld();
    const { status, body } = await world.notify(changes);
    expect({ status, body }).toEqual({ status: 400, body: bad(message) });
    expect(world.services.outbox.take()).toEqual([]);
  });

  it.each(['type', 'hostname', 'generated_time', 'payload'])('needs %s', async (key) => {
    const { ask } = await masakariWorld();
    const { [key]: _, ...notification } = aNotification() as Record<string, unknown>;
    const { status, body } = await ask('POST', LIST, { body: { notification } });
    expect(status).toBe(400);
    expect(body.badRequest.message).toMatch(new RegExp(`'${key}' is a required property$`));
  });

  it('in another format is 415', async () => {
    const { ask } = await masakariWorld();
    const { status, body } = await ask('POST', LIST, { text: '<a/>', headers: { 'content-type': 'application/xml' } });
    expect({ status, body }).toEqual({
      status: 415,
      body: { badMediaType: { code: 415, message: 'Unsupported Content-Type' } },
    });
  });

  it('that is too large is not read', async () => {
    const { ask } = await masakariWorld();
    const { status, body } = await ask('POST', LIST, { text: `"${'x'.repeat(120_000)}"` });
    expect({ status, body }).toMatchObject({ status: 413, body: { overLimit: { code: 413 } } });
  });
});
