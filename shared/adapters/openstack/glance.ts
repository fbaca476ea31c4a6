import * as z from 'zod';
import { PermanentError, RetryableError } from '#shared/errors.ts';
import type { Image } from '#shared/ports.ts';
import { serviceEndpoint } from './catalog.ts';
import type { Answered } from './http.ts';
import type { Session, Token } from './keystone.ts';
import { messageOf, parseBody } from './parse.ts';

/** An image's own properties stand beside the fields that every image has, and are texts (Image API v2). */
const imageSchema = z
  .looseObject({ id: z.string(), tags: z.array(z.string()).default([]) })
  .transform(({ id, tags, ...rest }): Image => {
    const properties = Object.entries(rest).filter((each): each is [string, string] => typeof each[1] === 'string');
    return { id, tags, properties: Object.fromEntries(properties) };
  });

/**
 * Reads images of one region's Glance (Image API v2).
 * @throws RetryableError, PermanentError as the port `Compute` says; PermanentError too when there is no Glance.
 */
export function glanceImages(session: Session): (id: string) => Promise<Image | undefined> {
  const { http, cloud, redact } = session;

  async function get(path: string, token: Token): Promise<Answered> {
    const endpoint = serviceEndpoint(token.catalog, cloud, ['image']);
    if (endpoint === undefined) throw new PermanentError(`${cloud.name}: its catalogue has no service of type image`);
    endpoint.pathname = `${endpoint.pathname.replace(/\/+$/, '').replace(/\/v\d+(\.\d+)?$/, '')}${path}`;
    return http.get(endpoint, { 'x-auth-token': token.value });
  }

  return async (id) => {
    const path = `/v2/images/${encodeURIComponent(id)}`;
    const token = await session.token();
    let answer = await get(path, token);
    if (answer.status === 401) {
      session.reject(token);
      answer = await get(path, await session.token());
    }
    const who = `Glance: GET ${path}`;
    if (answer.status === 404) return undefined;
    if (answer.status === 200) return parseBody(imageSchema, answer.body, who);
    const text = `${who} answered ${answer.status}: ${messageOf(answer.body, redact)}`;
    throw answer.status === 408 ? new RetryableError(text) : new PermanentError(text);
  };
}
