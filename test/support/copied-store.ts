import type { AuditRecord } from '#shared/domain/audit.ts';
import type { ItemKey, JsonObject, Page, QueryOptions, StateReader, StoredItem } from '#shared/ports.ts';

type Table = Map<string, StoredItem[]>;

/** Everything a store holds, to be altered as nobody may alter the store, and read like it. */
export class CopiedStore implements StateReader {
  readonly items: Table;
  readonly audit: Table;

  private constructor(items: Table, audit: Table) {
    this.items = items;
    this.audit = audit;
  }

  static async of(store: StateReader): Promise<CopiedStore> {
    const table = async (of: 'items' | 'audit'): Promise<Table> => {
      const copy: Table = new Map();
      for await (const partition of store.partitions(of)) {
        const read = (options: QueryOptions) =>
          of === 'items' ? store.query(partition, options) : store.queryAudit(partition, options);
        const all: StoredItem[] = [];
        let page: Page = await read({});
        for (all.push(...page.items); page.next !== undefined; all.push(...page.items))
          page = await read({ after: page.next });
        copy.set(partition, all);
      }
      return copy;
    };
    return new CopiedStore(await table('items'), await table('audit'));
  }

  copy(): CopiedStore {
    return new CopiedStore(structuredClone(this.items), structuredClone(this.audit));
  }

  streams(): readonly string[] {
    return [...this.audit.keys()];
  }

  records(stream: string): readonly AuditRecord[] {
    return (this.audit.get(stream) ?? []).map(({ body }) => body as unknown as AuditRecord);
  }

  /** Puts these records in place of a stream's, each at the place that belongs to its position; none removes the stream. */
  rewrite(stream: string, records: readonly object[]): void {
    if (records.length === 0) this.audit.delete(stream);
    else
      this.audit.set(
        stream,
        records.map((body, index) => ({
          partition: stream,
          sort: String(index + 1).padStart(10, '0'),
          version: 1,
          body: body as JsonObject,
        })),
      );
  }

  /** Changes the body of an item of the state; `undefined` removes it. */
  change(partition: string, sort: string, to: (body: JsonObject) => object | undefined): void {
    const items = (this.items.get(partition) ?? []).flatMap((item) => {
      if (item.sort !== sort) return [item];
      const body = to(item.body);
      return body === undefined ? [] : [{ ...item, body: body as JsonObject }];
    });
    if (items.length === 0) this.items.delete(partition);
    else this.items.set(partition, items);
  }

  get = async ({ partition, sort }: ItemKey): Promise<StoredItem | undefined> =>
    this.items.get(partition)?.find((item) => item.sort === sort);
  query = async (partition: string, options: QueryOptions = {}): Promise<Page> =>
    pageOf(this.items.get(partition), options);
  queryAudit = async (partition: string, options: QueryOptions = {}): Promise<Page> =>
    pageOf(this.audit.get(partition), options);
  due = async (): Promise<readonly StoredItem[]> => [];
  partitions = async function* (this: CopiedStore, of: 'items' | 'audit'): AsyncIterable<string> {
    yield* [...(of === 'items' ? this.items : this.audit).keys()];
  };
}

const pageOf = (items: readonly StoredItem[] = [], { prefix = '', after = '' }: QueryOptions): Page => ({
  items: items.filter(({ sort }) => sort > after && sort.startsWith(prefix)),
});
