import { request } from 'undici';
import * as z from 'zod';
import type { Account } from './rig.ts';

/** An answer as it came: nothing is judged here. `body` is parsed JSON, text, or undefined when there was none. */
export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
};

export type Service = 'identity' | 'compute' | 'placement' | 'image' | 'network';
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One account's raw HTTP to the OpenStack services of a cloud. */
export type OpenStackApi = {
  readonly projectId: string;
  /**
   * Sends one request, whatever comes back.
   * @param options.microversion of the compute service, such as `2.94`.
   */
  send(service: Service, method: Method, path: string, options?: RequestOptions): Promise<Answer>;
  /** Like `send`, but only for a 2xx, whose body it parses. Throws with the answer's status and body otherwise. */
  get<T>(service: Service, path: string, schema: z.ZodType<T>, options?: RequestOptions): Promise<T>;
  post<T>(service: Service, path: string, json: unknown, schema: z.ZodType<T>, options?: RequestOptions): Promise<T>;
};

export type RequestOptions = {
  readonly json?: unknown;
  readonly bytes?: Uint8Array;
  readonly microversion?: string;
};

const tokenAnswer = z.object({
  token: z.object({
    project: z.object({ id: z.string() }),
    catalog: z.array(
      z.object({ type: z.string(), endpoints: z.array(z.object({ interface: z.string(), url: z.string() })) }),
    ),
  }),
});

/** Signs in by password (Identity API v3, POST /auth/tokens) and finds the public endpoints in the catalog. */
export async function signIn(authUrl: string, account: Account): Promise<OpenStackApi> {
  const domain = { name: 'Default' };
  const password = { user: { name: account.user, password: account.password, domain } };
  const scope = { project: { name: account.project, domain } };
  const answer = await exchange(`${authUrl}/auth/tokens`, 'POST', {
    json: { auth: { identity: { methods: ['password'], password }, scope } },
  });
  const token = answer.headers['x-subject-token'];
  if (answer.status !== 201 || typeof token !== 'string') throw new Error(`Keystone answered ${answer.status}`);
  const { project, catalog } = tokenAnswer.parse(answer.body).token;

  const urlOf = (service: Service): string => {
    const entry = catalog.find((candidate) => candidate.type === service);
    const endpoint = entry?.endpoints.find((candidate) => candidate.interface === 'public');
    if (endpoint === undefined) throw new Error(`The catalog has no ${service}`);
    return endpoint.url;
  };
  const send: OpenStackApi['send'] = (service, method, path, options = {}) =>
    exchange(`${urlOf(service)}${path}`, method, options, { 'x-auth-token': token });
  const expect2xx = async <T>(
    service: Service,
    method: Method,
    path: string,
    schema: z.ZodType<T>,
    options: RequestOptions,
  ): Promise<T> => {
    const got = await send(service, method, path, options);
    if (got.status >= 300) throw new Error(`${method} ${service}${path}: ${got.status} ${JSON.stringify(got.body)}`);
    return schema.parse(got.body);
  };
  return {
    projectId: project.id,
    send,
    get: (service, path, schema, options = {}) => expect2xx(service, 'GET', path, schema, options),
    post: (service, path, json, schema, options = {}) => expect2xx(service, 'POST', path, schema, { ...options, json }),
  };
}

async function exchange(
  url: string,
  method: Method,
  options: RequestOptions,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const { json, bytes, microversion } = options;
  const sent: Record<string, string> = { accept: 'application/json', ...headers };
  if (json !== undefined) sent['content-type'] = 'application/json';
  if (bytes !== undefined) sent['content-type'] = 'application/octet-stream';
  if (microversion !== undefined) sent['openstack-api-version'] = `compute ${microversion}`;
  const body = json === undefined ? bytes : JSON.stringify(json);
  const answer = await request(url, { method, headers: sent, ...(body === undefined ? {} : { body }) });
  const text = await answer.body.text();
  return { status: answer.statusCode, headers: answer.headers, body: text === '' ? undefined : parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
