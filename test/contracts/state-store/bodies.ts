import { describe, expect, test } from 'vitest';
import type { Json } from '#shared/ports.ts';
import { append, type CurrentStore, put } from './support.ts';

/** What is written comes back. */
export function describeBodies(store: CurrentStore): void {
  const get = (sort: string) => store().get({ partition: 'p', sort });

  describe('bodies', () => {
    test.each<[string, Json]>([
      ['unicode', 'Zürich 東京 👩‍🚒 \u0000 \u2028 "quoted" \\'],
      ['a lone surrogate', '\ud800'],
      ['numbers', [0, -1, 0.1, 1e-7, 1e21, Number.MAX_SAFE_INTEGER, Number.MIN_VALUE, Number.MAX_VALUE]],
      ['nesting', { list: [[], {}, [{ deep: [null, true, false, ''] }]], '': 'an empty name', 'a.b': 1 }],
      ['names that mean something elsewhere', { pk: 1, version: 2, constructor: 3, '#a': 4, ':b': 5 }],
    ])('come back as they were: %s', async (_, value) => {
      await store().transact([put('a', 'absent', { value }), append('a', { value })]);
      expect((await get('a'))?.body).toEqual({ value });
      expect((await store().queryAudit('p')).items[0]?.body).toEqual({ value });
    });

    test('a -0 comes back as 0', async () => {
      await store().transact([put('a', 'absent', { value: -0 }), append('a', { value: -0 })]);
      expect((await get('a'))?.body).toEqual({ value: 0 });
      expect((await store().queryAudit('p')).items[0]?.body).toEqual({ value: 0 });
    });

    test('what the caller does with its object afterwards is not stored', async () => {
      const body = { n: 1 };
      const written = store().transact([put('a', 'absent', body)]);
      body.n = 2;
      await written;
      expect((await get('a'))?.body).toEqual({ n: 1 });
    });

    test('a write replaces the times as well as the body', async () => {
      await store().transact([put('a', 'absent', { one: 1 }, { dueAtMs: 5, expiresAtMs: 4_102_444_800_123 })]);
      expect(await get('a')).toMatchObject({ dueAtMs: 5, expiresAtMs: 4_102_444_800_123 });
      await store().transact([put('a', 1, { two: 2 })]);
      expect(await get('a')).toEqual({ partition: 'p', sort: 'a', version: 2, body: { two: 2 } });
    });
  });
}
