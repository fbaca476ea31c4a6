import { describe, expect, test } from 'vitest';
import { ConflictError } from '#shared/errors.ts';
import { append, type CurrentStore, numbered, put, sorts } from './support.ts';

/** Many writers at once. */
export function describeRaces(store: CurrentStore): void {
  const get = (sort: string) => store().get({ partition: 'p', sort });

  describe('at the same time', () => {
    async function increment(sort: string): Promise<void> {
      const item = await get(sort);
      const count = Number(item?.body.count ?? 0) + 1;
      try {
        await store().transact([put(sort, item?.version ?? 'absent', { count }), append(`${sort}#${count}`)]);
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
        await increment(sort);
      }
    }

    test('20 writers add 1 each: none is lost, none counts twice', async () => {
      await Promise.all(Array.from({ length: 20 }, () => increment('counter')));
      expect(await get('counter')).toMatchObject({ version: 20, body: { count: 20 } });
      expect((await store().queryAudit('p')).items).toHaveLength(20);
    });

    test('of many who create one item just one wins', async () => {
      const outcomes = await Promise.allSettled(
        numbered(10).map((winner) => store().transact([put('a', 'absent', { winner }), append(winner)])),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(ConflictError);
      const audit = await store().queryAudit('p');
      expect(sorts(audit)).toEqual([(await get('a'))?.body.winner]);
    });

    test('transactions that share some items are each whole or absent', async () => {
      // Writer i takes items i and i+1: neighbours collide.
      const outcomes = await Promise.allSettled(
        numbered(12).map((_, index) =>
          store().transact([put(`k${index}`, 'absent', { by: index }), put(`k${index + 1}`, 'absent', { by: index })]),
        ),
      );
      const { items } = await store().query('p');
      const winners = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []));
      expect(winners.length).toBeGreaterThan(0);
      const written = items.map(({ sort, body }) => `${sort} by ${body.by}`);
      expect(written.sort()).toEqual(winners.flatMap((by) => [`k${by} by ${by}`, `k${by + 1} by ${by}`]).sort());
    });

    test('what is resolved can be read', async () => {
      for (let version = 0; version < 20; version += 1) {
        await store().transact([put('a', version || 'absent', { version })]);
        expect((await get('a'))?.version).toBe(version + 1);
        expect((await store().query('p')).items[0]?.body).toEqual({ version });
      }
    });
  });
}
