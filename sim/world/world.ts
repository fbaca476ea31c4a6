import type { WorldClock } from '../clock.ts';
import type { FaultBoard } from '../faults.ts';
import type { Journal } from '../journal.ts';
import type { Random } from '../random.ts';
import type { Flavor, MigrationType, SimAction, SimHost, SimMigration, SimServer } from './types.ts';

export interface WorldOptions {
  readonly serviceDownSeconds: number;
  readonly evacuationMs: number;
  readonly liveMigrationMs: number;
  /** How many rebuilds a nova-compute works on at once. */
  readonly rebuildsAtOncePerHost: number;
  /** From power on to the first report of nova-compute. */
  readonly hostBootMs: number;
  /** Shelving offloads at once, as shelved_offload_time = 0 (Nova's default) does. */
  readonly shelveOffloads: boolean;
  /** How long a hard reboot takes; 0 if absent. */
  readonly rebootMs?: number;
  /** The same of a rebuild. */
  readonly rebuildMs?: number;
  /** After so long nova-compute notices that a guest's process has gone, and stops the instance in Nova; 15 s if absent. */
  readonly noticeMs?: number;
  /** A nova-compute that starts starts the guests that ran, as resume_guests_state_on_host_boot has it; not if absent. */
  readonly resumeGuests?: boolean;
}

export interface Aggregate {
  readonly id: number;
  readonly uuid: string;
  readonly name: string;
  readonly availabilityZone: string | null;
  readonly hosts: string[];
  readonly metadata: Record<string, string>;
  readonly createdMs: number;
}

/** In Glance. */
export interface SimImage {
  readonly id: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
  /** Of those that are made of an instance: who owns it, and when it was begun. */
  readonly owner?: string;
  readonly createdMs?: number;
  /** `active` if absent. */
  readonly status?: 'queued' | 'saving' | 'active';
}

export interface ServerGroup {
  readonly id: string;
  readonly name: string;
  readonly policy: 'affinity' | 'anti-affinity' | 'soft-affinity' | 'soft-anti-affinity';
  /** Of `anti-affinity`; 1 if absent. */
  readonly maxPerHost?: number;
  readonly members: string[];
  readonly projectId: string;
  readonly userId: string;
}

/** Whoever asked for something. */
export interface Requester {
  readonly userId: string;
  readonly projectId: string;
}

export interface MigrationRoute {
  readonly from: string;
  readonly to: string | null;
  readonly requester: Requester;
}

/**
 * The state of the simulated cloud, with the indexes that keep bulk reads cheap.
 * Rules live in the files beside it; this one only holds, finds and keeps the indexes true.
 */
export class World {
  readonly clock: WorldClock;
  readonly random: Random;
  readonly journal: Journal;
  readonly faults: FaultBoard;
  readonly options: WorldOptions;

  readonly hosts = new Map<string, SimHost>();
  readonly hostsByService = new Map<string, SimHost>();
  readonly hostsBySystem = new Map<string, SimHost>();
  readonly flavors = new Map<string, Flavor>();
  readonly images = new Map<string, SimImage>();
  readonly aggregates: Aggregate[] = [];
  readonly serverGroups: ServerGroup[] = [];
  readonly servers = new Map<string, SimServer>();
  readonly deletedServers = new Map<string, SimServer>();
  readonly migrations = new Map<string, SimMigration>();
  readonly migrationsBySource = new Map<string, SimMigration[]>();
  readonly migrationsByServer = new Map<string, SimMigration[]>();
  /** By instance, newest first. */
  readonly #actions = new Map<string, SimAction[]>();
  readonly #serversByHost = new Map<string, Set<SimServer>>();
  readonly #groupsByServer = new Map<string, ServerGroup>();
  #serverCount = 0;

  constructor(parts: {
    clock: WorldClock;
    random: Random;
    journal: Journal;
    faults: FaultBoard;
    options: WorldOptions;
  }) {
    this.clock = parts.clock;
    this.random = parts.random;
    this.journal = parts.journal;
    this.faults = parts.faults;
    this.options = parts.options;
  }

  addHost(host: SimHost): void {
    this.hosts.set(host.name, host);
    this.hostsByService.set(host.serviceUuid, host);
    this.hostsBySystem.set(host.systemUuid, host);
  }

  /** What Nova believes: down when forced down or not heard of for `serviceDownSeconds`. */
  serviceIsUp(host: SimHost): boolean {
    if (host.forcedDown) return false;
    if (host.computeRunning) return true;
    return this.clock.now() - host.lastReportMs <= this.options.serviceDownSeconds * 1000;
  }

  /** `updated_at` of the service's record: not only reports write it. */
  serviceWrittenMs(host: SimHost): number {
    return host.computeRunning ? this.clock.now() : Math.max(host.lastReportMs, host.serviceChangedMs);
  }

