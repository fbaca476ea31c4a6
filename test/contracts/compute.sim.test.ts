import type { CloudConfig } from '#shared/adapters/openstack/cloud-config.ts';
import { openStackHttp } from '#shared/adapters/openstack/http.ts';
import { keystoneSession } from '#shared/adapters/openstack/keystone.ts';
import { novaCompute } from '#shared/adapters/openstack/nova.ts';
import type { NeededService } from '#shared/ports.ts';
import { startSimulatedCloud } from '#sim/cloud.ts';
import type { PasswordCredentials } from '#sim/controls.ts';
import type { Fault } from '#sim/faults.ts';
import { liveMigrate } from '#sim/world/actions.ts';
import { addSnapshot } from '#sim/world/rebuild.ts';
import { defineComputeContract } from './compute.ts';

const FAULT_OF: Readonly<Record<NeededService, Fault>> = {
  keystone: { kind: 'keystone-down' },
  nova: { kind: 'nova-503', on: 'list-services' },
  conductor: { kind: 'controller-down', binary: 'nova-conductor' },
  scheduler: { kind: 'controller-down', binary: 'nova-scheduler' },
  placement: { kind: 'service-down', service: 'placement' },
  glance: { kind: 'service-down', service: 'image', how: 'close' },
  cinder: { kind: 'service-down', service: 'volume', how: 'hang' },
  neutron: { kind: 'service-down', service: 'network' },
};

defineComputeContract('Nova adapter on the simulated cloud', async () => {
  const sim = await startSimulatedCloud({ hosts: 5, evacuationMs: 50, liveMigrationMs: 600_000 });
  sim.addAggregate({ name: 'ssd', hosts: ['compute-2', 'compute-3'] });
  const http = openStackHttp({ version: '0', random: Math.random });
  const as = (user: PasswordCredentials) =>
    novaCompute({ session: keystoneSession({ cloud: cloudOf(user), http, now: Date.now }), now: Date.now });
  const cloudOf = (user: PasswordCredentials): CloudConfig => ({
    name: 'sim',
    authUrl: sim.authUrl,
    identity: {
      kind: 'password',
      user: { name: user.username, domain: { name: user.userDomainName } },
      password: user.password,
      project: { name: user.projectName, domain: { name: user.projectDomainName } },
    },
    regionName: sim.region,
    interface: 'public',
    caPem: undefined,
    insecureTls: false,
    computeEndpoint: undefined,
  });
  let snapshots = 0;
  const only = (ids: readonly { readonly id: string }[]) => ids[0]?.id ?? '';
  return {
    compute: as(sim.credentials.admin),
    asMember: as(sim.credentials.member),
    hosts: sim.hosts().map(({ name }) => name),
    boot: async (count, host) => sim.boot(count, { host }).map(({ id }) => id),
    bootWithLocalDisks: async (host) => only(sim.boot(1, { host, flavor: 'local-disks' })),
    bootInGroup: async (host) => {
      const id = only(sim.boot(1, { host }));
      sim.addServerGroup({ name: 'apart', policy: 'anti-affinity', members: [id] });
      return id;
    },
    bootFromVolume: async (host) => only(sim.boot(1, { host, root: 'volume' })),
    silence: (service) => sim.faults.set(FAULT_OF[service]),
    pause: async (id) => sim.setState(id, { vmState: 'paused' }),
    stop: async (id) => sim.setState(id, { vmState: 'stopped' }),
    snapshot: async (id) => {
      snapshots += 1;
      return addSnapshot(sim.world, sim.server(id), { ageMs: 3_600_000 - snapshots * 1000 });
    },
    hasLongLiveMigrations: true,
    startLiveMigration: async (id) => {
      liveMigrate(sim.world, sim.server(id), null, { userId: 'u', projectId: 'p' });
    },
    killHost: async (host) => sim.powerOff(host),
    startHost: async (host) => sim.powerOn(host),
    close: async () => {
      await http.close();
      await sim.stop();
    },
  };
});
