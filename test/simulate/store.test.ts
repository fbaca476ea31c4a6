import { MemoryStore } from '#cli/simulate/engine/store.ts';
import type { StateStore } from '#shared/ports.ts';
import { defineStateStoreContract } from '../contracts/state-store.ts';

/** The store without the waits and faults that the simulation puts before it. */
function direct(store: MemoryStore): StateStore {
  return {
    get: async (key) => store.get(key),
    query: async (...query) => store.query(...query),
    queryAudit: async (...query) => store.queryAudit(...query),
    due: async (...range) => store.due(...range),
    transact: async (writes) => store.transact(writes),
  };
}

defineStateStoreContract('The simulated store', () => ({ store: direct(new MemoryStore()), close: () => undefined }), {
  histories: 100,
});