  addServer(fields: Omit<SimServer, 'order'>): SimServer {
    this.#serverCount += 1;
    const server: SimServer = { ...fields, order: this.#serverCount };
    this.servers.set(server.id, server);
    this.#index(server.host).add(server);
    if (server.host !== null) this.claim(server, server.host);
    return server;
  }

  /** The instances that Nova's records place on a host, newest first. */
  serversOn(host: string): SimServer[] {
    return [...this.#index(host)].sort((a, b) => b.order - a.order);
  }

  /** Changes an instance's record. `host` goes through {@link moveServer}. */
  updateServer(server: SimServer, change: Partial<Omit<SimServer, 'host' | 'id' | 'order'>>): void {
    Object.assign(server, change, { updatedMs: this.clock.now() });
  }

  moveServer(server: SimServer, host: string | null): void {
    const from = server.host;
    if (from === host) return;
    this.#index(from).delete(server);
    if (from !== null) this.releaseClaim(server, from);
    server.host = host;
    this.#index(host).add(server);
    if (host !== null) this.claim(server, host);
    this.updateServer(server, {});
  }

  /** Removes an instance; its migrations leave the lists with it, as in Nova's database. */
  removeServer(server: SimServer): void {
    this.#index(server.host).delete(server);
    if (server.host !== null) this.releaseClaim(server, server.host);
    this.updateServer(server, { deletedMs: this.clock.now(), taskState: null, evacuation: null });
    this.servers.delete(server.id);
    this.deletedServers.set(server.id, server);
    for (const migration of this.migrationsByServer.get(server.id) ?? []) {
      migration.deleted = true;
      if (migration.destHost !== null) this.releaseClaim(server, migration.destHost);
    }
  }

  claim(server: SimServer, hostName: string): void {
    const host = this.hosts.get(hostName);
    if (host === undefined || host.claims.has(server.id)) return;
    host.claims.set(server.id, server.flavor);
    host.memoryUsedMb += server.flavor.memoryMb;
    host.vcpusUsed += server.flavor.vcpus;
  }

  releaseClaim(server: SimServer, hostName: string): void {
    const host = this.hosts.get(hostName);
    const flavor = host?.claims.get(server.id);
    if (host === undefined || flavor === undefined) return;
    host.claims.delete(server.id);
    host.memoryUsedMb -= flavor.memoryMb;
    host.vcpusUsed -= flavor.vcpus;
  }

  addMigration(server: SimServer, type: MigrationType, route: MigrationRoute): SimMigration {
    const migration: SimMigration = {
      id: this.migrations.size + 1,
      uuid: this.random.uuid(),
      serverId: server.id,
      type,
      sourceHost: route.from,
      destHost: route.to,
      status: 'accepted',
      userId: route.requester.userId,
      projectId: route.requester.projectId,
      flavorId: server.flavor.id,
      createdMs: this.clock.now(),
      updatedMs: null,
      deleted: false,
    };
    this.migrations.set(migration.uuid, migration);
    append(this.migrationsBySource, route.from, migration);
    append(this.migrationsByServer, server.id, migration);
    return migration;
  }

  setMigration(migration: SimMigration, status: string, destHost = migration.destHost): void {
    migration.status = status;
    migration.destHost = destHost;
    migration.updatedMs = this.clock.now();
    this.journal.record({ kind: 'migration', serverId: migration.serverId, migrationUuid: migration.uuid, status });
  }

  /** @param requester null: Nova does it by itself */
  addAction(serverId: string, action: string, requestId: string, requester: Requester | null): void {
    const { userId = null, projectId = null } = requester ?? {};
    const done: SimAction = { action, requestId, userId, projectId, startedMs: this.clock.now() };
    this.#actions.set(serverId, [done, ...(this.#actions.get(serverId) ?? [])]);
  }

  actionsOf(serverId: string): readonly SimAction[] {
    return this.#actions.get(serverId) ?? [];
  }

  addServerGroup(group: ServerGroup): void {
    this.serverGroups.push(group);
    for (const id of group.members) this.#groupsByServer.set(id, group);
  }

  joinServerGroup(group: ServerGroup, serverId: string): void {
    group.members.push(serverId);
    this.#groupsByServer.set(serverId, group);
  }

  groupOf(serverId: string): ServerGroup | undefined {
    return this.#groupsByServer.get(serverId);
  }

  /** The zone that Nova shows for a host: its aggregate's, or its own. */
  zoneOf(hostName: string | null): string {
    if (hostName === null) return '';
    const aggregate = this.aggregates.find((one) => one.availabilityZone !== null && one.hosts.includes(hostName));
    return aggregate?.availabilityZone ?? this.hosts.get(hostName)?.availabilityZone ?? 'nova';
  }

  #index(host: string | null): Set<SimServer> {
    const key = host ?? '';
    const known = this.#serversByHost.get(key);
    if (known !== undefined) return known;
    const fresh = new Set<SimServer>();
    this.#serversByHost.set(key, fresh);
    return fresh;
  }
}

function append<T>(index: Map<string, T[]>, key: string, value: T): void {
  const list = index.get(key);
  if (list === undefined) index.set(key, [value]);
  else list.push(value);
}
