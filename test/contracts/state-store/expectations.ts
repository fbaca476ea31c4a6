import { describe, expect, test } from 'vitest';
import { ConflictError } from '#shared/errors.ts';
import type { StateWrite } from '#shared/ports.ts';
import { append, type CurrentStore, check, put, remove } from './support.ts';

/** All or nothing, by versions. */
export function describeExpectations(store: CurrentStore): void {
  const get = (sort: string) => store().get({ partition: 'p', sort });

  describe('expectations', () => {
    test('a new item has version 1, and each write adds 1', async () => {
      await store().transact([put('a', 'absent', { n: 1 })]);
      expect(await get('a')).toEqual({ partition: 'p', sort: 'a', version: 1, body: { n: 1 } });
      await store().transact([put('a', 1, { n: 2 })]);
      await store().transact([put('a', 2, { n: 3 })]);
      expect(await get('a')).toEqual({ partition: 'p', sort: 'a', version: 3, body: { n: 3 } });
    });

    test('what was never written is not there', async () => {
      await store().transact([put('a', 'absent')]);
      expect(await get('b')).toBeUndefined();
      expect(await store().get({ partition: 'q', sort: 'a' })).toBeUndefined();
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
      await store().transact([put('a', 'absent', { n: 1 }), append('told', { kept: true })]);
      await store().transact([put('a', 1, { n: 2 })]);

      const before = [put('b', 'absent'), append('before')];
      const after = [put('c', 'absent'), append('zafter')];
      await expect(store().transact([...before, write, ...after])).rejects.toThrow(ConflictError);

      expect((await store().query('p')).items).toEqual([{ partition: 'p', sort: 'a', version: 2, body: { n: 2 } }]);
      expect((await store().queryAudit('p')).items).toEqual([
        { partition: 'p', sort: 'told', version: 1, body: { kept: true } },
      ]);
    });

    test('a check that holds writes nothing', async () => {
      await store().transact([put('a', 'absent', { n: 1 })]);
      await store().transact([check('a', 1), check('b', 'absent'), put('c', 'absent')]);
      expect(await get('a')).toMatchObject({ version: 1, body: { n: 1 } });
      expect(await get('b')).toBeUndefined();
      expect(await get('c')).toMatchObject({ version: 1 });
    });

    test('a deleted item starts again at version 1', async () => {
      await store().transact([put('a', 'absent')]);
      await store().transact([put('a', 1)]);
      await store().transact([remove('a', 2)]);
      expect(await get('a')).toBeUndefined();
      await store().transact([put('a', 'absent')]);
      expect(await get('a')).toMatchObject({ version: 1 });
    });

    test('the audit log and the items do not share keys', async () => {
      await store().transact([put('a', 'absent', { item: true }), append('a', { record: true })]);
      expect(await get('a')).toMatchObject({ body: { item: true } });
      expect((await store().queryAudit('p')).items).toMatchObject([{ sort: 'a', version: 1, body: { record: true } }]);
    });

    test('a transaction of nothing is done', async () => {
      await expect(store().transact([])).resolves.toBeUndefined();
    });
  });
}
