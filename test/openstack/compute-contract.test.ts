import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { CloudConfig } from '#shared/adapters/openstack/cloud-config.ts';
import { openStackHttp } from '#shared/adapters/openstack/http.ts';
import { keystoneSession } from '#shared/adapters/openstack/keystone.ts';
import { novaCompute } from '#shared/adapters/openstack/nova.ts';
import { defineComputeContract } from '../contracts/compute.ts';
import type { OpenStackApi } from './api.ts';
import type { Account } from './rig.ts';
import { act, boot, snapshotOf, waitForServer } from './servers.ts';
import { describeOnRig, tidy } from './suite.ts';

describeOnRig('the Nova adapter', (bench) => {
  defineComputeContract('a real Nova', async () => {
    const { rig, admin, base } = bench();
    const http = openStackHttp({ version: '0', random: Math.random });
    const cloudOf = ({ user, project, password }: Account): CloudConfig => ({
      name: 'rig',
      authUrl: rig.authUrl,
      identity: {
        kind: 'password',
        user: { name: user, domain: { id: 'default' } },
        password,
        project: { name: project, domain: { id: 'default' } },
      },
      regionName: undefined,
      interface: 'public',
      caPem: undefined,
      insecureTls: false,
      computeEndpoint: undefined,
    });
    const as = (account: Account) =>
      novaCompute({ session: keystoneSession({ cloud: cloudOf(account), http, now: Date.now }), now: Date.now });
    return {
      compute: as(rig.accounts.ha),
      asMember: as(rig.accounts.demo),
      hosts: rig.computes,
      boot: (count, host) => boot(admin, base, { count, host }),
      bootWithLocalDisks: async (host) => (await boot(admin, base, { count: 1, host, flavor: 'local-disks' }))[0] ?? '',
      bootInGroup: async (host) => (await boot(admin, base, { count: 1, host, serverGroup: 'anti-affinity' }))[0] ?? '',
      pause: async (id) => {
        await act(admin, id, { pause: null });
        await waitForServer(admin, id, ({ status }) => status === 'PAUSED');
      },
      stop: async (id) => {
        await act(admin, id, { 'os-stop': null });
        await waitForServer(admin, id, ({ status }) => status === 'SHUTOFF');
      },
      snapshot: async (id) => {
        // Glance tells whole seconds.
        await sleep(1100);
        return snapshotOf(admin, id);
      },
      addPort: async (serverId, host, vnicType) => {
        const network_id = await networkId(admin);
        const bound = { 'binding:host_id': host, 'binding:vnic_type': vnicType };
        const port = { network_id, device_id: serverId, device_owner: 'compute:az-a', ...bound };
        await admin.post('network', '/v2.0/ports', { port }, z.unknown());
      },
      killHost: async (host) => {
        await rig.power(host, 'off');
      },
      startHost: async (host) => {
        await rig.power(host, 'on');
      },
      close: async () => {
        await http.close();
        await tidy(rig, admin);
      },
    };
  });
});

/** Of a network that is made once. */
async function networkId(admin: OpenStackApi): Promise<string> {
  const name = 'contract';
  const withId = z.object({ id: z.string() });
  const listed = await admin.get('network', `/v2.0/networks?name=${name}`, z.object({ networks: z.array(withId) }));
  const found = listed.networks[0]?.id;
  if (found !== undefined) return found;
  const made = await admin.post('network', '/v2.0/networks', { network: { name } }, z.object({ network: withId }));
  return made.network.id;
}
