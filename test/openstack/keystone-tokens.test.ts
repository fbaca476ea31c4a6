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
    return { authUrl, checker: accounts.ha, member: accounts.demo, close: async () => undefined };
  });
}
