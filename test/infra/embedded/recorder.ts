import type { QueueFunction } from '#shared/lambda/queue-function.ts';
import type { StateReader } from '#shared/ports.ts';

const PARTITION = 'recorded';

/** A function that commits each message to the state, once, and says so afterwards. */
export const recorder = (said: (body: string) => void): QueueFunction => ({
  queue: 'host-events',
  handle: async ({ state }, records) => {
    await Promise.all(
      records.map(async ({ body }) => {
        const key = { partition: PARTITION, sort: body };
        if ((await state.get(key)) !== undefined) return;
        await state.transact([{ kind: 'put', expect: 'absent', ...key, body: {} }]);
        said(body);
      }),
    );
    return [];
  },
});

export async function recorded(state: StateReader): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (let after = ''; ; ) {
    const { items, next } = await state.query(PARTITION, { after });
    for (const { sort } of items) found.add(sort);
    if (next === undefined) return found;
    after = next;
  }
}
