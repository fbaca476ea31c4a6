import * as z from 'zod';
import type { OpenStackApi } from './api.ts';

const compute = { microversion: '2.90' };

/** What there is to boot from. */
export type Base = {
  readonly imageId: string;
  readonly flavorIds: Readonly<Record<FlavorName, string>>;
  readonly serverGroupIds: Readonly<Record<ServerGroupName, string>>;
};

type Flavor = { readonly shape: object; readonly extraSpecs?: Readonly<Record<string, string>> };

/** tiny: a root disk only; local-disks: an ephemeral disk and swap too; bigger: to resize to; ssd: on aggregate `ssd` only. */
const flavors = {
  tiny: { shape: { ram: 512, vcpus: 1, disk: 1 } },
  'local-disks': { shape: { ram: 512, vcpus: 1, disk: 1, 'OS-FLV-EXT-DATA:ephemeral': 1, swap: 64 } },
  bigger: { shape: { ram: 1024, vcpus: 1, disk: 1 } },
  ssd: {
    shape: { ram: 512, vcpus: 1, disk: 1 },
    extraSpecs: { 'aggregate_instance_extra_specs:ssd': 'true' },
  },
} as const satisfies Record<string, Flavor>;
export type FlavorName = keyof typeof flavors;

/** A server group is named by its policy. */
export type ServerGroupName = 'anti-affinity' | 'affinity' | 'soft-anti-affinity';

const named = z.object({ id: z.union([z.string(), z.number()]).transform(String), name: z.string() });
type Named = z.infer<typeof named>;

/**
 * Makes flavors, an image, availability zone `az-a` (all hosts), aggregate `ssd` (the second and third host), server
 * groups, and takes the quotas away; what is there already stays. For an administrator.
 */
export async function seedBase(admin: OpenStackApi, hosts: readonly string[]): Promise<Base> {
  await ensureAggregate(admin, { name: 'az-a', availability_zone: 'az-a' }, hosts);
  await ensureAggregate(admin, { name: 'ssd' }, hosts.slice(1, 3), { ssd: 'true' });
  await liftQuotas(admin);
  return {
    imageId: await ensureImage(admin),
    flavorIds: {
      tiny: await ensureFlavor(admin, 'tiny'),
      'local-disks': await ensureFlavor(admin, 'local-disks'),
      bigger: await ensureFlavor(admin, 'bigger'),
      ssd: await ensureFlavor(admin, 'ssd'),
    },
    serverGroupIds: {
      'anti-affinity': await ensureServerGroup(admin, 'anti-affinity'),
      affinity: await ensureServerGroup(admin, 'affinity'),
      'soft-anti-affinity': await ensureServerGroup(admin, 'soft-anti-affinity'),
    },
  };
}

async function ensureImage(admin: OpenStackApi): Promise<string> {
  const { images } = await admin.get('image', '/v2/images?name=mini', z.object({ images: z.array(named) }));
  return images[0]?.id ?? makeImage(admin, 'mini', { os_distro: 'mini' });
}

/** A public image that everything boots from, with properties of its own. @returns its id */
export async function makeImage(
  admin: OpenStackApi,
  name: string,
  properties: Readonly<Record<string, string>>,
): Promise<string> {
  const image = { name, disk_format: 'raw', container_format: 'bare', visibility: 'public', ...properties };
  const { id } = await admin.post('image', '/v2/images', image, named);
  const uploaded = await admin.send('image', 'PUT', `/v2/images/${id}/file`, { bytes: new Uint8Array(1024 * 1024) });
  if (uploaded.status !== 204) throw new Error(`Glance answered ${uploaded.status} to the upload`);
  return id;
}

/** Lists a Nova collection and makes the entry of this name when there is none. */
async function ensureEntry(
  admin: OpenStackApi,
  list: { readonly path: string; readonly plural: string; readonly singular: string },
  wanted: { readonly name: string },
  whenMade: (made: Named) => Promise<void> = async () => {},
): Promise<string> {
  const listed = await admin.get('compute', list.path, z.record(z.string(), z.array(named)), compute);
  const found = listed[list.plural]?.find(({ name }) => name === wanted.name);
  if (found !== undefined) return found.id;
  const answer = z.record(z.string(), named);
  const made = (await admin.post('compute', list.path, { [list.singular]: wanted }, answer, compute))[list.singular];
  if (made === undefined) throw new Error(`Nova's answer has no ${list.singular}`);
  await whenMade(made);
  return made.id;
}

function ensureFlavor(admin: OpenStackApi, name: FlavorName): Promise<string> {
  const flavor: Flavor = flavors[name];
  const list = { path: '/flavors', plural: 'flavors', singular: 'flavor' };
  return ensureEntry(admin, list, { name, ...flavor.shape }, async ({ id }) => {
    if (flavor.extraSpecs === undefined) return;
    await admin.post(
      'compute',
      `/flavors/${id}/os-extra_specs`,
      { extra_specs: flavor.extraSpecs },
      z.unknown(),
      compute,
    );
  });
}

function ensureServerGroup(admin: OpenStackApi, name: ServerGroupName): Promise<string> {
  const serverGroup = { name, policy: name };
  const list = { path: '/os-server-groups', plural: 'server_groups', singular: 'server_group' };
  return ensureEntry(admin, list, serverGroup);
}

async function ensureAggregate(
  admin: OpenStackApi,
  aggregate: { readonly name: string; readonly availability_zone?: string },
  hosts: readonly string[],
  metadata?: Readonly<Record<string, string>>,
): Promise<void> {
  const list = { path: '/os-aggregates', plural: 'aggregates', singular: 'aggregate' };
  await ensureEntry(admin, list, aggregate, async ({ id }) => {
    const action = (json: object) => admin.post('compute', `/os-aggregates/${id}/action`, json, z.unknown(), compute);
    if (metadata !== undefined) await action({ set_metadata: { metadata } });
    for (const host of hosts) await action({ add_host: { host } });
  });
}

async function liftQuotas(admin: OpenStackApi): Promise<void> {
  const unlimited = { instances: -1, cores: -1, ram: -1, server_groups: -1, server_group_members: -1, force: true };
  const { projects } = await admin.get('identity', '/projects', z.object({ projects: z.array(named) }));
  for (const { id } of projects) {
    const json = { quota_set: unlimited };
    const answer = await admin.send('compute', 'PUT', `/os-quota-sets/${id}`, { ...compute, json });
    if (answer.status !== 200) throw new Error(`Nova answered ${answer.status} to the quotas of ${id}`);
  }
}
