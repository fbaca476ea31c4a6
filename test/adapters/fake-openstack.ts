import type { CloudConfig } from '#shared/adapters/openstack/cloud-config.ts';
import { type HttpOptions, openStackHttp } from '#shared/adapters/openstack/http.ts';
import { keystoneSession, type Session } from '#shared/adapters/openstack/keystone.ts';
import { type Handler, type Reply, type SeenRequest, serve, type TestServer } from './server.ts';

export const PASSWORD = 'correct horse battery';

export interface FakeOpenStack extends TestServer {
  /** Requests that Nova got, version discovery left out. */
  nova(): readonly SeenRequest[];
  logins(): readonly SeenRequest[];
  /** From now on Nova answers 401 to every token it has been shown up to now. */
  revoke(): void;
}

export interface FakeOptions {
  /** Answers for Nova, below `/v2.1`. */
  readonly nova?: Handler;
  /** Answers for Glance, which is in the catalogue only with it. */
  readonly image?: Handler;
  /** The same for Neutron. */
  readonly network?: Handler;
  readonly newest?: string;
  readonly tokenLifeSeconds?: number;
  /** Answers in Keystone's place unless it returns undefined. */
  readonly keystone?: (request: SeenRequest, login: number) => Reply | undefined;
}

/** Keystone and Nova just far enough to see what is asked of them. */
export async function fakeOpenStack(options: FakeOptions = {}): Promise<FakeOpenStack> {
  const { newest = '2.96', tokenLifeSeconds = 3600 } = options;
  let logins = 0;
  let oldestGood = 1;
  let novaRequests = 0;
  const server = await serve((request) => {
    if (request.path.startsWith('/identity')) {
      logins += 1;
      return options.keystone?.(request, logins) ?? login(`token-${logins}`, server.url, tokenLifeSeconds, options);
    }
    const token = Number(/^token-(\d+)$/.exec(String(request.headers['x-auth-token']))?.[1] ?? 0);
    if (token < oldestGood) return unauthorized(server.url);
    if (request.path === '/compute/v2.1/')
      return { body: { version: { id: 'v2.1', version: newest, min_version: '2.1' } } };
    if (request.path.startsWith('/image')) return options.image?.(request, 0) ?? { status: 404 };
    if (request.path.startsWith('/network')) return options.network?.(request, 0) ?? { status: 404 };
    novaRequests += 1;
    return options.nova?.(request, novaRequests - 1) ?? { status: 404 };
  });
  const at = (prefix: string) =>
    server.requests.filter(({ path }) => path.startsWith(prefix) && path !== '/compute/v2.1/');
  return {
    ...server,
    nova: () => at('/compute'),
    logins: () => at('/identity'),
    revoke: () => {
      oldestGood = logins + 1;
    },
  };
}

function login(token: string, base: string, lifeSeconds: number, { image, network }: FakeOptions): Reply {
  const endpoint = (type: string, path: string) => ({
    type,
    endpoints: [{ interface: 'public', region_id: 'RegionOne', url: `${base}${path}` }],
  });
  const issuedMs = Date.now();
  return {
    status: 201,
    headers: { 'x-subject-token': token },
    body: {
      token: {
        issued_at: new Date(issuedMs).toISOString(),
        expires_at: new Date(issuedMs + lifeSeconds * 1000).toISOString(),
        catalog: [
          endpoint('compute', '/compute/v2.1'),
          ...(image === undefined ? [] : [endpoint('image', '/image/v2/')]),
          ...(network === undefined ? [] : [endpoint('network', '/network')]),
        ],
      },
    },
  };
}

/** As keystonemiddleware answers, before Nova has seen the request. */
export function unauthorized(base: string): Reply {
  return {
    status: 401,
    headers: { 'www-authenticate': `Keystone uri="${base}/identity"` },
    body: {
      error: { code: 401, title: 'Unauthorized', message: 'The request you have made requires authentication.' },
    },
  };
}

export function cloudAt(server: Pick<TestServer, 'url'>, changes: Partial<CloudConfig> = {}): CloudConfig {
  const domain = { id: 'default' };
  return {
    name: 'lab',
    authUrl: `${server.url}/identity/v3`,
    identity: {
      kind: 'password',
      user: { name: 'ha', domain },
      password: PASSWORD,
      project: { name: 'service', domain },
    },
    regionName: 'RegionOne',
    interface: 'public',
    caPem: undefined,
    insecureTls: false,
    computeEndpoint: undefined,
    ...changes,
  };
}

export interface SessionChanges {
  readonly cloud?: Partial<CloudConfig>;
  readonly http?: Partial<HttpOptions>;
  readonly now?: () => number;
}

/** A session whose pauses take no time. */
export function sessionAt(server: Pick<TestServer, 'url'>, changes: SessionChanges = {}): Session {
  const http = openStackHttp({
    version: '0',
    random: () => 1,
    timeoutMs: 5000,
    sleep: async () => undefined,
    ...changes.http,
  });
  return keystoneSession({ cloud: cloudAt(server, changes.cloud), http, now: changes.now ?? Date.now });
}
