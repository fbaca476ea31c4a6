import * as z from 'zod';
import { type OpenStackApi, signIn } from './api.ts';
import type { Base, FlavorName } from './base.ts';
import type { Rig } from './rig.ts';
import { act, boot, type ServerView, waitForServer } from './servers.ts';
import { serviceOf, setService } from './services.ts';

/** Statuses that the API reaches by itself. VERIFY_RESIZE here comes from a cold migration to the host. */
export type ReachableStatus =
  | 'ACTIVE'
  | 'SHUTOFF'
  | 'PAUSED'
  | 'SUSPENDED'
  | 'RESCUED'
  | 'SHELVED'
  | 'SHELVED_OFFLOADED'
  | 'VERIFY_RESIZE'
  | 'ERROR';

const OFFLOADED = 'SHELVED_OFFLOADED';

/** Actions that lead from ACTIVE to the status, each with the status that it ends in. */
const ways: Record<
  Exclude<ReachableStatus, 'VERIFY_RESIZE'>,
  readonly (readonly [action: object, status: string])[]
> = {
  ACTIVE: [],
  SHUTOFF: [[{ 'os-stop': null }, 'SHUTOFF']],
  PAUSED: [[{ pause: null }, 'PAUSED']],
  SUSPENDED: [[{ suspend: null }, 'SUSPENDED']],
  RESCUED: [[{ rescue: {} }, 'RESCUE']],
  SHELVED: [[{ shelve: null }, 'SHELVED']],
  SHELVED_OFFLOADED: [
    [{ shelve: null }, 'SHELVED'],
    [{ shelveOffload: null }, 'SHELVED_OFFLOADED'],
  ],
  ERROR: [[{ 'os-resetState': { state: 'error' } }, 'ERROR']],
};

/** Boots one instance and brings it into the status, on this host (SHELVED_OFFLOADED ends on none). */
export async function bootInto(
  admin: OpenStackApi,
  base: Base,
  wanted: {
    readonly status: ReachableStatus;
    readonly host: string;
    readonly otherHost: string;
    readonly flavor?: FlavorName;
  },
): Promise<string> {
  const { status, host, otherHost, flavor = 'tiny' } = wanted;
  const name = status.toLowerCase().replaceAll('_', '-');
  const [id = ''] = await boot(admin, base, {
    count: 1,
    name,
    flavor,
    host: status === 'VERIFY_RESIZE' ? otherHost : host,
  });
  if (status === 'VERIFY_RESIZE') {
    await act(admin, id, { migrate: { host } });
    await waitForServer(admin, id, (server) => server.status === 'VERIFY_RESIZE');
    return id;
  }
  for (const [action, reached] of ways[status]) {
    await act(admin, id, action);
    // Nova writes the status first: the host is taken from it a moment later.
    const isThere = (server: ServerView): boolean =>
      server.status === reached &&
      server.taskState === undefined &&
      (server.host === undefined) === (reached === OFFLOADED);
    await waitForServer(admin, id, isThere);
  }
  return id;
}

/**
 * Boots an instance of the plain tenant on this host, locked by that tenant itself. A tenant may not name a host: the
 * other hosts are disabled meanwhile.
 */
export async function bootLockedByOwner(rig: Rig, admin: OpenStackApi, base: Base, host: string): Promise<string> {
  const demo = await signIn(rig.authUrl, rig.accounts.demo);
  const others = rig.computes.filter((compute) => compute !== host);
  const services = await Promise.all(others.map((other) => serviceOf(admin, other)));
  for (const { id } of services) await setService(admin, id, { status: 'disabled' });
  try {
    const [id = ''] = await boot(demo, base, { count: 1, name: 'locked' });
    await demo.post('compute', `/servers/${id}/action`, { lock: null }, z.unknown(), { microversion: '2.90' });
    return id;
  } finally {
    for (const { id } of services) await setService(admin, id, { status: 'enabled' });
  }
}

/** Nova's own words for states that the API passes through too fast, or not at all (nova/compute/vm_states.py, task_states.py). */
export type WrittenState = {
  readonly vmState?: 'active' | 'stopped' | 'building' | 'soft-delete' | 'deleted' | 'error';
  readonly taskState?: TaskState;
};
/** Task states worth writing: each is what a host may have been doing when it died. */
export const taskStates = z.enum([
  'scheduling',
  'spawning',
  'rebooting',
  'powering-off',
  'powering-on',
  'image_snapshot',
  'deleting',
  'migrating',
  'resize_migrating',
  'rebuilding',
  'shelving',
]);
export type TaskState = z.infer<typeof taskStates>;

/** Writes a state into Nova's database, as a host leaves it that died in the middle of something. */
export async function writeState(rig: Rig, id: string, state: WrittenState): Promise<void> {
  const columns = [
    ...(state.vmState === undefined ? [] : [`vm_state='${state.vmState}'`]),
    ...(state.taskState === undefined ? [] : [`task_state='${state.taskState}'`]),
  ];
  await rig.sql('nova', `update instances set ${columns.join(', ')} where uuid='${z.uuid().parse(id)}'`);
}

/**
 * Makes Nova's API say that the instance was booted from a volume (`image` is empty). It has no volume all the same:
 * the rig has no Cinder.
 */
export async function pretendBootedFromVolume(rig: Rig, id: string): Promise<void> {
  await rig.sql('nova', `update instances set image_ref='' where uuid='${z.uuid().parse(id)}'`);
}
