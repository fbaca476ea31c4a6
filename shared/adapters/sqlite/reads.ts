import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { ItemKey, JsonObject, Page, QueryOptions, StoredItem } from '#shared/ports.ts';

/** DynamoDB ends a page at 1 MB; this store does too, so that code which forgets to page fails here already. */
const BYTES_PER_PAGE = 1024 * 1024;
const ITEMS_PER_PAGE = 500;
/** Behind every sort key that starts with the text before it. */
const LAST_CHARACTER = '\u{10ffff}';

const ITEM_COLUMNS = 'partition, sort, version, body, due_at_ms, expires_at_ms';
/** An audit record is written once, so its version is always 1. */
const AUDIT_COLUMNS = 'partition, sort, 1 AS version, body, NULL AS due_at_ms, NULL AS expires_at_ms';

type Row = Record<string, SQLOutputValue>;

/** What somebody has made unreadable must not keep the rest from being read: whoever decodes an item finds no form of ours. */
function bodyOf(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return { unreadable: text };
  }
}

function toItem(row: Row): StoredItem {
  return {
    partition: String(row.partition),
    sort: String(row.sort),
    version: Number(row.version),
    body: bodyOf(String(row.body)),
    ...(row.due_at_ms === null ? {} : { dueAtMs: Number(row.due_at_ms) }),
    ...(row.expires_at_ms === null ? {} : { expiresAtMs: Number(row.expires_at_ms) }),
  };
}

function toPage(rows: Iterable<Row>, limit: number): Page {
  const items: StoredItem[] = [];
  let bytes = 0;
  for (const row of rows) {
    bytes += Buffer.byteLength(String(row.body));
    const last = items.at(-1);
    if (last && (items.length === limit || bytes > BYTES_PER_PAGE)) return { items, next: last.sort };
    items.push(toItem(row));
  }
  return { items };
}

export interface Reads {
  get(key: ItemKey): StoredItem | undefined;
  query(partition: string, options?: QueryOptions): Page;
  queryAudit(partition: string, options?: QueryOptions): Page;
  due(beforeMs: number, limit: number): readonly StoredItem[];
  partitions(of: 'items' | 'audit'): Iterable<string>;
}

export function reads(database: DatabaseSync): Reads {
  const one = database.prepare(`SELECT ${ITEM_COLUMNS} FROM items WHERE partition = ? AND sort = ?`);
  const due = database.prepare(
    `SELECT ${ITEM_COLUMNS} FROM items WHERE due_at_ms <= ? ORDER BY due_at_ms, partition, sort LIMIT ?`,
  );

  const pages = (table: string, columns: string) => {
    const range = database.prepare(
      `SELECT ${columns} FROM ${table} WHERE partition = ? AND sort > ? AND sort >= ? AND sort < ? ORDER BY sort LIMIT ?`,
    );
    return (partition: string, { prefix = '', after = '', limit = ITEMS_PER_PAGE }: QueryOptions = {}): Page =>
      // One row more than asked for tells whether this is the last page.
      toPage(range.iterate(partition, after, prefix, prefix + LAST_CHARACTER, limit + 1), limit);
  };

  // One seek per partition: the tables are kept in this order.
  const next = {
    items: database.prepare('SELECT partition FROM items WHERE partition > ? ORDER BY partition LIMIT 1'),
    audit: database.prepare('SELECT partition FROM audit WHERE partition > ? ORDER BY partition LIMIT 1'),
  };
  function* partitions(of: 'items' | 'audit'): Iterable<string> {
    for (let row = next[of].get(''); row !== undefined; row = next[of].get(String(row.partition)))
      yield String(row.partition);
  }

  return {
    get: ({ partition, sort }) => {
      const row = one.get(partition, sort);
      return row && toItem(row);
    },
    query: pages('items', ITEM_COLUMNS),
    queryAudit: pages('audit', AUDIT_COLUMNS),
    due: (beforeMs, limit) => due.all(beforeMs, limit).map((row) => toItem(row)),
    partitions,
  };
}
