import { createHash } from 'node:crypto';
import { isoSeconds } from '../http.ts';
import type { SimServer, VmState } from '../world/types.ts';
import type { World } from '../world/world.ts';
import type { NovaRequest } from './request.ts';

const REBUILD = { rebuilding: 'REBUILD', rebuild_block_device_mapping: 'REBUILD', rebuild_spawning: 'REBUILD' };
const RESIZE = {
  resize_prep: 'RESIZE',
  resize_migrating: 'RESIZE',
  resize_migrated: 'RESIZE',
  resize_finish: 'RESIZE',
};
const REBOOT = {
  rebooting: 'REBOOT',
  reboot_pending: 'REBOOT',
  reboot_started: 'REBOOT',
  rebooting_hard: 'HARD_REBOOT',
  reboot_pending_hard: 'HARD_REBOOT',
  reboot_started_hard: 'HARD_REBOOT',
};

/** `status` by vm_state and task_state (nova/api/openstack/common.py, _STATE_MAP). */
const STATUS: Readonly<Record<VmState, { readonly default: string; readonly [taskState: string]: string }>> = {
  active: {
    default: 'ACTIVE',
    updating_password: 'PASSWORD',
    migrating: 'MIGRATING',
    ...REBOOT,
    ...REBUILD,
    ...RESIZE,
  },
  building: { default: 'BUILD' },
  stopped: { default: 'SHUTOFF', ...REBUILD, ...RESIZE },
  resized: { default: 'VERIFY_RESIZE', resize_reverting: 'REVERT_RESIZE' },
  paused: { default: 'PAUSED', migrating: 'MIGRATING' },
  suspended: { default: 'SUSPENDED' },
  rescued: { default: 'RESCUE' },
  error: { default: 'ERROR', ...REBUILD },
  'soft-delete': { default: 'SOFT_DELETED' },
  shelved: { default: 'SHELVED' },
  shelved_offloaded: { default: 'SHELVED_OFFLOADED' },
};

export function statusOf(server: SimServer): string {
  if (server.deletedMs !== null) return 'DELETED';
  const byTask = STATUS[server.vmState];
  return (server.taskState !== null ? byTask[server.taskState] : undefined) ?? byTask.default;
}

const IN_PROGRESS = new Set(['ACTIVE', 'BUILD', 'REBUILD', 'RESIZE', 'VERIFY_RESIZE', 'MIGRATING']);

/** The instance as GET /servers/{id} and /servers/detail show it, in the request's microversion. */
export function serverDetail(request: NovaRequest, server: SimServer): Record<string, unknown> {
  const { world, minor, isAdmin } = request;
  const status = statusOf(server);
  const showFault = server.fault !== null && (status === 'ERROR' || status === 'DELETED');
  return {
    id: server.id,
    name: server.name,
    status,
    tenant_id: server.projectId,
    user_id: server.userId,
    metadata: server.metadata,
    hostId: hostId(server),
    image: imageView(request, server),
    flavor: flavorView(request, server),
    created: isoSeconds(server.createdMs),
    updated: isoSeconds(server.updatedMs),
    addresses: server.addresses ?? {},
    accessIPv4: '',
    accessIPv6: '',
    links: links(request, server),
    'OS-DCF:diskConfig': 'MANUAL',
    ...(IN_PROGRESS.has(status) && { progress: 0 }),
    ...(showFault && { fault: faultView(server, isAdmin) }),
    'OS-EXT-AZ:availability_zone': world.zoneOf(server.host),
    config_drive: '',
    key_name: null,
    'OS-SRV-USG:launched_at': server.launchedMs === null ? null : isoSeconds(server.launchedMs).replace('Z', '.000000'),
    'OS-SRV-USG:terminated_at': null,
    ...(isAdmin && placeView(world, server)),
    'OS-EXT-STS:task_state': server.taskState,
    'OS-EXT-STS:vm_state': server.deletedMs === null ? server.vmState : 'deleted',
    'OS-EXT-STS:power_state': server.powerState,
    'os-extended-volumes:volumes_attached': server.volumes.map((volume) => ({
      id: volume.id,
      ...(minor >= 3 ? { delete_on_termination: volume.deleteOnTermination } : {}),
    })),
    ...(minor >= 9 && { locked: server.lockedBy !== null }),
    ...(minor >= 16 && isAdmin && { host_status: hostStatus(world, server) }),
    ...(minor >= 19 && { description: null }),
    ...(minor >= 26 && { tags: [] }),
    ...(minor >= 63 && { trusted_image_certificates: null }),
    ...(minor >= 73 && { locked_reason: server.lockedReason }),
    ...(minor >= 96 && { pinned_availability_zone: server.pinnedAvailabilityZone }),
  };
}

