import { describe, expect, test } from 'vitest';
import { LimitError, PermanentError } from '#shared/errors.ts';
import type { StateWrite } from '#shared/ports.ts';
import { LIMITS } from '#shared/state/limits.ts';
import { type CurrentStore, check, numbered, put } from './support.ts';

/** What DynamoDB takes, and what it refuses. */
export function describeLimits(store: CurrentStore): void {
  const get = (sort: string) => store().get({ partition: 'p', sort });

  describe('limits', () => {
    const full = LIMITS.itemsPerTransaction;

    test(`${full} items fit into a transaction`, async () => {
      await store().transact(numbered(full).map((sort) => put(sort, 'absent')));
      expect((await store().query('p')).items).toHaveLength(full);
    });

    test('one item more does not, and nothing is written', async () => {
      const writes = numbered(full + 1).map((sort) => put(sort, 'absent'));
      await expect(store().transact(writes)).rejects.toThrow(LimitError);
      expect((await store().query('p')).items).toHaveLength(0);
    });

    // 100 bytes for the names of the attributes, 11 for {"text":"…"}, and room for the keys.
    const longestText = LIMITS.bytesPerItem - 120;

    test('an item of just under 400 KB comes back whole', async () => {
      const text = 'x'.repeat(longestText);
      await store().transact([put('a', 'absent', { text }, { dueAtMs: 1e15, expiresAtMs: 1e15 })]);
      expect((await get('a'))?.body).toEqual({ text });
    });

    test.each([
      ['larger', 'x'.repeat(longestText + 20)],
      ['as long in characters, but not in bytes', 'é'.repeat(longestText)],
    ])('an item that is %s is refused', async (_, text) => {
      await expect(store().transact([put('b', 'absent'), put('a', 'absent', { text })])).rejects.toThrow(LimitError);
      expect((await store().query('p')).items).toHaveLength(0);
    });

    test('a transaction of just under 4 MB fits, a larger one does not', async () => {
      const large = (sort: string) => put(sort, 'absent', { text: 'x'.repeat(longestText) });
      await expect(store().transact(numbered(11).map(large))).rejects.toThrow(LimitError);
      expect((await store().query('p')).items).toHaveLength(0);
      await store().transact(numbered(10).map(large));
      expect(await get('s0009')).toMatchObject({ version: 1 });
    });

    test('two writes to one item are refused', async () => {
      await expect(store().transact([put('a', 'absent'), check('a', 'absent')])).rejects.toThrow(LimitError);
      expect(await get('a')).toBeUndefined();
    });

    test.each([
      ['an empty sort key', { partition: 'p', sort: '' }],
      ['an empty partition', { partition: '', sort: 's' }],
      ['a sort key of more than 1024 bytes', { partition: 'p', sort: 's'.repeat(1025) }],
      ['a partition of more than 2048 bytes', { partition: 'p'.repeat(2049), sort: 's' }],
    ])('%s is refused for good', async (_, key) => {
      const item: StateWrite = { kind: 'put', expect: 'absent', body: {}, ...key };
      await expect(store().transact([item])).rejects.toThrow(PermanentError);
      await expect(store().transact([{ kind: 'append', body: {}, ...key }])).rejects.toThrow(PermanentError);
    });

    test('the longest keys are taken', async () => {
      const key = { partition: 'p'.repeat(2048), sort: 's'.repeat(1024) };
      await store().transact([{ kind: 'put', expect: 'absent', body: {}, ...key }]);
      expect(await store().get(key)).toMatchObject({ version: 1 });
    });
  });
}
