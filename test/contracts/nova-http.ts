import { afterAll, beforeAll, describe } from 'vitest';
import { type NovaContractCloud, type Signed, signInTo } from './nova-http/cloud.ts';
import { deadHostRows } from './nova-http/dead-host.ts';
import { failureRows } from './nova-http/failures.ts';
import { groupingRows } from './nova-http/grouping.ts';
import { readingRows } from './nova-http/reading.ts';
import { singleRows } from './nova-http/singles.ts';
import { wayBackRows } from './nova-http/way-back.ts';

export type { NovaContractCloud } from './nova-http/cloud.ts';

const TIMEOUT_MS = 10 * 60_000;

/**
 * What salvor relies on of Nova, by raw HTTP: codes, messages and the states that follow. The simulated cloud and a real
 * Nova keep the same contract; where they differ the real one is right. Rows go in order and leave no instance behind.
 * @param make brings up a cloud with at least four compute hosts, all up and empty.
 */
export function defineNovaContract(name: string, make: () => Promise<NovaContractCloud>): void {
  describe(`Nova contract: ${name}`, { timeout: TIMEOUT_MS }, () => {
    let signed: Signed;
    beforeAll(async () => {
      signed = await signInTo(await make());
    }, TIMEOUT_MS);
    afterAll(() => signed?.cloud.close(), TIMEOUT_MS);

    readingRows(() => signed);
    singleRows(() => signed);
    groupingRows(() => signed);
    deadHostRows(() => signed);
    failureRows(() => signed);
    wayBackRows(() => signed);
  });
}
