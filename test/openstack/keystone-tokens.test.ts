import { describe, inject, it } from 'vitest';
import { defineKeystoneTokensContract } from '#test/contracts/keystone-tokens.ts';
import { attachRig } from './rig.ts';
import type {} from './setup.ts';

const address = inject('openStackRig');

if ('reason' in address) {
  describe('KeystoneTokens: a real Keystone', () => it.skip(address.reason));
} else {
  defineKeystoneTokensContract('a real Keystone', async () => {
    const { authUrl, accounts } = await attachRig(address);
    const { ha: checker, demo: member, admin: systemAdmin } = accounts;
    return { authUrl, checker, member, systemAdmin, close: async () => undefined };
  });
}
