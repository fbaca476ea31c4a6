import * as fc from 'fast-check';
import { expect } from 'vitest';
import { ConflictError } from '#shared/errors.ts';
import type { Expectation, JsonObject, StateStore, StateWrite, StoredItem } from '#shared/ports.ts';

/** What an expectation of a generated write is: it holds, or fails in one way or another. */
type Guess = 'right' | 'absent' | 'one more' | 'one less';

interface Plan {
  readonly kind: StateWrite['kind'];
  readonly sort: string;
  readonly guess: Guess;
  readonly body: JsonObject;
  readonly dueAtMs: number | undefined;
}

/** A generated body may hold -0, which comes back as 0. */
const asRead = (body: JsonObject): JsonObject => JSON.parse(JSON.stringify(body)) as JsonObject;

/** The whole contract of `transact` in a few lines: two maps, and all or nothing. */
class Model {
  items = new Map<string, StoredItem>();
  audit = new Map<string, StoredItem>();

  versionOf(sort: string): Expectation {
    return this.items.get(sort)?.version ?? 'absent';
  }

  /** @returns whether the transaction was applied. */
  transact(writes: readonly StateWrite[]): boolean {
    const holds = (write: StateWrite): boolean =>
      write.kind === 'append' ? !this.audit.has(write.sort) : this.versionOf(write.sort) === write.expect;
    if (!writes.every(holds)) return false;
    for (const write of writes) this.#apply(write);
    return true;
  }

  #apply(write: StateWrite): void {
    const { partition, sort } = write;
    if (write.kind === 'delete') this.items.delete(sort);
    if (write.kind === 'append') this.audit.set(sort, { partition, sort, version: 1, body: asRead(write.body) });
    if (write.kind === 'put') {
      const { kind: _, expect: before, body, ...rest } = write;
      this.items.set(sort, { ...rest, version: before === 'absent' ? 1 : before + 1, body: asRead(body) });
    }
  }
}

const SORTS = ['a', 'a#1', 'a#2', 'b', 'c'];
const inOrder = (map: ReadonlyMap<string, StoredItem>): StoredItem[] => SORTS.flatMap((sort) => map.get(sort) ?? []);

const plan: fc.Arbitrary<Plan> = fc.record({
  kind: fc.constantFrom('put', 'put', 'delete', 'check', 'append'),
  sort: fc.constantFrom(...SORTS),
  // Mostly right, or no history would get far.
  guess: fc.constantFrom('right', 'right', 'right', 'right', 'right', 'right', 'absent', 'one more', 'one less'),
  body: fc.dictionary(fc.string(), fc.jsonValue() as fc.Arbitrary<JsonObject>, { maxKeys: 3, noNullPrototype: true }),
  dueAtMs: fc.option(fc.integer({ min: 0, max: 2_000_000_000_000 }), { nil: undefined }),
});
const history = fc.array(
  fc.uniqueArray(plan, { minLength: 1, maxLength: 4, selector: ({ kind, sort }) => `${kind === 'append'}${sort}` }),
  { maxLength: 15 },
);

function toWrite({ kind, sort, guess, body, dueAtMs }: Plan, partition: string, version: Expectation): StateWrite {
  const actual = version === 'absent' ? 0 : version;
  const expectation = { right: version, absent: 'absent', 'one more': actual + 1, 'one less': actual - 1 } as const;
  const key = { partition, sort };
  switch (kind) {
    case 'put':
      return { kind, ...key, expect: expectation[guess], body, ...(dueAtMs === undefined ? {} : { dueAtMs }) };
    case 'check':
      return { kind, ...key, expect: expectation[guess] };
    case 'delete':
      return { kind, ...key, expect: guess === 'right' ? actual : actual + 1 };
    case 'append':
      return { kind, ...key, body };
  }
}

/** @returns whether the store applied it. */
async function applied(store: StateStore, writes: readonly StateWrite[]): Promise<boolean> {
  try {
    await store.transact(writes);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(ConflictError);
    return false;
  }
}

/** Each history runs in a partition of its own. Transactions succeed or conflict in the store just as in the model. */
export async function behavesLikeAMap(store: StateStore, histories: number): Promise<void> {
  let partitions = 0;
  const sameAsModel = async (transactions: readonly (readonly Plan[])[]): Promise<void> => {
    partitions += 1;
    const partition = `history-${partitions}`;
    const model = new Model();
    for (const plans of transactions) {
      const writes = plans.map((one) => toWrite(one, partition, model.versionOf(one.sort)));
      expect(await applied(store, writes)).toBe(model.transact(writes));
      expect((await store.query(partition)).items).toEqual(inOrder(model.items));
    }
    expect((await store.queryAudit(partition)).items).toEqual(inOrder(model.audit));
    const wanted = inOrder(model.items).filter(({ dueAtMs }) => dueAtMs !== undefined);
    const found = async () => {
      const due = await store.due(Number.MAX_SAFE_INTEGER, 10_000);
      return due.filter((item) => item.partition === partition).sort((a, b) => (a.sort < b.sort ? -1 : 1));
    };
    await expect.poll(found, { timeout: 20_000 }).toEqual(wanted);
  };
  await fc.assert(fc.asyncProperty(history, sameAsModel), { numRuns: histories });
}
