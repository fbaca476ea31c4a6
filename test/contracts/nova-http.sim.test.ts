import { startSimulatedCloud } from '#sim/cloud.ts';
import { defineNovaContract } from './nova-http.ts';

defineNovaContract('simulated cloud', async () => {
  const cloud = await startSimulatedCloud({ hosts: 6, evacuationMs: 60, serviceDownSeconds: 2 });
  const { admin, member } = cloud.credentials;
  cloud.addAggregate({ name: 'ssd', hosts: ['compute-2', 'compute-3'], metadata: { ssd: 'true' } });
  const flavorId = (name: string): string =>
    [...cloud.world.flavors.values()].find((one) => one.name === name)?.id ?? '';
  const groupId = (policy: 'affinity' | 'anti-affinity' | 'soft-anti-affinity'): string =>
    cloud.addServerGroup({ name: policy, policy, members: [] }).id;
  return {
    authUrl: cloud.authUrl,
    admin: { user: admin.username, project: admin.projectName, password: admin.password },
    member: { user: member.username, project: member.projectName, password: member.password },
    computes: cloud.hosts().map((host) => host.name),
    base: {
      imageId: cloud.imageId,
      flavorIds: {
        tiny: flavorId('tiny'),
        'local-disks': flavorId('local-disks'),
        bigger: flavorId('bigger'),
        ssd: flavorId('tiny'),
      },
      serverGroupIds: {
        affinity: groupId('affinity'),
        'anti-affinity': groupId('anti-affinity'),
        'soft-anti-affinity': groupId('soft-anti-affinity'),
      },
    },
    async killCompute(host) {
      cloud.killHost(host, { leaveGuestsRunning: true });
    },
    async startCompute(host) {
      cloud.startCompute(host);
    },
    async failNextSpawn(host, fails) {
      if (fails) cloud.faults.set({ kind: 'spawn-fails', host, count: 1 });
      else cloud.faults.clear('spawn-fails', host);
    },
    async writeTaskState(serverId, taskState) {
      cloud.setState(serverId, { taskState });
    },
    close: () => cloud.stop(),
  };
});
