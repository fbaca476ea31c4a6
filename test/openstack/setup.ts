/** Vitest's global setup: one rig for all test files of a run, brought up once. */
import type { TestProject } from 'vitest/node';
import { RigUnavailable } from './installation.ts';
import { openRig, type RigAddress } from './rig.ts';

const computes = 5;

/** What the tests get to know; `reason` says in one line why there is no rig. */
export type ProvidedRig = RigAddress | { readonly reason: string };

declare module 'vitest' {
  interface ProvidedContext {
    openStackRig: ProvidedRig;
  }
}

/**
 * Where none can run, a user's tests are skipped with the reason.
 * @throws RigUnavailable where none can run, if CI=true.
 */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  try {
    const rig = await openRig({ computes });
    project.provide('openStackRig', rig.address);
    return rig.down;
  } catch (error) {
    if (!(error instanceof RigUnavailable) || process.env.CI === 'true') throw error;
    project.vitest.logger.log(`Skipped, no OpenStack rig: ${error.message}`);
    project.provide('openStackRig', { reason: error.message });
    return undefined;
  }
}
