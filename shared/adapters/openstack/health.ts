import * as z from 'zod';
import type { NeededService, ServiceHealth } from '#shared/ports.ts';
import { computeEndpoint, SERVICE_TYPES, serviceEndpoint } from './catalog.ts';
import type { Session, Token } from './keystone.ts';
import { OLDEST } from './microversion.ts';

/** For one request. They go out side by side. */
const TIMEOUT_MS = 4_000;
const DETAIL_CHARS = 200;

interface Asked {
  readonly answers: boolean;
  readonly detail: string;
  readonly status: number | null;
  readonly body: string;
}

/** A small read that needs the service's database, in the API reference of each. */
const READS: readonly {
  readonly service: NeededService & keyof typeof SERVICE_TYPES;
  readonly read: (endpoint: URL) => string;
}[] = [
  { service: 'placement', read: (url) => `${pathOf(url)}/resource_classes` },
  { service: 'glance', read: (url) => `${rootOf(url)}/v2/images?limit=1` },
  {
    service: 'cinder',
    read: (url) => `${/\/v3(\/|$)/.test(url.pathname) ? pathOf(url) : `${rootOf(url)}/v3`}/volumes?limit=1`,
  },
  { service: 'neutron', read: (url) => `${rootOf(url)}/v2.0/networks?limit=1&fields=id` },
];

const pathOf = (url: URL): string => url.pathname.replace(/\/+$/, '');
/** Without the version that some catalogues have in it. */
const rootOf = (url: URL): string => pathOf(url).replace(/\/v\d+(\.\d+)?(\/.*)?$/, '');

const controllers = z.looseObject({
  services: z.array(z.looseObject({ state: z.string(), status: z.string() })),
});

/**
 * Asks each service that an evacuation needs for something small, once. What answers at all is well: a 403 or a 404
 * comes from a service that works. 429, 408, 5xx and silence are not.
 */
export function serviceHealth(session: Session): () => Promise<readonly ServiceHealth[]> {
  const { http, cloud } = session;

  async function ask(url: URL, headers: Readonly<Record<string, string>>): Promise<Asked> {
    const exchange = await http.once(url, headers, TIMEOUT_MS);
    if (exchange.kind === 'failed')
      return { answers: false, detail: shortened(session.redact(exchange.error)), status: null, body: '' };
    const { status, body } = exchange;
    const answers = status < 500 && status !== 429 && status !== 408;
    return { answers, detail: `answered ${status}`, status, body };
  }

  /** A token that is told of itself: Keystone reads it back from its database. */
  async function keystone(
    token: Token,
  ): Promise<{ readonly health: ServiceHealth; readonly token: Token | undefined }> {
    const headers = { 'x-auth-token': token.value, 'x-subject-token': token.value };
    const asked = await ask(new URL(`${cloud.authUrl}/auth/tokens`), headers);
    if (asked.status !== 401 && asked.status !== 404) return { health: healthOf('keystone', asked), token };
    session.reject(token);
    const again = await orWhyNot(session.token());
    return typeof again === 'string'
      ? { health: { service: 'keystone', answers: false, detail: again }, token: undefined }
      : { health: { service: 'keystone', answers: true, detail: 'gave a new token' }, token: again };
  }

  async function nova(token: Token): Promise<readonly ServiceHealth[]> {
    const of = async (service: 'conductor' | 'scheduler') => {
      const url = computeEndpoint(token.catalog, cloud);
      url.pathname += '/os-services';
      url.search = new URLSearchParams({ binary: `nova-${service}` }).toString();
      const asked = await ask(url, {
        'x-auth-token': token.value,
        'openstack-api-version': `compute 2.${OLDEST}`,
      });
      return { asked, health: controllerHealth(service, asked) };
    };
    const [conductor, scheduler] = await Promise.all([of('conductor'), of('scheduler')]);
    const api = conductor.asked.answers ? scheduler.asked : conductor.asked;
    return [healthOf('nova', api), conductor.health, scheduler.health];
  }

  const others = (token: Token): readonly Promise<ServiceHealth>[] =>
    READS.flatMap(({ service, read }) => {
      const endpoint = serviceEndpoint(token.catalog, cloud, SERVICE_TYPES[service]);
      if (endpoint === undefined) return [];
      const url = new URL(read(endpoint), endpoint.origin);
      return [ask(url, { 'x-auth-token': token.value }).then((asked) => healthOf(service, asked))];
    });

  return async () => {
    const first = await orWhyNot(session.token());
    if (typeof first === 'string') return [{ service: 'keystone', answers: false, detail: first }];
    const { health, token } = await keystone(first);
    if (token === undefined) return [health];
    const [compute, ...rest] = await Promise.all([nova(token), ...others(token)]);
    return [health, ...compute, ...rest];
  };

  async function orWhyNot(token: Promise<Token>): Promise<Token | string> {
    try {
      return await token;
    } catch (error) {
      return shortened(session.redact(error instanceof Error ? error.message : 'unknown'));
    }
  }
}

const shortened = (text: string): string => text.slice(0, DETAIL_CHARS);

const healthOf = (service: NeededService, { answers, detail }: Asked): ServiceHealth => ({ service, answers, detail });

/** By Nova's own record: one that is up and enabled will do. */
function controllerHealth(service: 'conductor' | 'scheduler', asked: Asked): ServiceHealth {
  const parsed = asked.status === 200 ? controllers.safeParse(jsonOf(asked.body)) : undefined;
  if (parsed?.success !== true) return { service, answers: false, detail: `Nova does not tell: ${asked.detail}` };
  const { services } = parsed.data;
  const up = services.filter(({ state, status }) => state === 'up' && status === 'enabled').length;
  return { service, answers: up > 0, detail: `${up} of ${services.length} up` };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
