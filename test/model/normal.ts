import { FIRST } from '#shared/domain/audit.ts';
import type { JsonObject } from '#shared/ports.ts';
import type { Item } from './state.ts';
import { rewritten } from './values.ts';

/** Words for people, on which nothing is decided. */
const WORDS = new Set([
  'because',
  'detail',
  'lastFailure',
  'reason',
  'error',
  'proofVoidedBy',
  'auditHead',
  'said',
  'on',
]);
/** Only whether there was one decides; the pauses of the models' policies do not grow. */
const COUNTS = new Set(['failures', 'powerOffs']);

/** The body without what no decision depends on; the length of its audit streams is kept while somebody is at work. */
export const stored = (body: JsonObject): JsonObject =>
  rewritten(body, (key, value) => {
    if (WORDS.has(key)) return '';
    if (COUNTS.has(key)) return Math.min(1, Number(value));
    if (key === 'audit') return { ...(value as object), hash: FIRST.hash };
    return value;
  }) as JsonObject;

/**
 * The item when nobody is at work who holds an older copy: how often it was written before tells nobody anything
 * any more, and the tick of an incident only tells its own messages from older ones.
 */
export const settled = ({ body, version: _, ...item }: Item): Item => ({
  version: 1,
  body: rewritten(body, (key, value) => {
    if (key === 'audit') return FIRST;
    return key === 'tick' ? 1 : value;
  }) as JsonObject,
  ...item,
});

/** An incident as it is stored, as far as the searches look at it. */
export interface StoredIncident {
  readonly id: string;
  readonly status: string;
  readonly tick: number;
  readonly openedAtMs: number;
  readonly audit: { readonly seq: number };
  readonly evacuatingSinceMs?: number | null;
  readonly proof?: { readonly readAtMs: number } | null;
  readonly release?: { readonly gates: readonly string[] } | null;
  readonly failedGates?: readonly { readonly gate: string }[];
}

/** The incident that is open in a host's item. */
export const incidentIn = (item: Pick<Item, 'body'> | undefined): StoredIncident | null =>
  (item?.body.incident ?? null) as unknown as StoredIncident | null;
