import * as z from 'zod';
import type { FoundHost, FoundSegment } from '#shared/domain/import-masakari.ts';
import { PermanentError } from '#shared/errors.ts';
import { serviceEndpoint } from './catalog.ts';
import type { Answered } from './http.ts';
import type { Session } from './keystone.ts';
import { messageOf, parseBody } from './parse.ts';

/** Of the service-types-authority, the official one first. */
const TYPES = ['instance-ha', 'ha'];
/** `enabled` of segments came with 1.2; one that is older says 406. */
const MICROVERSION = 'instance-ha 1.2';
const PAGE_SIZE = 500;

const segmentSchema = z.looseObject({
  id: z.int(),
  uuid: z.string(),
  name: z.string(),
  recovery_method: z.string(),
  enabled: z.boolean().default(true),
});
const hostSchema = z.looseObject({
  id: z.int(),
  name: z.string(),
  reserved: z.boolean(),
  on_maintenance: z.boolean(),
});

/**
 * Every segment of a running Masakari with its hosts, as the cloud's catalogue names it.
 * @throws PermanentError when the catalogue has none, or it lets the account not in; RetryableError when it is away
 */
export async function masakariSegments(session: Session): Promise<readonly FoundSegment[]> {
  const list = async <T extends { readonly id: number }>(
    path: string,
    collection: string,
    entry: z.ZodType<T>,
  ): Promise<readonly T[]> => {
    const entries: T[] = [];
    for (let marker = ''; ; marker = `&marker=${entries.at(-1)?.id}`) {
      const answer = await read(session, `${path}?limit=${PAGE_SIZE}${marker}`);
      const page = parseBody(z.record(z.string(), z.array(entry)), answer.body, `Masakari: GET ${path}`);
      const found = page[collection] ?? [];
      entries.push(...found);
      if (found.length < PAGE_SIZE) return entries;
    }
  };
  const segments: FoundSegment[] = [];
  for (const segment of await list('/segments', 'segments', segmentSchema)) {
    const path = `/segments/${encodeURIComponent(segment.uuid)}/hosts`;
    const hosts = (await list(path, 'hosts', hostSchema)).map(
      ({ name, reserved, on_maintenance: onMaintenance }): FoundHost => ({ name, reserved, onMaintenance }),
    );
    const { name, recovery_method: recoveryMethod, enabled } = segment;
    segments.push({ name, recoveryMethod, enabled, hosts });
  }
  return segments;
}

async function read(session: Session, path: string): Promise<Answered> {
  const { http, cloud } = session;
  const token = await session.token();
  const endpoint = serviceEndpoint(token.catalog, cloud, TYPES);
  if (endpoint === undefined)
    throw new PermanentError(
      `the catalogue of ${cloud.name} names no service of type ${TYPES[0]}: there is no Masakari`,
    );
  const root = endpoint.href.replace(/\/+$/, '');
  const url = new URL(`${/\/v1(\/|$)/.test(endpoint.pathname) ? root : `${root}/v1`}${path}`);
  const headers = { 'x-auth-token': token.value };
  const first = await http.get(url, { ...headers, 'openstack-api-version': MICROVERSION });
  const answer = first.status === 406 ? await http.get(url, headers) : first;
  if (answer.status === 200) return answer;
  const message = messageOf(answer.body, session.redact);
  throw new PermanentError(`Masakari answered ${answer.status} to GET ${url.pathname}: ${message}`);
}
