import * as z from 'zod';
import type { Answer, Compute, Migration, ServerGroup } from '#shared/ports.ts';
import { glanceImages } from './glance.ts';
import { serviceHealth } from './health.ts';
import type { Session } from './keystone.ts';
import {
  AS_IT_WAS,
  FULL_SERVER,
  HYPERVISOR_CAPACITY,
  MIGRATE_TO_HOST,
  type Microversion,
  OLDEST,
  PAGED_MIGRATIONS,
  STOPPED,
} from './microversion.ts';
import { neutronPorts } from './neutron.ts';
import { type ChangeLimits, notSent, novaClient, PAGE_SIZE } from './nova-client.ts';
import {
  aggregateSchema,
  hypervisorSchema,
  migrationSchema,
  serverActionSchema,
  serverGroupSchema,
  serverSchema,
  serviceSchema,
} from './nova-records.ts';

export interface NovaOptions {
  readonly session: Session;
  /** Unix ms. */
  readonly now: () => number;
}

/** One region's Nova (Compute API v2.1). The session names the cloud, its region and the identity. */
export function novaCompute({ session, now }: NovaOptions): Compute {
  const nova = novaClient(session);

  /** The microversion meant, or the newest that this Nova has. */
  const upTo = async (wanted: Microversion): Promise<Microversion> => Math.min(wanted, await nova.newest());

  const services = async (query: Readonly<Record<string, string>>) => {
    const schema = z.looseObject({ services: z.array(serviceSchema) });
    return (await nova.read('/os-services', schema, await upTo(AS_IT_WAS), { binary: 'nova-compute', ...query }))
      .services;
  };

  const migrations = async (query: Readonly<Record<string, string>>) => {
    const microversion = await upTo(AS_IT_WAS);
    if (microversion >= PAGED_MIGRATIONS)
      return nova.list('/os-migrations', 'migrations', migrationSchema, microversion, query);
    const schema = z.looseObject({ migrations: z.array(migrationSchema) });
    return (await nova.read('/os-migrations', schema, microversion, query)).migrations;
  };

  const updateService = (serviceId: string, change: object, limits?: ChangeLimits) =>
    nova.change('PUT', `/os-services/${encodeURIComponent(serviceId)}`, change, OLDEST, limits);

  const changeAggregate = (id: number, change: object) =>
    nova.change('POST', `/os-aggregates/${id}/action`, change, OLDEST);

  const action = (
    serverId: string,
    body: unknown,
    microversion: Microversion,
    leaveByMs = Number.POSITIVE_INFINITY,
  ) => {
    const isTooLate = () => now() > leaveByMs;
    return nova.change('POST', `/servers/${encodeURIComponent(serverId)}/action`, body, microversion, { isTooLate });
  };

  return {
    services: () => services({}),
    service: async (host) => (await services({ host })).find((service) => service.host === host),
    hypervisors: async () =>
      nova.list('/os-hypervisors/detail', 'hypervisors', hypervisorSchema, await upTo(HYPERVISOR_CAPACITY), {}),
    aggregates: async () => {
      const schema = z.looseObject({ aggregates: z.array(aggregateSchema) });
      return (await nova.read('/os-aggregates', schema, await upTo(AS_IT_WAS))).aggregates;
    },
    serverGroups: async () => {
      const microversion = await upTo(AS_IT_WAS);
      const groups: ServerGroup[] = [];
      // Its pages have no links to the next one: each begins where the one before has ended.
      for (;;) {
        const query = { all_projects: 'true', limit: String(PAGE_SIZE), offset: String(groups.length) };
        const page = await nova.read('/os-server-groups', serverGroupsSchema, microversion, query);
        groups.push(...page.server_groups);
        if (page.server_groups.length < PAGE_SIZE) return groups;
      }
    },
    serversOn: async (host) => {
      const query = { host, all_tenants: '1' };
      const found = await nova.list('/servers/detail', 'servers', serverSchema, await upTo(FULL_SERVER), query);
      return found.filter((server) => server.host === host);
    },
    server: async (id) => {
      const schema = z.looseObject({ server: serverSchema });
      return (await nova.find(`/servers/${encodeURIComponent(id)}`, schema, await upTo(FULL_SERVER)))?.server;
    },
    ...glanceImages(session),
    ...neutronPorts(session),
    evacuationsFrom: async (host) =>
      (await migrations({ source_compute: host, migration_type: 'evacuation' }))
        .filter((each) => each.sourceHost === host && each.type === 'evacuation')
        .map(withoutType),
    serverActions: async (id) => {
      const schema = z.looseObject({ instanceActions: z.array(serverActionSchema) });
      const path = `/servers/${encodeURIComponent(id)}/os-instance-actions`;
      return (await nova.find(path, schema, await upTo(AS_IT_WAS)))?.instanceActions ?? [];
    },
    unfinishedMigrationsOf: async (host) => {
      const unfinished = (await migrations({ host })).filter(
        (each) => MOVES.includes(each.type) && !FINAL.includes(each.status),
      );
      return unfinished.map(withoutType);
    },
    health: serviceHealth(session),
    forceDown: (serviceId) => updateService(serviceId, { forced_down: true }),
    forceUp: (serviceId) => updateService(serviceId, { forced_down: false }),
    liveMigrationsOf: async (serverId) =>
      (await migrations({ instance_uuid: serverId, migration_type: 'live-migration' }))
        .filter((each) => each.instanceId === serverId && each.type === 'live-migration')
        .map(withoutType),
    disableService: (serviceId, reason) =>
      updateService(serviceId, { status: 'disabled', disabled_reason: reason }, OF_STATUS),
    enableService: (serviceId) => updateService(serviceId, { status: 'enabled' }, OF_STATUS),
    addToAggregate: (id, host) => changeAggregate(id, { add_host: { host } }),
    removeFromAggregate: (id, host) => changeAggregate(id, { remove_host: { host } }),
    rebootHard: (serverId, leaveByMs) => action(serverId, { reboot: { type: 'HARD' } }, OLDEST, leaveByMs),
    rebuild: (serverId, imageId, leaveByMs) => action(serverId, { rebuild: { imageRef: imageId } }, OLDEST, leaveByMs),
    migrate: async (serverId, { host, leaveByMs }) => {
      if (host === null) return action(serverId, { migrate: null }, OLDEST, leaveByMs);
      const microversion = await atLeast(MIGRATE_TO_HOST, 'naming the host of a cold migration');
      if (typeof microversion !== 'number') return microversion;
      return action(serverId, { migrate: { host } }, microversion, leaveByMs);
    },
    confirmResize: (serverId, leaveByMs) => action(serverId, { confirmResize: null }, OLDEST, leaveByMs),
    // From 2.30 on the scheduler verifies the host; `auto` (2.25) leaves it to Nova whether disks are copied.
    liveMigrate: (serverId, { host, leaveByMs }) =>
      action(serverId, { 'os-migrateLive': { host, block_migration: 'auto' } }, OLDEST, leaveByMs),
    evacuate: async (serverId, { host, end, leaveByMs }) => {
      const microversion = await (end === 'stopped'
        ? atLeast(STOPPED, 'bringing an instance back stopped')
        : atMost(AS_IT_WAS));
      if (typeof microversion !== 'number') return microversion;
      return action(serverId, { evacuate: host === null ? {} : { host } }, microversion, leaveByMs);
    },
    resetStateToActive: (serverId, leaveByMs) =>
      action(serverId, { 'os-resetState': { state: 'active' } }, OLDEST, leaveByMs),
  };

  function atMost(wanted: Microversion): Promise<Microversion | Answer> {
    return negotiated((newest) => Math.min(wanted, newest));
  }

  function atLeast(wanted: Microversion, what: string): Promise<Microversion | Answer> {
    return negotiated((newest) =>
      newest >= wanted ? wanted : `${what} needs microversion 2.${wanted}; this Nova has 2.${newest}`,
    );
  }

  /** Answers in Nova's place, before anything is sent, when the microversion can't be had: with 406 if Nova is too old. */
  async function negotiated(choose: (newest: Microversion) => Microversion | string): Promise<Microversion | Answer> {
    const startMs = performance.now();
    const durationMs = () => Math.round(performance.now() - startMs);
    try {
      const chosen = choose(await nova.newest());
      return typeof chosen === 'number' ? chosen : notSent(chosen, 406, durationMs());
    } catch (error) {
      return notSent(session.redact(error instanceof Error ? error.message : 'unknown'), 0, durationMs());
    }
  }
}

/**
 * Nova writes the status down, then tells the host's nova-compute and waits for its answer: of one that has just died, for a
 * minute (`HostAPI.service_update`, nova/compute/api.py of 31.3). Whether it is written down is read afterwards.
 */
const OF_STATUS: ChangeLimits = { timeoutMs: 10_000 };

const serverGroupsSchema = z.looseObject({ server_groups: z.array(serverGroupSchema) });

/** Evacuations are none of these. */
const MOVES: readonly string[] = ['live-migration', 'migration', 'resize'];

/**
 * The statuses in which Nova itself no longer counts a migration as in progress
 * (`migration_get_in_progress_by_host_and_node`). `finished` is not one: a resize that waits to be confirmed still has
 * its disks on two hosts.
 */
const FINAL: readonly string[] = ['confirmed', 'reverted', 'error', 'failed', 'completed', 'cancelled', 'done'];

function withoutType({ type: _type, ...migration }: Migration & { readonly type: string }): Migration {
  return migration;
}
