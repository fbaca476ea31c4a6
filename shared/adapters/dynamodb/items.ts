import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { ItemKey, JsonObject, StoredItem } from '#shared/ports.ts';

/**
 * One item of a table: pk, sk, v (version), body (JSON text), due (a constant) and dueAt (Unix ms) while the item has
 * a deadline, expiresAt (Unix s, for DynamoDB's own clearing) and expiresAtMs when it may be forgotten.
 */
export type Attributes = Record<string, AttributeValue>;

/** The partition key of the due index: one value, so that one query finds whatever is overdue. */
export const DUE = '1';

export const keyOf = ({ partition, sort }: ItemKey): Attributes => ({ pk: { S: partition }, sk: { S: sort } });

/** An audit record is written once, so its version is always 1. */
export const auditAttributes = (record: ItemKey & { readonly body: JsonObject }): Attributes => ({
  ...keyOf(record),
  v: { N: '1' },
  body: { S: JSON.stringify(record.body) },
});

export const itemAttributes = ({ version, dueAtMs, expiresAtMs, ...record }: StoredItem): Attributes => ({
  ...auditAttributes(record),
  v: { N: String(version) },
  ...(dueAtMs === undefined ? {} : { due: { S: DUE }, dueAt: { N: String(dueAtMs) } }),
  // Rounded up: never forgotten before its time.
  ...(expiresAtMs === undefined
    ? {}
    : { expiresAt: { N: String(Math.ceil(expiresAtMs / 1000)) }, expiresAtMs: { N: String(expiresAtMs) } }),
});

export const toItem = ({ pk, sk, v, body, dueAt, expiresAtMs }: Attributes): StoredItem => ({
  partition: String(pk?.S),
  sort: String(sk?.S),
  version: Number(v?.N),
  body: JSON.parse(String(body?.S)) as JsonObject,
  ...(dueAt === undefined ? {} : { dueAtMs: Number(dueAt.N) }),
  ...(expiresAtMs === undefined ? {} : { expiresAtMs: Number(expiresAtMs.N) }),
});
