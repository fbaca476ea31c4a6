import * as z from 'zod';
import { redactor } from '#shared/http/redact.ts';
import { type Exchange, type HttpRequest, httpTransport } from '#shared/http/transport.ts';

export interface RedfishOptions {
  /** A ComputerSystem (`https://bmc/redfish/v1/Systems/1`), or the device itself if it has one system only. */
  readonly url: URL;
  readonly username: string;
  readonly password: string;
  readonly version: string;
  readonly caPem?: string;
  readonly insecureTls?: boolean;
}

/** DSP0268, ComputerSystem: what fencing reads of it. Devices leave out much; what is missing is judged where it is needed. */
const systemSchema = z.looseObject({
  UUID: z.string().nullish(),
  PowerState: z.string().nullish(),
  Actions: z
    .looseObject({
      '#ComputerSystem.Reset': z
        .looseObject({
          target: z.string().optional(),
          'ResetType@Redfish.AllowableValues': z.array(z.string()).optional(),
          '@Redfish.ActionInfo': z.string().optional(),
        })
        .optional(),
    })
    .optional(),
});
const linkSchema = z.looseObject({ '@odata.id': z.string() });
const rootSchema = z.looseObject({ Systems: linkSchema });
const collectionSchema = z.looseObject({ Members: z.array(linkSchema) });
const actionInfoSchema = z.looseObject({
  Parameters: z.array(z.looseObject({ Name: z.string(), AllowableValues: z.array(z.string()).optional() })),
});

export type ComputerSystem = z.infer<typeof systemSchema>;

/** `refused`: the device says no for good. `failed`: it says nothing, or nothing of use. */
export type Result<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'refused' | 'failed'; readonly detail: string };

export interface RedfishClient {
  system(deadlineMs: number): Promise<Result<ComputerSystem>>;
  /** The values of ResetType that the device allows; undefined if it does not say. */
  resetTypes(system: ComputerSystem, deadlineMs: number): Promise<Result<readonly string[] | undefined>>;
  post(link: string, body: unknown, deadlineMs: number): Promise<Exchange>;
  /** What the device says in an error (DSP0266, "Error responses"). */
  messageOf(body: string): string;
}

