import type { Hono } from 'hono';
import type { SimHost } from '../world/types.ts';
import { type NovaEnv, type NovaRequest, nextLink, pageLimit, pageOf, requireAdmin } from './request.ts';
import { NovaError } from './respond.ts';
import { seenState } from './services.ts';

/** Compute API, "Hypervisors (os-hypervisors)". From 2.88 on the capacity fields are gone. */
export function hypervisorRoutes(api: Hono<NovaEnv>): void {
  for (const detail of [false, true]) {
    const path = detail ? '/os-hypervisors/detail' : '/os-hypervisors';
    api.get(`/v2.1${path}`, (c) => {
      const request = c.get('nova');
      requireAdmin(request, `os-hypervisors:${detail ? 'list-detail' : 'list'}`);
      const pattern = request.minor >= 53 ? c.req.query('hypervisor_hostname_pattern') : undefined;
      const all = [...request.world.hosts.values()].filter((host) => host.hypervisorHostname.includes(pattern ?? ''));
      if (pattern !== undefined && all.length === 0) {
        throw new NovaError(404, `No hypervisor matching '${pattern}' could be found.`);
      }
      const limit = pageLimit(c);
      const page = pageOf(all, limit, c.req.query('marker'), (host) => host.hypervisorUuid);
      const withServers = /^true$|^1$/i.test(c.req.query('with_servers') ?? '');
      const hypervisors = page.map((host) => view(request, host, { detail, withServers }));
      const links =
        request.minor >= 33
          ? nextLink(
              c,
              path,
              limit,
              page.map((host) => ({ id: host.hypervisorUuid })),
            )
          : undefined;
      return c.json({ hypervisors, ...(links && { hypervisors_links: links }) });
    });
  }
}

function view(request: NovaRequest, host: SimHost, options: { detail: boolean; withServers: boolean }): object {
  const { world, minor } = request;
  const servers = options.withServers ? world.serversOn(host.name) : [];
  return {
    id: minor >= 53 ? host.hypervisorUuid : host.serviceId,
    hypervisor_hostname: host.hypervisorHostname,
    state: seenState(world, host),
    status: host.disabled ? 'disabled' : 'enabled',
    ...(options.detail && {
      hypervisor_type: 'QEMU',
      hypervisor_version: 8_002_002,
      host_ip: '127.0.0.1',
      service: {
        id: minor >= 53 ? host.serviceUuid : host.serviceId,
        host: host.name,
        disabled_reason: host.disabledReason,
      },
      ...(minor < 88 ? capacity(host) : { uptime: null }),
    }),
    ...((servers.length > 0 || (options.withServers && minor >= 75)) && {
      servers: servers.map((server) => ({ name: server.name, uuid: server.id })),
    }),
  };
}

const LOCAL_GB = 10_000;

function capacity(host: SimHost): object {
  let usedGb = 0;
  for (const flavor of host.claims.values()) usedGb += flavor.rootGb + flavor.ephemeralGb;
  return {
    vcpus: host.vcpus,
    vcpus_used: host.vcpusUsed,
    memory_mb: host.memoryMb,
    memory_mb_used: host.memoryUsedMb,
    free_ram_mb: host.memoryMb - host.memoryUsedMb,
    local_gb: LOCAL_GB,
    local_gb_used: usedGb,
    free_disk_gb: LOCAL_GB - usedGb,
    disk_available_least: LOCAL_GB - usedGb,
    current_workload: host.rebuilding,
    running_vms: host.claims.size,
    cpu_info: {},
  };
}
