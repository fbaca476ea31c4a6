import { describe, inject, it } from 'vitest';
import { defineNovaContract } from '#test/contracts/nova-http.ts';
import { signIn } from './api.ts';
import { seedBase } from './base.ts';
import { attachRig } from './rig.ts';
import type {} from './setup.ts';
import { taskStates, writeState } from './states.ts';
import { tidy } from './suite.ts';

const address = inject('openStackRig');

if ('reason' in address) {
  describe('Nova contract: real Nova', () => it.skip(address.reason));
} else {
  defineNovaContract('real Nova', async () => {
    const rig = await attachRig(address);
    const admin = await signIn(rig.authUrl, rig.accounts.admin);
    await tidy(rig, admin);
    return {
      authUrl: rig.authUrl,
      admin: rig.accounts.admin,
      member: rig.accounts.demo,
      computes: rig.computes,
      base: await seedBase(admin, rig.computes),
      killCompute: rig.killCompute,
      startCompute: rig.startCompute,
      failNextSpawn: (host, fails) => rig.spawnFault(host, fails ? 'once' : undefined),
      writeTaskState: (serverId, taskState) => writeState(rig, serverId, { taskState: taskStates.parse(taskState) }),
      close: () => tidy(rig, admin),
    };
  });
}