/** One device by HTTP basic authentication (DSP0266, "Authentication"). Deadlines are of `performance.now()`. */
export function redfishClient(options: RedfishOptions): RedfishClient {
  const transport = httpTransport({
    maxConnections: 2,
    // Small web servers: they keep few connections, and close idle ones without a word.
    reuseConnections: false,
    ...(options.caPem === undefined ? {} : { caPem: options.caPem }),
    ...(options.insecureTls === undefined ? {} : { insecureTls: options.insecureTls }),
  });
  const basic = Buffer.from(`${options.username}:${options.password}`).toString('base64');
  const redact = redactor([options.password, basic]);
  const headers = {
    accept: 'application/json',
    authorization: `Basic ${basic}`,
    'odata-version': '4.0',
    'user-agent': `salvor/${options.version}`,
  };
  // A device behind a proxy knows nothing of the path that the proxy puts before its own.
  const prefix = /^(.*?)\/redfish(\/|$)/.exec(options.url.pathname)?.[1] ?? options.url.pathname.replace(/\/+$/, '');
  let systemLink = /\/Systems\/[^/]+\/?$/.test(options.url.pathname)
    ? options.url.pathname.slice(prefix.length).replace(/\/+$/, '')
    : undefined;

  /** Undefined for a link that leads to another machine: the credentials are for this one. */
  const resolve = (link: string): URL | undefined => {
    const url = URL.parse(link.startsWith('/redfish') ? `${prefix}${link}` : link, options.url.origin);
    return url?.origin === options.url.origin ? url : undefined;
  };
  const exchange = async (
    link: string,
    deadlineMs: number,
    rest: Pick<HttpRequest, 'method' | 'body'>,
  ): Promise<Exchange> => {
    const url = resolve(link);
    if (url === undefined)
      return { kind: 'failed', sent: false, error: `its link ${redact(link)} leads elsewhere`, durationMs: 0 };
    const timeoutMs = Math.max(1, Math.round(deadlineMs - performance.now()));
    const type = rest.body === undefined ? {} : { 'content-type': 'application/json' };
    return transport.exchange({ ...rest, url, headers: { ...headers, ...type }, timeoutMs });
  };

  async function get<T>(link: string, schema: z.ZodType<T>, deadlineMs: number): Promise<Result<T>> {
    const answer = await exchange(link, deadlineMs, { method: 'GET' });
    if (answer.kind === 'failed') return { kind: 'failed', detail: `GET ${link}: ${answer.error}` };
    const { status, body } = answer;
    if (status === 200) {
      const parsed = schema.safeParse(jsonOf(body));
      if (parsed.success) return { kind: 'ok', value: parsed.data };
      const field = parsed.error.issues[0]?.path.map(String).join('.') || 'the answer';
      return { kind: 'failed', detail: `GET ${link}: ${field} is not as Redfish has it` };
    }
    if (status < 400)
      return { kind: 'refused', detail: `GET ${link} answered ${status}: the url names another address of the device` };
    const kind = isFinal(status) ? 'refused' : 'failed';
    return { kind, detail: `GET ${link} answered ${status}: ${messageOf(body)}` };
  }

  const messageOf = (body: string): string => {
    const parsed = errorSchema.safeParse(jsonOf(body));
    if (!parsed.success) return redact(body) || '(no reason given)';
    const { message, '@Message.ExtendedInfo': info } = parsed.data.error;
    return redact(info?.find(({ Message }) => Message !== undefined)?.Message ?? message ?? '(no reason given)');
  };

  /** The only system of the device. */
  async function findSystem(deadlineMs: number): Promise<Result<string>> {
    const root = await get('/redfish/v1/', rootSchema, deadlineMs);
    if (root.kind !== 'ok') return root;
    const systems = await get(root.value.Systems['@odata.id'], collectionSchema, deadlineMs);
    if (systems.kind !== 'ok') return systems;
    const links = systems.value.Members.map((member) => member['@odata.id']);
    const [only, ...others] = links;
    if (only !== undefined && others.length === 0) return { kind: 'ok', value: only };
    if (only === undefined) return { kind: 'refused', detail: 'the device has no system' };
    return {
      kind: 'refused',
      detail: `the device has ${links.length} systems (${links.join(', ')}): name one in the url`,
    };
  }

  return {
    messageOf,
    system: async (deadlineMs) => {
      if (systemLink === undefined) {
        const found = await findSystem(deadlineMs);
        if (found.kind !== 'ok') return found;
        systemLink = found.value;
      }
      return get(systemLink, systemSchema, deadlineMs);
    },
    resetTypes: async (system, deadlineMs) => {
      const reset = system.Actions?.['#ComputerSystem.Reset'];
      const listed = reset?.['ResetType@Redfish.AllowableValues'];
      const info = reset?.['@Redfish.ActionInfo'];
      if (listed !== undefined || info === undefined) return { kind: 'ok', value: listed };
      const answer = await get(info, actionInfoSchema, deadlineMs);
      if (answer.kind !== 'ok') return answer;
      return { kind: 'ok', value: answer.value.Parameters.find(({ Name }) => Name === 'ResetType')?.AllowableValues };
    },
    post: (link, body, deadlineMs) => exchange(link, deadlineMs, { method: 'POST', body: JSON.stringify(body) }),
  };
}

const errorSchema = z.looseObject({
  error: z.looseObject({
    message: z.string().optional(),
    '@Message.ExtendedInfo': z.array(z.looseObject({ Message: z.string().optional() })).optional(),
  }),
});

/** Statuses that the same request will meet again; the rest may pass. */
export function isFinal(status: number): boolean {
  return status >= 300 && status < 500 && ![408, 409, 423, 425, 429].includes(status);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
