import * as z from 'zod';
import type { OpenStackApi } from './api.ts';
import type { Base, FlavorName, ServerGroupName } from './base.ts';
import { until } from './poll.ts';

/** The helpers' own requests: `host` at boot came with 2.74, the lock with 2.9. */
const compute = { microversion: '2.90' };
const withId = z.object({ id: z.string() });

/** What the helpers read of a server; the full answer has much more. */
export type ServerView = z.infer<typeof serverView>;
const serverView = z
  .object({
    id: z.string(),
    status: z.string(),
    locked: z.boolean(),
    'OS-EXT-SRV-ATTR:host': z.string().nullish(),
    'OS-EXT-STS:vm_state': z.string(),
    'OS-EXT-STS:task_state': z.string().nullable(),
    fault: z.object({ message: z.string() }).optional(),
  })
  .transform((server) => ({
    id: server.id,
    status: server.status,
    locked: server.locked,
    host: server['OS-EXT-SRV-ATTR:host'] ?? undefined,
    vmState: server['OS-EXT-STS:vm_state'],
    taskState: server['OS-EXT-STS:task_state'] ?? undefined,
    faultMessage: server.fault?.message,
  }));

export async function readServer(api: OpenStackApi, id: string): Promise<ServerView> {
  return (await api.get('compute', `/servers/${id}`, z.object({ server: serverView }), compute)).server;
}

/** Reads the server till the test says yes. Throws after the time, with the last reading. */
export async function waitForServer(
  api: OpenStackApi,
  id: string,
  wanted: (server: ServerView) => boolean,
  timeoutMs = 120_000,
): Promise<ServerView> {
  let last: ServerView | undefined;
  const probe = async () => {
    last = await readServer(api, id);
    return wanted(last) ? last : undefined;
  };
  return until(`server ${id}`, probe, { timeoutMs }).catch((error: unknown) => {
    throw new Error(`Server ${id} stayed at ${JSON.stringify(last)}: ${error}`, { cause: error });
  });
}

export type BootRequest = {
  readonly count: number;
  /** For an administrator only. Nova does not keep the instance there: an evacuation may go to any other host. */
  readonly host?: string;
  readonly flavor?: FlavorName;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly serverGroup?: ServerGroupName;
  readonly name?: string;
};

/** Boots instances without a network port and waits until all are ACTIVE. Throws when one ends in ERROR. */
export async function boot(api: OpenStackApi, base: Base, wanted: BootRequest): Promise<string[]> {
  const { flavor = 'tiny', metadata = {}, name = 'vm', host, serverGroup } = wanted;
  const server = {
    flavorRef: base.flavorIds[flavor],
    imageRef: base.imageId,
    networks: 'none',
    metadata,
    ...(host === undefined ? {} : { host }),
  };
  const hints = serverGroup === undefined ? {} : { 'os:scheduler_hints': { group: base.serverGroupIds[serverGroup] } };
  const ids: string[] = [];
  for (let index = 0; index < wanted.count; index++) {
    const json = { server: { ...server, name: `${name}-${index}` }, ...hints };
    ids.push((await api.post('compute', '/servers', json, z.object({ server: withId }), compute)).server.id);
  }
  for (const id of ids) {
    const { status, faultMessage } = await waitForServer(
      api,
      id,
      ({ status }) => status === 'ACTIVE' || status === 'ERROR',
    );
    if (status === 'ERROR') throw new Error(`Server ${id} did not boot: ${faultMessage}`);
  }
  return ids;
}

/** Sends a server action; any answer but a 2xx throws. */
export async function act(api: OpenStackApi, id: string, action: object): Promise<void> {
  await api.post('compute', `/servers/${id}/action`, action, z.unknown(), compute);
}

/**
 * As `openstack server image create --wait` makes it. @returns the id of the image, once it is active and the instance is
 * free again: nova-compute ends its task a moment after Glance has the image, and until then Nova refuses other actions (409).
 */
export async function snapshotOf(api: OpenStackApi, id: string): Promise<string> {
  const name = `of-${id}-${Date.now()}`;
  await act(api, id, { createImage: { name } });
  const imageId = await until(`the snapshot ${name}`, async () => {
    const { images } = await api.get('image', `/v2/images?name=${name}&status=active`, imageList);
    return images[0]?.id;
  });
  await waitForServer(api, id, ({ taskState }) => taskState === undefined);
  return imageId;
}
const imageList = z.object({ images: z.array(withId) });

/**
 * Deletes instances and waits until they are gone. Those of a dead host need it forced down first: Nova asks a host
 * that still counts as up, and waits for it.
 */
export async function deleteServers(admin: OpenStackApi, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const { status } = await admin.send('compute', 'DELETE', `/servers/${id}`, compute);
    if (status !== 204 && status !== 404) throw new Error(`Nova answered ${status} to the deletion of ${id}`);
  }
  for (const id of ids) {
    await until(`the end of server ${id}`, async () =>
      (await admin.send('compute', 'GET', `/servers/${id}`, compute)).status === 404 ? true : undefined,
    );
  }
}
