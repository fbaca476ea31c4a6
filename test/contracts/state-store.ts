import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConflictError, LimitError, PermanentError } from '#shared/errors.ts';
import type { Json, JsonObject, Page, QueryOptions, StateStore, StateWrite } from '#shared/ports.ts';
import { LIMITS } from '#shared/state/limits.ts';
import { behavesLikeAMap } from './state-store-model.ts';

export interface StoreUnderTest {
  readonly store: StateStore;
  close(): void | Promise<void>;
}

export interface ContractOptions {
  /** How many random histories are compared with the model. */
  readonly histories: number;
}

/** The limit for what `due` may lag behind, and for the slowest test on a busy machine. */
const PATIENCE_MS = 20_000;

const put = (
  sort: string,
  expected: 'absent' | number,
  body: JsonObject = {},
  times: { dueAtMs?: number; expiresAtMs?: number } = {},
): StateWrite => ({ kind: 'put', partition: 'p', sort, expect: expected, body, ...times });
const check = (sort: string, expected: 'absent' | number): StateWrite => ({
  kind: 'check',
  partition: 'p',
  sort,
  expect: expected,
});
const remove = (sort: string, expected: number): StateWrite => ({
  kind: 'delete',
  partition: 'p',
  sort,
  expect: expected,
});
const append = (sort: string, body: JsonObject = {}): StateWrite => ({ kind: 'append', partition: 'p', sort, body });
const numbered = (count: number, prefix = 's'): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(4, '0')}`);

/**
 * What every StateStore does, the port's promises one by one.
 * @param make a new, empty store for each test.
 */
export function defineStateStoreContract(
  name: string,
  make: () => StoreUnderTest | Promise<StoreUnderTest>,
  { histories }: ContractOptions,
): void {
  describe(`${name} as a state store`, { timeout: PATIENCE_MS * 3 }, () => {
    let made: StoreUnderTest;
    let store: StateStore;
    beforeEach(async () => {
      made = await make();
      store = made.store;
    }, PATIENCE_MS);
    afterEach(() => made.close());

    const get = (sort: string) => store.get({ partition: 'p', sort });
    const sorts = ({ items }: Page): string[] => items.map(({ sort }) => sort);

    describe('expectations', () => {
      test('a new item has version 1, and each write adds 1', async () => {
        await store.transact([put('a', 'absent', { n: 1 })]);
        expect(await get('a')).toEqual({ partition: 'p', sort: 'a', version: 1, body: { n: 1 } });
        await store.transact([put('a', 1, { n: 2 })]);
        await store.transact([put('a', 2, { n: 3 })]);
        expect(await get('a')).toEqual({ partition: 'p', sort: 'a', version: 3, body: { n: 3 } });
      });

      test('what was never written is not there', async () => {
        await store.transact([put('a', 'absent')]);
        expect(await get('b')).toBeUndefined();
        expect(await store.get({ partition: 'q', sort: 'a' })).toBeUndefined();
      });

      test.each<[string, StateWrite]>([
        ['an item that exists is not absent', put('a', 'absent', { lost: true })],
        ['an older version', put('a', 1, { lost: true })],
        ['a version yet to come', put('a', 3, { lost: true })],
        ['an item that does not exist', put('nothing', 1, { lost: true })],
        ['a check of an older version', check('a', 1)],
        ['a check that it is absent', check('a', 'absent')],
        ['a check of what does not exist', check('nothing', 1)],
        ['a delete of an older version', remove('a', 1)],
        ['a delete of what does not exist', remove('nothing', 1)],
        ['an audit record that exists', append('told', { lost: true })],
      ])('conflict, and nothing of the transaction is written: %s', async (_, write) => {
        await store.transact([put('a', 'absent', { n: 1 }), append('told', { kept: true })]);
        await store.transact([put('a', 1, { n: 2 })]);

        const before = [put('b', 'absent'), append('before')];
        const after = [put('c', 'absent'), append('zafter')];
        await expect(store.transact([...before, write, ...after])).rejects.toThrow(ConflictError);

        expect((await store.query('p')).items).toEqual([{ partition: 'p', sort: 'a', version: 2, body: { n: 2 } }]);
        expect((await store.queryAudit('p')).items).toEqual([
          { partition: 'p', sort: 'told', version: 1, body: { kept: true } },
        ]);
      });

      test('a check that holds writes nothing', async () => {
        await store.transact([put('a', 'absent', { n: 1 })]);
        await store.transact([check('a', 1), check('b', 'absent'), put('c', 'absent')]);
        expect(await get('a')).toMatchObject({ version: 1, body: { n: 1 } });
        expect(await get('b')).toBeUndefined();
        expect(await get('c')).toMatchObject({ version: 1 });
      });

      test('a deleted item starts again at version 1', async () => {
        await store.transact([put('a', 'absent')]);
        await store.transact([put('a', 1)]);
        await store.transact([remove('a', 2)]);
        expect(await get('a')).toBeUndefined();
        await store.transact([put('a', 'absent')]);
        expect(await get('a')).toMatchObject({ version: 1 });
      });

      test('the audit log and the items do not share keys', async () => {
        await store.transact([put('a', 'absent', { item: true }), append('a', { record: true })]);
        expect(await get('a')).toMatchObject({ body: { item: true } });
        expect((await store.queryAudit('p')).items).toMatchObject([{ sort: 'a', version: 1, body: { record: true } }]);
      });

      test('a transaction of nothing is done', async () => {
        await expect(store.transact([])).resolves.toBeUndefined();
      });
    });

    describe('limits', () => {
      const full = LIMITS.itemsPerTransaction;

      test(`${full} items fit into a transaction`, async () => {
        await store.transact(numbered(full).map((sort) => put(sort, 'absent')));
        expect((await store.query('p')).items).toHaveLength(full);
      });

      test('one item more does not, and nothing is written', async () => {
        const writes = numbered(full + 1).map((sort) => put(sort, 'absent'));
        await expect(store.transact(writes)).rejects.toThrow(LimitError);
        expect((await store.query('p')).items).toHaveLength(0);
      });

      // 100 bytes for the names of the attributes, 11 for {"text":"…"}, and room for the keys.
      const longestText = LIMITS.bytesPerItem - 120;

      test('an item of just under 400 KB comes back whole', async () => {
        const text = 'x'.repeat(longestText);
        await store.transact([put('a', 'absent', { text }, { dueAtMs: 1e15, expiresAtMs: 1e15 })]);
        expect((await get('a'))?.body).toEqual({ text });
      });

      test.each([
        ['larger', 'x'.repeat(longestText + 20)],
        ['as long in characters, but not in bytes', 'é'.repeat(longestText)],
      ])('an item that is %s is refused', async (_, text) => {
        await expect(store.transact([put('b', 'absent'), put('a', 'absent', { text })])).rejects.toThrow(LimitError);
        expect((await store.query('p')).items).toHaveLength(0);
      });

      test('a transaction of just under 4 MB fits, a larger one does not', async () => {
        const large = (sort: string) => put(sort, 'absent', { text: 'x'.repeat(longestText) });
        await expect(store.transact(numbered(11).map(large))).rejects.toThrow(LimitError);
        expect((await store.query('p')).items).toHaveLength(0);
        await store.transact(numbered(10).map(large));
        expect(await get('s0009')).toMatchObject({ version: 1 });
      });

      test('two writes to one item are refused', async () => {
        await expect(store.transact([put('a', 'absent'), check('a', 'absent')])).rejects.toThrow(LimitError);
        expect(await get('a')).toBeUndefined();
      });

      test.each([
        ['an empty sort key', { partition: 'p', sort: '' }],
        ['an empty partition', { partition: '', sort: 's' }],
        ['a sort key of more than 1024 bytes', { partition: 'p', sort: 's'.repeat(1025) }],
        ['a partition of more than 2048 bytes', { partition: 'p'.repeat(2049), sort: 's' }],
      ])('%s is refused for good', async (_, key) => {
        const item: StateWrite = { kind: 'put', expect: 'absent', body: {}, ...key };
        await expect(store.transact([item])).rejects.toThrow(PermanentError);
        await expect(store.transact([{ kind: 'append', body: {}, ...key }])).rejects.toThrow(PermanentError);
      });

      test('the longest keys are taken', async () => {
        const key = { partition: 'p'.repeat(2048), sort: 's'.repeat(1024) };
        await store.transact([{ kind: 'put', expect: 'absent', body: {}, ...key }]);
        expect(await store.get(key)).toMatchObject({ version: 1 });
      });
    });

    describe('bodies', () => {
      test.each<[string, Json]>([
        ['unicode', 'Zürich 東京 👩‍🚒 \u0000 \u2028 "quoted" \\'],
        ['a lone surrogate', '\ud800'],
        ['numbers', [0, -1, 0.1, 1e-7, 1e21, Number.MAX_SAFE_INTEGER, Number.MIN_VALUE, Number.MAX_VALUE]],
        ['nesting', { list: [[], {}, [{ deep: [null, true, false, ''] }]], '': 'an empty name', 'a.b': 1 }],
        ['names that mean something elsewhere', { pk: 1, version: 2, constructor: 3, '#a': 4, ':b': 5 }],
      ])('come back as they were: %s', async (_, value) => {
        await store.transact([put('a', 'absent', { value }), append('a', { value })]);
        expect((await get('a'))?.body).toEqual({ value });
        expect((await store.queryAudit('p')).items[0]?.body).toEqual({ value });
      });

      test('what the caller does with its object afterwards is not stored', async () => {
        const body = { n: 1 };
        const written = store.transact([put('a', 'absent', body)]);
        body.n = 2;
        await written;
        expect((await get('a'))?.body).toEqual({ n: 1 });
      });

      test('a write replaces the times as well as the body', async () => {
        await store.transact([put('a', 'absent', { one: 1 }, { dueAtMs: 5, expiresAtMs: 4_102_444_800_123 })]);
        expect(await get('a')).toMatchObject({ dueAtMs: 5, expiresAtMs: 4_102_444_800_123 });
        await store.transact([put('a', 1, { two: 2 })]);
        expect(await get('a')).toEqual({ partition: 'p', sort: 'a', version: 2, body: { two: 2 } });
      });
    });

    describe.each([
      ['query', put, (options?: QueryOptions) => store.query('p', options)],
      ['queryAudit', append, (options?: QueryOptions) => store.queryAudit('p', options)],
    ] as const)('%s', (kind, _, query) => {
      const write = (sort: string, partition = 'p'): StateWrite =>
        kind === 'query'
          ? { kind: 'put', partition, sort, expect: 'absent', body: {} }
          : { kind: 'append', partition, sort, body: {} };

      test('gives one partition in byte order', async () => {
        const keys = ['b', 'a#2', 'a#10', 'Z', 'a', '~', '0', 'a/'];
        await store.transact([...keys.map((sort) => write(sort)), write('c', 'p2'), write('c', 'P')]);
        expect(await query()).toEqual({ items: expect.anything() });
        expect(sorts(await query())).toEqual(['0', 'Z', 'a', 'a#10', 'a#2', 'a/', 'b', '~']);
      });

      test('gives nothing for a partition that is empty', async () => {
        expect(await query()).toEqual({ items: [] });
      });

      test('gives only what starts with the prefix, whatever it holds', async () => {
        await store.transact(['a', 'a%', 'a%1', 'a_1', 'a%~', 'b', 'A%1'].map((sort) => write(sort)));
        expect(sorts(await query({ prefix: 'a%' }))).toEqual(['a%', 'a%1', 'a%~']);
        expect(sorts(await query({ prefix: 'c' }))).toEqual([]);
      });

      test('goes on behind a key, which need not exist', async () => {
        await store.transact(['a', 'b', 'b1', 'b2', 'c'].map((sort) => write(sort)));
        expect(sorts(await query({ after: 'b' }))).toEqual(['b1', 'b2', 'c']);
        expect(sorts(await query({ after: 'b11' }))).toEqual(['b2', 'c']);
        expect(sorts(await query({ after: 'c' }))).toEqual([]);
        expect(sorts(await query({ prefix: 'b', after: 'b1' }))).toEqual(['b2']);
        expect(sorts(await query({ prefix: 'b', after: 'a' }))).toEqual(['b', 'b1', 'b2']);
        expect(sorts(await query({ prefix: 'b', after: 'c' }))).toEqual([]);
      });

      test.each([1, 3, 5, 9])('by pages of %i gives everything once', async (limit) => {
        const keys = numbered(10);
        await store.transact([write('r'), ...keys.map((sort) => write(sort)), write('t')]);
        const pages = await allPages((options) => query({ ...options, prefix: 's', limit }));
        expect(pages.flatMap(sorts)).toEqual(keys);
        expect(pages).toHaveLength(Math.ceil(keys.length / limit));
      });

      test('the last page has no next, even when it is full', async () => {
        await store.transact(numbered(4).map((sort) => write(sort)));
        expect(await query({ limit: 4 })).not.toHaveProperty('next');
        expect(await query({ limit: 3 })).toHaveProperty('next', 's0002');
      });

      test('without a limit gives 500 items', async () => {
        const keys = numbered(501);
        for (let from = 0; from < keys.length; from += 100)
          await store.transact(keys.slice(from, from + 100).map((sort) => write(sort)));
        expect((await query()).items).toHaveLength(500);
        expect((await allPages(query)).flatMap(sorts)).toEqual(keys);
      });
    });

    test('a page ends at 1 MB, and the next goes on', async () => {
      const text = 'x'.repeat(300 * 1024);
      const keys = numbered(7);
      await store.transact(keys.map((sort) => put(sort, 'absent', { text })));
      const pages = await allPages((options) => store.query('p', options));
      expect(pages.length).toBeGreaterThan(1);
      expect(pages.flatMap(sorts)).toEqual(keys);
    });

    describe('due', () => {
      const due = (beforeMs: number, limit = 100) =>
        store.due(beforeMs, limit).then((items) => items.map(({ sort }) => sort));
      const settled = { timeout: PATIENCE_MS };

      test('gives what is due by then, earliest first, across partitions', async () => {
        await store.transact([
          put('late', 'absent', {}, { dueAtMs: 3000 }),
          put('early', 'absent', { n: 1 }, { dueAtMs: 900 }),
          put('never', 'absent'),
          { ...put('middle', 'absent', {}, { dueAtMs: 2000 }), partition: 'q' },
        ]);
        await expect.poll(() => due(5000), settled).toEqual(['early', 'middle', 'late']);
        expect(await due(2000)).toEqual(['early', 'middle']);
        expect(await due(1999)).toEqual(['early']);
        expect(await due(899)).toEqual([]);
        expect(await due(5000, 2)).toEqual(['early', 'middle']);
        expect(await store.due(900, 1)).toEqual([
          { partition: 'p', sort: 'early', version: 1, body: { n: 1 }, dueAtMs: 900 },
        ]);
      });

      test('an item leaves it when written without a time, moves with a new one, goes when deleted', async () => {
        await store.transact(
          ['a', 'b', 'c', 'd'].map((sort, index) => put(sort, 'absent', {}, { dueAtMs: 10 + index })),
        );
        await expect.poll(() => due(100), settled).toEqual(['a', 'b', 'c', 'd']);
        await store.transact([put('a', 1), put('b', 1, {}, { dueAtMs: 50 }), remove('c', 1)]);
        await expect.poll(() => due(100), settled).toEqual(['d', 'b']);
        await store.transact([put('a', 2, {}, { dueAtMs: 60 })]);
        await expect.poll(() => due(100), settled).toEqual(['d', 'b', 'a']);
      });

      test('gives more than a page of 1 MB holds', async () => {
        const text = 'x'.repeat(300 * 1024);
        const keys = numbered(7);
        await store.transact(keys.map((sort, index) => put(sort, 'absent', { text }, { dueAtMs: index })));
        await expect.poll(() => due(100), settled).toEqual(keys);
      });
    });

    describe('at the same time', () => {
      async function increment(sort: string): Promise<void> {
        const item = await get(sort);
        const count = Number(item?.body.count ?? 0) + 1;
        try {
          await store.transact([put(sort, item?.version ?? 'absent', { count }), append(`${sort}#${count}`)]);
        } catch (error) {
          if (!(error instanceof ConflictError)) throw error;
          await increment(sort);
        }
      }

      test('20 writers add 1 each: none is lost, none counts twice', async () => {
        await Promise.all(Array.from({ length: 20 }, () => increment('counter')));
        expect(await get('counter')).toMatchObject({ version: 20, body: { count: 20 } });
        expect((await store.queryAudit('p')).items).toHaveLength(20);
      });

      test('of many who create one item just one wins', async () => {
        const outcomes = await Promise.allSettled(
          numbered(10).map((winner) => store.transact([put('a', 'absent', { winner }), append(winner)])),
        );
        expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        for (const outcome of outcomes)
          if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(ConflictError);
        const audit = await store.queryAudit('p');
        expect(sorts(audit)).toEqual([(await get('a'))?.body.winner]);
      });

      test('transactions that share some items are each whole or absent', async () => {
        // Writer i takes items i and i+1: neighbours collide.
        const outcomes = await Promise.allSettled(
          numbered(12).map((_, index) =>
            store.transact([put(`k${index}`, 'absent', { by: index }), put(`k${index + 1}`, 'absent', { by: index })]),
          ),
        );
        const { items } = await store.query('p');
        const winners = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []));
        expect(winners.length).toBeGreaterThan(0);
        const written = items.map(({ sort, body }) => `${sort} by ${body.by}`);
        expect(written.sort()).toEqual(winners.flatMap((by) => [`k${by} by ${by}`, `k${by + 1} by ${by}`]).sort());
      });

      test('what is resolved can be read', async () => {
        for (let version = 0; version < 20; version += 1) {
          await store.transact([put('a', version || 'absent', { version })]);
          expect((await get('a'))?.version).toBe(version + 1);
          expect((await store.query('p')).items[0]?.body).toEqual({ version });
        }
      });
    });

    test('behaves like a map over any history', { timeout: PATIENCE_MS * 10 }, () => behavesLikeAMap(store, histories));
  });
}

async function allPages(query: (options: QueryOptions) => Promise<Page>): Promise<readonly Page[]> {
  const pages: Page[] = [];
  let after: string | undefined;
  do {
    const page = await query(after === undefined ? {} : { after });
    pages.push(page);
    after = page.next;
  } while (after !== undefined);
  return pages;
}
