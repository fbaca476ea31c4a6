import * as z from 'zod';
import { PermanentError } from '#shared/errors.ts';
import type { Compute, Image, Snapshot } from '#shared/ports.ts';
import { SERVICE_TYPES, serviceEndpoint } from './catalog.ts';
import type { Answered } from './http.ts';
import type { Session, Token } from './keystone.ts';
import { parseBody } from './parse.ts';
import { readError, withToken } from './read.ts';

/** An image's own properties stand beside the fields that every image has, and are texts (Image API v2). */
const imageSchema = z
  .looseObject({ id: z.string(), tags: z.array(z.string()).default([]) })
  .transform(({ id, tags, ...rest }): Image => {
    const properties = Object.entries(rest).filter((each): each is [string, string] => typeof each[1] === 'string');
    return { id, tags, properties: Object.fromEntries(properties) };
  });

/** What Nova writes on an image that it makes of an instance (`create_image` and `snapshot` of nova/compute/api.py). */
const snapshotSchema = z.looseObject({
  id: z.string(),
  status: z.string(),
  owner: z.string().nullish(),
  created_at: z.string(),
  instance_uuid: z.string().optional(),
  image_type: z.string().optional(),
});
const snapshotsSchema = z.looseObject({ images: z.array(snapshotSchema) });
const isKind = (type: string | undefined): type is Snapshot['kind'] => type === 'snapshot' || type === 'backup';

/** Of the newest so many one may be used. */
const NEWEST = '25';

/**
 * Reads images of one region's Glance (Image API v2).
 * @throws RetryableError, PermanentError as the port `Compute` says; PermanentError too when there is no Glance.
 */
export function glanceImages(session: Session): Pick<Compute, 'image' | 'snapshotsOf'> {
  const { http, cloud, redact } = session;

  async function get(path: string, query: Readonly<Record<string, string>>, token: Token): Promise<Answered> {
    const endpoint = serviceEndpoint(token.catalog, cloud, SERVICE_TYPES.glance);
    if (endpoint === undefined) throw new PermanentError(`${cloud.name}: its catalogue has no service of type image`);
    endpoint.pathname = `${endpoint.pathname.replace(/\/+$/, '').replace(/\/v\d+(\.\d+)?$/, '')}${path}`;
    endpoint.search = new URLSearchParams(query).toString();
    return http.get(endpoint, { 'x-auth-token': token.value });
  }

  /** Undefined: it is not there. */
  async function read<T>(
    path: string,
    schema: z.ZodType<T>,
    query: Readonly<Record<string, string>> = {},
  ): Promise<T | undefined> {
    const answer = await withToken(session, (token) => get(path, query, token));
    const who = `Glance: GET ${path}`;
    if (answer.status === 404) return undefined;
    if (answer.status === 200) return parseBody(schema, answer.body, who);
    throw readError(who, answer, redact);
  }

  return {
    image: (id) => read(`/v2/images/${encodeURIComponent(id)}`, imageSchema),
    snapshotsOf: async ({ id: instance_uuid, projectId: owner }) => {
      const query = { instance_uuid, owner, status: 'active', sort: 'created_at:desc', limit: NEWEST };
      const { images } = (await read('/v2/images', snapshotsSchema, query)) ?? { images: [] };
      // A Glance that does not know a filter leaves it out.
      return images.flatMap((each) => {
        const { id, image_type: kind } = each;
        const isOwn = each.instance_uuid === instance_uuid && each.owner === owner && each.status === 'active';
        const createdAtMs = Date.parse(each.created_at);
        return isOwn && isKind(kind) && !Number.isNaN(createdAtMs) ? [{ id, kind, createdAtMs }] : [];
      });
    },
  };
}
