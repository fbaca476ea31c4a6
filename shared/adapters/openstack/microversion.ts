import * as z from 'zod';
import { PermanentError } from '#shared/errors.ts';

/**
 * Nova's microversions are all 2.N; here they are N alone. See Nova's "REST API Version History" for what each brought.
 */
export type Microversion = number;

/** Service ids are UUIDs and `PUT /os-services/{id}` exists; anything older is not supported. */
export const OLDEST: Microversion = 53;
/** A cold migration may name its host. */
export const MIGRATE_TO_HOST: Microversion = 56;
/** `GET /os-migrations` in pages. Before, it answers with everything and may not be given a limit. */
export const PAGED_MIGRATIONS: Microversion = 59;
/** The last with memory and vCPU figures in `GET /os-hypervisors/detail`. */
export const HYPERVISOR_CAPACITY: Microversion = 87;
/** The last in which an evacuated instance comes back in the state it had. */
export const AS_IT_WAS: Microversion = 94;
/** The first in which an evacuated instance comes back stopped. */
export const STOPPED: Microversion = 95;

/**
 * Servers tell the availability zone that their owner has pinned them to (2.96), and what the image said of which they were
 * built (2.98); in nothing else do they differ from those before.
 */
export const FULL_SERVER: Microversion = 98;

export const versionSchema = z.looseObject({
  version: z.looseObject({
    /** The newest microversion, such as `2.96`; empty on an API without microversions. */
    version: z.string(),
  }),
});

/**
 * @param text the newest microversion that Nova says it has
 * @throws PermanentError when that is older than 2.53 (Pike).
 */
export function newestOf(text: string): Microversion {
  const newest = /^2\.(\d+)$/.exec(text)?.[1];
  if (newest !== undefined && Number(newest) >= OLDEST) return Number(newest);
  throw new PermanentError(`Nova offers microversions up to "${text}"; 2.${OLDEST} or newer is needed`);
}
