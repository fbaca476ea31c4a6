import * as z from 'zod';
import { type Answer, type OpenStackApi, signIn } from '#test/openstack/api.ts';
import type { Base } from '#test/openstack/base.ts';
import { until } from '#test/openstack/poll.ts';
import type { Account } from '#test/openstack/rig.ts';
import { readServer, type ServerView } from '#test/openstack/servers.ts';
import { serviceOf, setService } from '#test/openstack/services.ts';

/** A cloud with at least four compute hosts and no instances that the contract may do with as it likes. */
export interface NovaContractCloud {
  /** Keystone, with its /v3. */
  readonly authUrl: string;
  /** An administrator, and a plain member of another project. */
  readonly admin: Account;
  readonly member: Account;
  readonly computes: readonly string[];
  readonly base: Base;
  /** Ends the host's nova-compute the hard way; its guests run on. */
  killCompute(host: string): Promise<void>;
  startCompute(host: string): Promise<void>;
  /** Makes the host's next spawn fail, or none. */
  failNextSpawn(host: string, fails: boolean): Promise<void>;
  /** Writes what no API call reaches; absent where the cloud has no way to. */
  writeTaskState?(serverId: string, taskState: string): Promise<void>;
  close(): Promise<void>;
}

/** What the rows of the contract work with: the cloud, signed in to. */
export interface Signed {
  readonly cloud: NovaContractCloud;
  readonly admin: OpenStackApi;
  readonly member: OpenStackApi;
}

export async function signInTo(cloud: NovaContractCloud): Promise<Signed> {
  return { cloud, admin: await signIn(cloud.authUrl, cloud.admin), member: await signIn(cloud.authUrl, cloud.member) };
}

/** The microversion before the one that leaves evacuated instances stopped. */
export const keepsState = '2.94';
export const leavesStopped = '2.95';

export function hostAt(cloud: NovaContractCloud, index: number): string {
  const host = cloud.computes[index];
  if (host === undefined) throw new Error(`the contract needs ${index + 1} compute hosts`);
  return host;
}

export function evacuate(api: OpenStackApi, id: string, body: object = {}, microversion = keepsState): Promise<Answer> {
  return api.send('compute', 'POST', `/servers/${id}/action`, { json: { evacuate: body }, microversion });
}

/** An error's code and message, whatever Nova calls it; undefined if the answer is none. */
export function errorOf(answer: Answer): { code: number; message: string } | undefined {
  const body = z.record(z.string(), z.object({ code: z.number(), message: z.string() })).safeParse(answer.body);
  return Object.values(body.data ?? {})[0];
}

const migration = z.object({
  id: z.number(),
  uuid: z.string(),
  status: z.string(),
  migration_type: z.string(),
  instance_uuid: z.string(),
  source_compute: z.string(),
  dest_compute: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string().nullable(),
});
export type MigrationView = z.infer<typeof migration>;

/** GET /os-migrations at 2.80. */
export async function migrations(api: OpenStackApi, query: Readonly<Record<string, string>>): Promise<MigrationView[]> {
  const path = `/os-migrations?${new URLSearchParams(query)}`;
  return (await api.get('compute', path, z.object({ migrations: z.array(migration) }), { microversion: '2.80' }))
    .migrations;
}

/** Waits until no evacuation of the instance is under way, and tells where that left it. */
export async function evacuated(api: OpenStackApi, id: string): Promise<ServerView> {
  await until(`the end of the evacuations of ${id}`, async () => {
    const all = await migrations(api, { instance_uuid: id, migration_type: 'evacuation' });
    return all.length > 0 && all.every(({ status }) => ['done', 'completed', 'failed', 'error'].includes(status))
      ? true
      : undefined;
  });
  return until(`server ${id} to have no task`, async () => {
    const server = await readServer(api, id);
    return server.taskState === undefined ? server : undefined;
  });
}

/** Kills the host's nova-compute and forces the service down. */
export async function takeDown({ cloud, admin }: Signed, host: string): Promise<void> {
  await cloud.killCompute(host);
  await setService(admin, (await serviceOf(admin, host)).id, { forced_down: true });
}

/** Starts nova-compute again and takes the host back: not forced down, enabled, up. */
export async function bringBack({ cloud, admin }: Signed, host: string): Promise<void> {
  await cloud.startCompute(host);
  const { id } = await serviceOf(admin, host);
  await until(`${host} to be taken back`, async () => {
    const json = { forced_down: false, status: 'enabled' };
    const { status } = await admin.send('compute', 'PUT', `/os-services/${id}`, { json, microversion: keepsState });
    return status === 200 ? true : undefined;
  });
  await until(`${host} to be up`, async () => ((await serviceOf(admin, host)).state === 'up' ? true : undefined));
}

/** Runs the work while all hosts but one are disabled, so that the scheduler has no choice. */
export async function withOnly<T>(
  { cloud, admin }: Signed,
  hosts: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  const others = await Promise.all(
    cloud.computes.filter((host) => !hosts.includes(host)).map((host) => serviceOf(admin, host)),
  );
  for (const { id } of others) await setService(admin, id, { status: 'disabled' });
  try {
    return await work();
  } finally {
    for (const { id } of others) await setService(admin, id, { status: 'enabled' });
  }
}
