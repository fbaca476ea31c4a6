import { describe, inject, it } from 'vitest';
import type { CloudConfig } from '#shared/adapters/openstack/cloud-config.ts';
import { openStackHttp } from '#shared/adapters/openstack/http.ts';
import { keystoneSession } from '#shared/adapters/openstack/keystone.ts';
import { novaCompute } from '#shared/adapters/openstack/nova.ts';
import type { Compute } from '#shared/ports.ts';
import { defineComputeContract } from '#test/contracts/compute.ts';
import { signIn } from './api.ts';
import { seedBase } from './base.ts';
import { type Account, attachRig } from './rig.ts';
import { act, boot, waitForServer } from './servers.ts';
import type {} from './setup.ts';
import { tidy } from './suite.ts';

const address = inject('openStackRig');

if ('reason' in address) {
  describe('Compute contract: Nova adapter on a real Nova', () => it.skip(address.reason));
} else {
  // No volumes, for the rig has no Cinder; no live migration, for the fake hypervisor's ends at once.
  defineComputeContract('Nova adapter on a real Nova', async () => {
    const rig = await attachRig(address);
    const admin = await signIn(rig.authUrl, rig.accounts.admin);
    await tidy(rig, admin);
    const base = await seedBase(admin, rig.computes);
    return {
      compute: computeAs(rig.authUrl, rig.accounts.ha),
      asMember: computeAs(rig.authUrl, rig.accounts.demo),
      hosts: rig.computes,
      boot: (count, host) => boot(admin, base, { count, host }),
      bootWithLocalDisks: async (host) => (await boot(admin, base, { count: 1, host, flavor: 'local-disks' })).join(),
      async pause(id) {
        await act(admin, id, { pause: null });
        await waitForServer(admin, id, ({ status }) => status === 'PAUSED');
      },
      async killHost(host) {
        await rig.power(host, 'off');
      },
      close: () => tidy(rig, admin),
    };
  });
}

function computeAs(authUrl: string, account: Account): Compute {
  const domain = { name: 'Default' };
  const cloud: CloudConfig = {
    name: 'rig',
    authUrl,
    identity: {
      kind: 'password',
      user: { name: account.user, domain },
      password: account.password,
      project: { name: account.project, domain },
    },
    regionName: 'RegionOne',
    interface: 'public',
    caPem: undefined,
    insecureTls: false,
    computeEndpoint: undefined,
  };
  const http = openStackHttp({ version: '0', random: Math.random });
  return novaCompute({ session: keystoneSession({ cloud, http, now: Date.now }) });
}
