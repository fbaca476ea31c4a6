import * as z from 'zod';
import { PermanentError } from '#shared/errors.ts';
import { addressOf } from '#shared/http/redact.ts';
import type { CloudConfig } from './cloud-config.ts';

export const catalogSchema = z.array(
  z.looseObject({
    type: z.string(),
    endpoints: z.array(
      z.looseObject({
        interface: z.string(),
        url: z.string(),
        region_id: z.string().nullish(),
        /** Before Keystone v3.2. */
        region: z.string().nullish(),
      }),
    ),
  }),
);

export type Catalog = z.infer<typeof catalogSchema>;

/**
 * Nova's address up to and with `/v2.1`: the override, or the catalogue's endpoint of service type `compute` (which has
 * no aliases in the service-types-authority) in the wanted region and interface. A project id in it is left out: Nova
 * has not needed it since 2.18, nor does version discovery want it.
 * @throws PermanentError that names what the catalogue has instead.
 */
export function computeEndpoint(catalog: Catalog, cloud: CloudConfig): URL {
  if (cloud.computeEndpoint !== undefined) return atVersion(cloud.computeEndpoint, 'compute_endpoint_override');
  const endpoints = catalog.filter(({ type }) => type === 'compute').flatMap((service) => service.endpoints);
  if (endpoints.length === 0) throw new PermanentError(`${cloud.name}: its catalogue has no service of type compute`);
  const regions = [...new Set(endpoints.map(regionOf))];
  const region = cloud.regionName ?? (regions.length === 1 ? regions[0] : undefined);
  if (region === undefined)
    throw new PermanentError(
      `${cloud.name} has several regions (${regions.join(', ')}): set region_name to one of them`,
    );
  const inRegion = endpoints.filter((endpoint) => regionOf(endpoint) === region);
  if (inRegion.length === 0)
    throw new PermanentError(`${cloud.name} has no compute endpoint in region ${region}; it has ${regions.join(', ')}`);
  const endpoint = inRegion.find((each) => isOf(cloud, each));
  if (endpoint === undefined) {
    const interfaces = inRegion.map((each) => each.interface).join(', ');
    throw new PermanentError(
      `${cloud.name} has no ${cloud.interface} compute endpoint in region ${region}; it has ${interfaces}`,
    );
  }
  return atVersion(endpoint.url, `the catalogue of ${cloud.name}`);
}

/** Services that salvor calls besides Keystone and Nova, with their types in the service-types-authority, the official one first. */
export const SERVICE_TYPES = {
  placement: ['placement'],
  glance: ['image'],
  cinder: ['block-storage', 'volumev3', 'volume', 'block-store'],
  neutron: ['network'],
  ironic: ['baremetal', 'bare-metal'],
} as const;

/**
 * The address of another service, as the catalogue has it; undefined when it has none in the region and interface of
 * the cloud. @param types the names that the service-types-authority gives it, the official one first.
 */
export function serviceEndpoint(catalog: Catalog, cloud: CloudConfig, types: readonly string[]): URL | undefined {
  for (const type of types)
    for (const endpoint of catalog.filter((service) => service.type === type).flatMap(({ endpoints }) => endpoints)) {
      const wanted = cloud.regionName === undefined || regionOf(endpoint) === cloud.regionName;
      const url = URL.parse(endpoint.url);
      if (wanted && isOf(cloud, endpoint) && url !== null && ['http:', 'https:'].includes(url.protocol)) return url;
    }
  return undefined;
}

const isOf = (cloud: CloudConfig, { interface: name }: Catalog[number]['endpoints'][number]): boolean =>
  name.replace(/URL$/, '') === cloud.interface;
const regionOf = (endpoint: Catalog[number]['endpoints'][number]): string =>
  endpoint.region_id ?? endpoint.region ?? '';

function atVersion(text: string, where: string): URL {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new PermanentError(`${where}: the compute endpoint ${addressOf(text)} is not an http(s) address`);
  const root = url.pathname.replace(/\/v2(\.\d+)?(\/.*)?$/, '').replace(/\/+$/, '');
  return new URL(`${url.origin}${root}/v2.1`);
}
