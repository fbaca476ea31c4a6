import { afterEach, beforeEach, describe, test } from 'vitest';
import type { StateStore } from '#shared/ports.ts';
import { describeBodies } from './state-store/bodies.ts';
import { describeDue } from './state-store/due.ts';
import { describeExpectations } from './state-store/expectations.ts';
import { describeLimits } from './state-store/limits.ts';
import { behavesLikeAMap } from './state-store/model.ts';
import { describeQueries } from './state-store/queries.ts';
import { describeRaces } from './state-store/races.ts';
import { type CurrentStore, PATIENCE_MS } from './state-store/support.ts';

export interface StoreUnderTest {
  readonly store: StateStore;
  close(): void | Promise<void>;
}

export interface ContractOptions {
  /** How many random histories are compared with the model. */
  readonly histories: number;
}

/**
 * What every StateStore does, the port's promises one by one.
 * @param make a new, empty store for each test.
 */
export function defineStateStoreContract(
  name: string,
  make: () => StoreUnderTest | Promise<StoreUnderTest>,
  { histories }: ContractOptions,
): void {
  describe(`${name} as a state store`, { timeout: PATIENCE_MS * 3 }, () => {
    let made: StoreUnderTest;
    beforeEach(async () => {
      made = await make();
    }, PATIENCE_MS);
    afterEach(() => made.close());

    const store: CurrentStore = () => made.store;
    describeExpectations(store);
    describeLimits(store);
    describeBodies(store);
    describeQueries(store);
    describeDue(store);
    describeRaces(store);

    test('behaves like a map over any history', { timeout: PATIENCE_MS * 10 }, () =>
      behavesLikeAMap(store(), histories),
    );
  });
}
