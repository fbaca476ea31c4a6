import { afterEach, describe, expect, it } from 'vitest';
import { PermanentError, RetryableError } from '#shared/errors.ts';
import {
  cloudAt,
  type FakeOptions,
  fakeOpenStack,
  PASSWORD,
  type SessionChanges,
  sessionAt,
} from './fake-openstack.ts';
import { deadUrl } from './server.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function setup(options: FakeOptions = {}, changes: SessionChanges = {}) {
  const fake = await fakeOpenStack(options);
  const session = sessionAt(fake, changes);
  closers.push(session.http.close, fake.close);
  return { fake, session };
}

describe('one token for all', () => {
  it('is asked for once by a hundred callers at once', async () => {
    const { fake, session } = await setup();
    const tokens = await Promise.all(Array.from({ length: 100 }, () => session.token()));
    expect(new Set(tokens.map(({ value }) => value))).toEqual(new Set(['token-1']));
    expect(fake.logins()).toHaveLength(1);
    await session.token();
    expect(fake.logins()).toHaveLength(1);
  });

  it.each([
    ['five minutes before its end', 7200, 6900],
    ['in the last tenth of a short life', 600, 540],
  ])('is renewed %s', async (_name, tokenLifeSeconds, renewedAfterSeconds) => {
    let nowMs = 1_000_000;
    const { session } = await setup({ tokenLifeSeconds }, { now: () => nowMs });
    await session.token();
    nowMs += renewedAfterSeconds * 1000 - 1;
    expect((await session.token()).value).toBe('token-1');
    nowMs += 1;
    expect((await session.token()).value).toBe('token-2');
  });

  it('is renewed once when many say that it is refused', async () => {
    const { fake, session } = await setup();
    const token = await session.token();
    const renewed = await Promise.all(
      Array.from({ length: 20 }, () => {
        session.reject(token);
        return session.token();
      }),
    );
    expect(new Set(renewed.map(({ value }) => value))).toEqual(new Set(['token-2']));
    session.reject(token);
    expect((await session.token()).value).toBe('token-2');
    expect(fake.logins()).toHaveLength(2);
  });

  it('is asked for again after a failure', async () => {
    const { session } = await setup({ keystone: (_request, login) => (login === 1 ? { status: 503 } : undefined) });
    await expect(session.token()).rejects.toBeInstanceOf(RetryableError);
    expect((await session.token()).value).toBe('token-2');
  });
});

describe('what is sent', () => {
  const sent = async (changes: SessionChanges) => {
    const { fake, session } = await setup({}, changes);
    await session.token();
    const [login] = fake.logins();
    expect(login).toMatchObject({ method: 'POST', path: '/identity/v3/auth/tokens' });
    return JSON.parse(login?.body ?? '');
  };

  it('is a password and a project', async () => {
    const domain = { id: 'default' };
    expect(await sent({})).toEqual({
      auth: {
        identity: { methods: ['password'], password: { user: { name: 'ha', domain, password: PASSWORD } } },
        scope: { project: { name: 'service', domain } },
      },
    });
  });

  it('is an application credential without a scope', async () => {
    const identity = { kind: 'application-credential', credential: { id: 'abc' }, secret: 's' } as const;
    expect(await sent({ cloud: { identity } })).toEqual({
      auth: { identity: { methods: ['application_credential'], application_credential: { id: 'abc', secret: 's' } } },
    });
  });

  it('is an application credential by its name and user', async () => {
    const credential = { name: 'salvor', user: { id: 'u' } };
    const body = await sent({ cloud: { identity: { kind: 'application-credential', credential, secret: 's' } } });
    expect(body.auth.identity.application_credential).toEqual({ name: 'salvor', user: { id: 'u' }, secret: 's' });
  });
});

