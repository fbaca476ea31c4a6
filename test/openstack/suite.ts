import { beforeAll, describe, inject, it } from 'vitest';
import * as z from 'zod';
import { type OpenStackApi, signIn } from './api.ts';
import { type Base, seedBase } from './base.ts';
import { attachRig, type Rig } from './rig.ts';
import { act, deleteServers } from './servers.ts';
import { forceDown, heal } from './services.ts';
import type {} from './setup.ts';

/** What a test on the rig has at hand. Filled before the first test runs. */
export type RigBench = { readonly rig: Rig; readonly admin: OpenStackApi; readonly base: Base };

/**
 * A suite that runs against the rig of this run, and is skipped where there is none. It begins with no instance and
 * all hosts up, whatever the suite before it left.
 */
export function describeOnRig(name: string, define: (bench: () => RigBench) => void): void {
  const address = inject('openStackRig');
  if ('reason' in address) {
    describe(name, () => it.skip(address.reason));
    return;
  }
  describe(name, () => {
    let bench: RigBench | undefined;
    beforeAll(async () => {
      const rig = await attachRig(address);
      const admin = await signIn(rig.authUrl, rig.accounts.admin);
      await tidy(rig, admin);
      bench = { rig, admin, base: await seedBase(admin, rig.computes) };
    });
    define(() => {
      if (bench === undefined) throw new Error('The rig is at hand from the first hook or test on');
      return bench;
    });
  });
}

/** Heals every host and deletes every instance. */
export async function tidy(rig: Rig, admin: OpenStackApi): Promise<void> {
  for (const host of rig.computes) await heal(rig, admin, host);
  const listed = await admin.get('compute', '/servers?all_tenants=1', serverList);
  const ids = listed.servers.map(({ id }) => id);
  for (const id of ids) await act(admin, id, { unlock: null });
  await deleteServers(admin, ids);
}

const serverList = z.object({ servers: z.array(z.object({ id: z.string() })) });

/** The host loses its power and Nova is told so: what fencing leaves behind. */
export async function fence(rig: Rig, admin: OpenStackApi, host: string): Promise<void> {
  await rig.power(host, 'off');
  await forceDown(admin, host);
}
