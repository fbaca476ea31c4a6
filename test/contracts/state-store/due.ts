import { describe, expect, test } from 'vitest';
import { type CurrentStore, numbered, PATIENCE_MS, put, remove } from './support.ts';

/** What somebody must look at by now. */
export function describeDue(store: CurrentStore): void {
  describe('due', () => {
    const due = (beforeMs: number, limit = 100) =>
      store()
        .due(beforeMs, limit)
        .then((items) => items.map(({ sort }) => sort));
    const settled = { timeout: PATIENCE_MS };

    test('gives what is due by then, earliest first, across partitions', async () => {
      await store().transact([
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
      expect(await store().due(900, 1)).toEqual([
        { partition: 'p', sort: 'early', version: 1, body: { n: 1 }, dueAtMs: 900 },
      ]);
    });

    test('an item leaves it when written without a time, moves with a new one, goes when deleted', async () => {
      await store().transact(
        ['a', 'b', 'c', 'd'].map((sort, index) => put(sort, 'absent', {}, { dueAtMs: 10 + index })),
      );
      await expect.poll(() => due(100), settled).toEqual(['a', 'b', 'c', 'd']);
      await store().transact([put('a', 1), put('b', 1, {}, { dueAtMs: 50 }), remove('c', 1)]);
      await expect.poll(() => due(100), settled).toEqual(['d', 'b']);
      await store().transact([put('a', 2, {}, { dueAtMs: 60 })]);
      await expect.poll(() => due(100), settled).toEqual(['d', 'b', 'a']);
    });

    test('gives more than a page of 1 MB holds', async () => {
      const text = 'x'.repeat(300 * 1024);
      const keys = numbered(7);
      await store().transact(keys.map((sort, index) => put(sort, 'absent', { text }, { dueAtMs: index })));
      await expect.poll(() => due(100), settled).toEqual(keys);
    });
  });
}
