import { openSqliteStore } from '#shared/adapters/sqlite/state-store.ts';
import type { StateStore, StateWrite, StoredItem } from '#shared/ports.ts';

/** What a store is asked for, in DynamoDB's units (Developer Guide, "Read and write operations"). */
export interface Units {
  /** Of strongly consistent reads: one for each 4 KB that is begun. */
  reads: number;
  /** Of transactions: two for each item and KB that is begun. */
  writes: number;
  transactions: number;
  items: number;
  appended: number;
}

/** As DynamoDB counts it: names and values of the attributes (`shared/adapters/dynamodb/items.ts`). */
const bytesOf = ({ partition, sort, body }: Pick<StoredItem, 'partition' | 'sort' | 'body'>): number =>
  Buffer.byteLength(partition + sort + JSON.stringify(body)) + 'pkskvbody'.length + 4;

const bytesOfWrite = (write: StateWrite): number => ('body' in write ? bytesOf(write) : 100);

/** A store in memory that counts; {@link process} is what one process sees of it. */
export class CountingStore {
  readonly units: Units = { reads: 0, writes: 0, transactions: 0, items: 0, appended: 0 };
  readonly #store = openSqliteStore(':memory:', { now: () => 0 });

  process(): StateStore {
    const { units } = this;
    const store = this.#store;
    const read = (items: readonly StoredItem[]): void => {
      const bytes = items.reduce((sum, item) => sum + bytesOf(item), 0);
      units.reads += Math.max(1, Math.ceil(bytes / 4096));
    };
    return {
      get: async (key) => {
        const item = await store.get(key);
        read(item === undefined ? [] : [item]);
        return item;
      },
      query: async (...query) => {
        const page = await store.query(...query);
        read(page.items);
        return page;
      },
      queryAudit: (...query) => store.queryAudit(...query),
      due: (...range) => store.due(...range),
      partitions: (of) => store.partitions(of),
      transact: async (writes) => {
        await store.transact(writes);
        if (writes.length === 0) return;
        units.transactions += 1;
        units.items += writes.length;
        units.appended += writes.filter(({ kind }) => kind === 'append').length;
        for (const write of writes) units.writes += 2 * Math.ceil(bytesOfWrite(write) / 1024);
      },
    };
  }

  reset(): void {
    Object.assign(this.units, { reads: 0, writes: 0, transactions: 0, items: 0, appended: 0 });
  }

  close(): void {
    this.#store.close();
  }
}