describe('errors', () => {
  const message = 'The request you have made requires authentication.';
  it.each([
    [401, PermanentError, `refuses the credentials of cloud lab (401): ${message}`],
    [403, PermanentError, 'refuses the credentials of cloud lab (403)'],
    [404, PermanentError, 'answered 404 to the login of cloud lab; is auth_url right?'],
    [301, PermanentError, 'answers with a redirect (301): auth_url names another service'],
    [429, RetryableError, 'answered 429'],
    [503, RetryableError, 'answered 503'],
  ])('%i', async (status, kind, text) => {
    const { fake, session } = await setup({ keystone: () => ({ status, body: { error: { message, code: status } } }) });
    const failed = session.token();
    await expect(failed).rejects.toBeInstanceOf(kind);
    await expect(failed).rejects.toThrow(`Keystone at ${fake.url}/identity/v3 ${text}`);
    expect(fake.logins()).toHaveLength(1);
  });

  it('is out of reach', async () => {
    const url = await deadUrl();
    const session = sessionAt({ url });
    await expect(session.token()).rejects.toThrow(`Keystone at ${url}/identity/v3 gave no answer: connection refused`);
    await expect(session.token()).rejects.toBeInstanceOf(RetryableError);
  });

  it('answers with something else', async () => {
    const { session } = await setup({
      keystone: () => ({ status: 201, headers: { 'x-subject-token': 't' }, body: { token: {} } }),
    });
    await expect(session.token()).rejects.toThrow(/token\.issued_at is not as expected/);
    const page = await setup({
      keystone: () => ({ status: 201, headers: { 'x-subject-token': 't' }, body: '<html>' }),
    });
    await expect(page.session.token()).rejects.toThrow(/the answer is not JSON/);
    const bare = await setup({ keystone: () => ({ status: 201 }) });
    await expect(bare.session.token()).rejects.toThrow(/the answer has no X-Subject-Token/);
  });

  it('never quote what was sent, not even when Keystone does', async () => {
    const { session } = await setup({
      keystone: (request) => ({ status: 401, body: { error: { message: `bad request: ${request.body}` } } }),
    });
    const error: unknown = await session.token().catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(PermanentError);
    expect(String(error)).toContain('bad request');
    expect(JSON.stringify([String(error), error instanceof Error ? [error.stack, error.cause] : ''])).not.toContain(
      PASSWORD,
    );
  });

  it('and the session blots out password and token', async () => {
    const { session } = await setup();
    const { value } = await session.token();
    expect(session.redact(`${PASSWORD} and ${value}`)).toBe('*** and ***');
  });
});

describe('the compute endpoint', () => {
  const endpoint = (region: string, kind: string, url: string) => ({ interface: kind, region_id: region, url });
  const catalog = [
    { type: 'identity', endpoints: [endpoint('east', 'public', 'http://keystone')] },
    {
      type: 'compute',
      endpoints: [
        endpoint('east', 'public', 'https://nova.east/v2.1'),
        endpoint('east', 'internal', 'http://10.0.0.1:8774/v2.1/0123456789abcdef'),
        endpoint('west', 'public', 'https://west/compute/'),
      ],
    },
  ];
  const find = async (changes: Parameters<typeof cloudAt>[1], from = catalog) => {
    const { computeEndpoint } = await import('#shared/adapters/openstack/catalog.ts');
    return computeEndpoint(from, cloudAt({ url: 'http://k' }, changes)).href;
  };

  it('is chosen by region and interface, with the version and without the project', async () => {
    expect(await find({ regionName: 'east' })).toBe('https://nova.east/v2.1');
    expect(await find({ regionName: 'east', interface: 'internal' })).toBe('http://10.0.0.1:8774/v2.1');
    expect(await find({ regionName: 'west' })).toBe('https://west/compute/v2.1');
    expect(await find({ computeEndpoint: 'http://override:8774' })).toBe('http://override:8774/v2.1');
  });

  it('is missing in a way that is named', async () => {
    await expect(find({ regionName: undefined })).rejects.toThrow(
      'lab has several regions (east, west): set region_name to one of them',
    );
    await expect(find({ regionName: 'north' })).rejects.toThrow(
      'lab has no compute endpoint in region north; it has east, west',
    );
    await expect(find({ regionName: 'west', interface: 'internal' })).rejects.toThrow(
      'lab has no internal compute endpoint in region west; it has public',
    );
    await expect(find({}, [])).rejects.toThrow('lab: its catalogue has no service of type compute');
    await expect(find({ computeEndpoint: 'ftp://x' })).rejects.toThrow(
      'compute_endpoint_override: the compute endpoint',
    );
  });
});
