import * as z from 'zod';
import { PermanentError } from '#shared/errors.ts';
import type { Compute, Port } from '#shared/ports.ts';
import { SERVICE_TYPES, serviceEndpoint } from './catalog.ts';
import type { Answered } from './http.ts';
import type { Session, Token } from './keystone.ts';
import { parseBody } from './parse.ts';
import { readError, withToken } from './read.ts';

/** Only administrators are told of the binding (Networking API v2.0, extensions binding and port-resource-request). */
const portSchema = z.looseObject({
  id: z.string(),
  device_id: z.string(),
  device_owner: z.string(),
  'binding:host_id': z.string().optional(),
  'binding:vnic_type': z.string().optional(),
  /** Missing where no QoS service is loaded. */
  resource_request: z.unknown().optional(),
});
const pageSchema = z.looseObject({
  ports: z.array(portSchema),
  ports_links: z.array(z.looseObject({ rel: z.string() })).default([]),
});
type Page = z.infer<typeof pageSchema>;

const FIELDS = ['id', 'device_id', 'device_owner', 'binding:host_id', 'binding:vnic_type', 'resource_request'];
const PAGE = '500';

/**
 * Reads ports of one region's Neutron (Networking API v2.0).
 * @throws RetryableError, PermanentError as the port `Compute` says
 */
export function neutronPorts(session: Session): Pick<Compute, 'portsOn'> {
  const { http, cloud, redact } = session;

  /** Undefined: there is no Neutron. */
  async function get(host: string, marker: string | undefined, token: Token): Promise<Answered | undefined> {
    const endpoint = serviceEndpoint(token.catalog, cloud, SERVICE_TYPES.neutron);
    if (endpoint === undefined) return undefined;
    endpoint.pathname = `${endpoint.pathname.replace(/\/+$/, '').replace(/\/v2\.0$/, '')}/v2.0/ports`;
    const query = new URLSearchParams({ 'binding:host_id': host, limit: PAGE });
    if (marker !== undefined) query.set('marker', marker);
    for (const field of FIELDS) query.append('fields', field);
    endpoint.search = query.toString();
    return http.get(endpoint, { 'x-auth-token': token.value });
  }

  async function page(host: string, marker: string | undefined): Promise<Page | undefined> {
    const answer = await withToken(session, (token) => get(host, marker, token));
    if (answer === undefined) return undefined;
    const who = 'Neutron: GET /v2.0/ports';
    if (answer.status === 200) return parseBody(pageSchema, answer.body, who);
    throw readError(who, answer, redact);
  }

  return {
    portsOn: async (host) => {
      const found: Port[] = [];
      for (let marker: string | undefined; ; ) {
        const next = await page(host, marker);
        if (next === undefined) return undefined;
        // A Neutron that does not know a filter leaves it out.
        const own = next.ports.filter((port) => port.device_owner.startsWith('compute:') && isBoundTo(port, host));
        found.push(...own.map(portOf));
        marker = next.ports.at(-1)?.id;
        if (marker === undefined || !next.ports_links.some(({ rel }) => rel === 'next')) return found;
      }
    },
  };
}

/** @throws PermanentError: who may not see it would take each port for an ordinary one */
function isBoundTo(port: z.infer<typeof portSchema>, host: string): boolean {
  const bound = port['binding:host_id'];
  if (bound !== undefined) return bound === host;
  throw new PermanentError("Neutron: GET /v2.0/ports: no bindings, as for credentials that are no administrator's");
}

const portOf = (port: z.infer<typeof portSchema>): Port => ({
  serverId: port.device_id,
  vnicType: port['binding:vnic_type'] ?? 'normal',
  isGuaranteed: port.resource_request != null,
});
