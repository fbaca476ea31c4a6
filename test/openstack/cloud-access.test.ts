import { describe, inject, it } from 'vitest';
import { defineCloudAccessContract } from '#test/contracts/cloud-access.ts';
import { attachRig } from './rig.ts';
import type {} from './setup.ts';

const address = inject('openStackRig');

if ('reason' in address) {
  describe('CloudAccess: a real Keystone', () => it.skip(address.reason));
} else {
  defineCloudAccessContract('a real Keystone', async () => {
    const { authUrl, accounts } = await attachRig(address);
    return { authUrl, account: accounts.ha, close: async () => undefined };
  });
}
