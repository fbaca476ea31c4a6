import { describe, expect, test } from 'vitest';
import type { QueryOptions, StateWrite } from '#shared/ports.ts';
import { allPages, allSorts, append, type CurrentStore, numbered, put, sorts } from './support.ts';

/** One partition, in order, page by page. */
export function describeQueries(store: CurrentStore): void {
  describe.each([
    ['query', put, (options?: QueryOptions) => store().query('p', options)],
    ['queryAudit', append, (options?: QueryOptions) => store().queryAudit('p', options)],
  ] as const)('%s', (kind, _, query) => {
    const write = (sort: string, partition = 'p'): StateWrite =>
      kind === 'query'
        ? { kind: 'put', partition, sort, expect: 'absent', body: {} }
        : { kind: 'append', partition, sort, body: {} };

    test('gives one partition in byte order', async () => {
      const keys = ['b', 'a#2', 'a#10', 'Z', 'a', '~', '0', 'a/'];
      await store().transact([...keys.map((sort) => write(sort)), write('c', 'p2'), write('c', 'P')]);
      expect(await query()).toEqual({ items: expect.anything() });
      expect(sorts(await query())).toEqual(['0', 'Z', 'a', 'a#10', 'a#2', 'a/', 'b', '~']);
    });

    test('gives nothing for a partition that is empty', async () => {
      expect(await query()).toEqual({ items: [] });
    });

    test('gives only what starts with the prefix, whatever it holds', async () => {
      await store().transact(['a', 'a%', 'a%1', 'a_1', 'a%~', 'b', 'A%1'].map((sort) => write(sort)));
      expect(sorts(await query({ prefix: 'a%' }))).toEqual(['a%', 'a%1', 'a%~']);
      expect(sorts(await query({ prefix: 'c' }))).toEqual([]);
    });

    test('goes on behind a key, which need not exist', async () => {
      await store().transact(['a', 'b', 'b1', 'b2', 'c'].map((sort) => write(sort)));
      expect(sorts(await query({ after: 'b' }))).toEqual(['b1', 'b2', 'c']);
      expect(sorts(await query({ after: 'b11' }))).toEqual(['b2', 'c']);
      expect(sorts(await query({ after: 'c' }))).toEqual([]);
      expect(sorts(await query({ prefix: 'b', after: 'b1' }))).toEqual(['b2']);
      expect(sorts(await query({ prefix: 'b', after: 'a' }))).toEqual(['b', 'b1', 'b2']);
      expect(sorts(await query({ prefix: 'b', after: 'c' }))).toEqual([]);
    });

    test.each([1, 3, 5, 9])('by pages of %i gives everything once', async (limit) => {
      const keys = numbered(10);
      await store().transact([write('r'), ...keys.map((sort) => write(sort)), write('t')]);
      const pages = await allPages((options) => query({ ...options, prefix: 's', limit }));
      expect(pages.flatMap(sorts)).toEqual(keys);
      expect(pages).toHaveLength(Math.ceil(keys.length / limit));
    });

    test('the last page has no next, even when it is full', async () => {
      await store().transact(numbered(4).map((sort) => write(sort)));
      expect(await query({ limit: 4 })).not.toHaveProperty('next');
      expect(await query({ limit: 3 })).toHaveProperty('next', 's0002');
    });

    test('without a limit gives 500 items', async () => {
      const keys = numbered(501);
      for (let from = 0; from < keys.length; from += 100)
        await store().transact(keys.slice(from, from + 100).map((sort) => write(sort)));
      expect((await query()).items).toHaveLength(500);
      expect(await allSorts(query)).toEqual(keys);
    });
  });

  test('partitions are told once each, those of the audit apart', async () => {
    const names = ['p', 'P', 'p#1', 'p#10', '~'];
    const items = names.flatMap((partition) => [
      { ...put('a', 'absent'), partition },
      { ...put('b', 'absent'), partition },
    ]);
    await store().transact([...items, append('a'), append('b')]);
    expect((await Array.fromAsync(store().partitions('items'))).sort()).toEqual([...names].sort());
    expect(await Array.fromAsync(store().partitions('audit'))).toEqual(['p']);
  });

  test('partitions go on behind 1 MB', async () => {
    const text = 'x'.repeat(300 * 1024);
    const names = numbered(7);
    for (const partition of names) await store().transact([{ ...put('a', 'absent', { text }), partition }]);
    expect((await Array.fromAsync(store().partitions('items'))).sort()).toEqual(names);
  });

  test('a page ends at 1 MB, and the next goes on', async () => {
    const text = 'x'.repeat(300 * 1024);
    const keys = numbered(7);
    await store().transact(keys.map((sort) => put(sort, 'absent', { text })));
    const pages = await allPages((options) => store().query('p', options));
    expect(pages.length).toBeGreaterThan(1);
    expect(pages.flatMap(sorts)).toEqual(keys);
  });
}
