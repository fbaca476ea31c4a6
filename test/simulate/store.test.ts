import { directly, MemoryStore } from '#cli/simulate/engine/store.ts';
import { defineStateStoreContract } from '../contracts/state-store.ts';

const make = () => ({ store: directly(new MemoryStore()), close: () => undefined });

defineStateStoreContract('The simulated store', make, { histories: 100 });
