import { badRequest, Fault } from './faults.ts';

/** The newest of API v1. 1.1: progress of a notification; 1.2: `enabled` of a segment; 1.3: vmoves. */
export const NEWEST_MINOR = 3;
export const HEADER = 'OpenStack-API-Version';
const SERVICE_TYPE = 'instance-ha';

/** The minor number; the major one is always 1. */
export type Microversion = number;

export const inHeader = (microversion: Microversion): string => `${SERVICE_TYPE} 1.${microversion}`;

/**
 * Of the request's header, such as `instance-ha 1.3`; 1.0 without one. Parts of the header that are for other services
 * are ignored.
 * @throws Fault 400 when it is not of that form, 406 when there is no such version.
 */
export function microversionOf(header: string | undefined): Microversion {
  const mine = (header ?? '')
    .split(',')
    .map((part) => part.trim().split(/\s+/))
    .findLast(([service]) => service?.toLowerCase() === SERVICE_TYPE);
  if (mine === undefined) return 0;
  const [, asked = '', ...more] = mine;
  if (asked.toLowerCase() === 'latest' && more.length === 0) return NEWEST_MINOR;
  const parsed = /^([1-9]\d*)\.([1-9]\d*|0)$/.exec(asked);
  if (parsed === null || more.length > 0)
    throw badRequest(`API Version String ${asked} is of invalid format. Must be of format MajorNum.MinorNum.`);
  const [, major, minor] = parsed;
  if (major !== '1' || Number(minor) > NEWEST_MINOR)
    throw new Fault(
      406,
      `Version ${asked} is not supported by the API. Minimum is 1.0 and maximum is 1.${NEWEST_MINOR}.`,
    );
  return Number(minor);
}
