import { createHash } from 'node:crypto';

/**
 * Masakari's objects have a UUID and a number each. Those of segments and hosts are made from their names, so that nothing
 * must be looked up to name them, and they stay the same for as long as the name does.
 */
const derived = (...names: readonly string[]): Buffer => createHash('sha256').update(names.join('\n')).digest();

/** RFC 9562, section 5.8: a UUID of our own making. */
export function derivedUuid(...names: readonly string[]): string {
  const hex = derived(...names).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Of 48 bits, so that it is a whole number for JavaScript and for any database. */
export const derivedNumber = (...names: readonly string[]): number => derived(...names).readUIntBE(0, 6);

/** The cloud and region that this salvor serves. */
export interface Place {
  readonly name: string;
  readonly region: string;
}

export const hostUuid = ({ name, region }: Place, host: string): string => derivedUuid('host', name, region, host);
export const hostNumber = ({ name, region }: Place, host: string): number => derivedNumber('host', name, region, host);

/** @param segment the name by which salvor's policy, incidents and guards know it */
export const segmentUuid = ({ name, region }: Place, segment: string): string =>
  derivedUuid('segment', name, region, segment);
export const segmentNumber = ({ name, region }: Place, segment: string): number =>
  derivedNumber('segment', name, region, segment);
