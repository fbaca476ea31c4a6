import { mirrorInventory } from '#functions/mirror-inventory.ts';
import type { Policy } from '#shared/domain/policy.ts';
import type { ComputeService, Page, StateStore, StoredItem } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';

/** What `mirror-inventory` writes of these services before anything happens. Nothing in a search changes it later. */
export async function mirrorOf(
  policy: Policy,
  services: readonly ComputeService[],
): Promise<(partition: string) => Page | undefined> {
  const items = new Map<string, StoredItem>();
  const store: Pick<StateStore, 'query' | 'get' | 'transact'> = {
    query: async () => ({ items: [] }),
    get: async () => undefined,
    transact: async (writes) => {
      for (const { ...write } of writes)
        if (write.kind === 'put')
          items.set(write.sort, { partition: write.partition, sort: write.sort, version: 1, body: write.body });
    },
  };
  const given = {
    policy,
    state: store,
    compute: { services: async () => services, aggregates: async () => [] },
    log: { info: () => {} },
    outbox: { send: async () => {} },
  };
  await mirrorInventory(given as unknown as Services);
  const page: Page = { items: [...items.values()] };
  return (partition) => (page.items[0]?.partition === partition ? page : undefined);
}