export function serverSummary(request: NovaRequest, server: SimServer): Record<string, unknown> {
  return { id: server.id, name: server.name, links: links(request, server) };
}

function links(request: NovaRequest, server: SimServer): object[] {
  const root = request.endpoint.replace(/\/v2\.1$/, '');
  return [
    { rel: 'self', href: `${request.endpoint}/servers/${server.id}` },
    { rel: 'bookmark', href: `${root}/servers/${server.id}` },
  ];
}

const hostIds = new Map<string, string>();

/** A digest that tells a tenant which of its instances share a host, not which host that is. */
function hostId(server: SimServer): string {
  if (server.host === null) return '';
  const key = `${server.projectId}${server.host}`;
  const known = hostIds.get(key) ?? createHash('sha224').update(key).digest('hex');
  hostIds.set(key, known);
  return known;
}

function imageView(request: NovaRequest, server: SimServer): object | '' {
  if (server.imageId === null) return '';
  const root = request.endpoint.replace(/\/v2\.1$/, '');
  return { id: server.imageId, links: [{ rel: 'bookmark', href: `${root}/images/${server.imageId}` }] };
}

function flavorView({ minor, endpoint }: NovaRequest, { flavor }: SimServer): object {
  if (minor < 47) {
    return {
      id: flavor.id,
      links: [{ rel: 'bookmark', href: `${endpoint.replace(/\/v2\.1$/, '')}/flavors/${flavor.id}` }],
    };
  }
  return {
    vcpus: flavor.vcpus,
    ram: flavor.memoryMb,
    disk: flavor.rootGb,
    ephemeral: flavor.ephemeralGb,
    swap: flavor.swapMb,
    original_name: flavor.name,
    extra_specs: flavor.extraSpecs,
  };
}

function faultView({ fault }: SimServer, isAdmin: boolean): object | undefined {
  if (fault === null) return undefined;
  return {
    code: fault.code,
    created: isoSeconds(fault.createdMs),
    message: fault.message,
    ...(isAdmin || fault.code !== 500 ? { details: `Traceback (most recent call last):\n${fault.message}\n` } : {}),
  };
}

function placeView(world: World, server: SimServer): object {
  return {
    'OS-EXT-SRV-ATTR:host': server.host,
    'OS-EXT-SRV-ATTR:hypervisor_hostname':
      server.host === null ? null : world.hosts.get(server.host)?.hypervisorHostname,
    'OS-EXT-SRV-ATTR:instance_name': `instance-${server.order.toString(16).padStart(8, '0')}`,
    'OS-EXT-SRV-ATTR:hostname': server.name,
    'OS-EXT-SRV-ATTR:root_device_name': '/dev/vda',
    'OS-EXT-SRV-ATTR:launch_index': 0,
    'OS-EXT-SRV-ATTR:reservation_id': `r-${server.order.toString(36).padStart(8, '0')}`,
    'OS-EXT-SRV-ATTR:kernel_id': '',
    'OS-EXT-SRV-ATTR:ramdisk_id': '',
    'OS-EXT-SRV-ATTR:user_data': null,
  };
}

/** UP, MAINTENANCE (disabled), DOWN or, before its time is up, UNKNOWN (nova/compute/api.py, get_instance_host_status). */
function hostStatus(world: World, server: SimServer): string {
  const host = server.host === null ? undefined : world.hosts.get(server.host);
  if (host === undefined) return '';
  if (host.forcedDown) return 'DOWN';
  if (host.disabled) return 'MAINTENANCE';
  return world.serviceIsUp(host) ? 'UP' : 'UNKNOWN';
}
