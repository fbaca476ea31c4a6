import type { FaultBoard } from './faults.ts';
import type { Identity, PasswordCredentials } from './identity.ts';
import type { Journal, LedgerEntry } from './journal.ts';
import type { PowerWays } from './power/ways.ts';
import type { BmcCredentials } from './redfish/parts.ts';
import type { Sessions } from './redfish/sessions.ts';
import type { RequestLog } from './request-log.ts';
import { buildHost, buildServer, type HostOptions } from './world/build.ts';
import { stopAllGuests } from './world/guests.ts';
import { killCompute, powerOff, powerOn, startCompute } from './world/power.ts';
import type { SimHost, SimServer, VmState } from './world/types.ts';
import type { Aggregate, ServerGroup, SimImage, World } from './world/world.ts';

interface BootOptions {
  /** The host they run on; null for none. */
  readonly host: string | null;
  /** Flavor by name; `tiny` if absent. */
  readonly flavor?: string;
  /** What the image's copy is of; {@link SimulatedCloud.imageId} if absent. */
  readonly imageId?: string;
  /** What the root disk is: the image's copy on the host's disk (if absent), or a volume. */
  readonly root?: 'image' | 'volume';
  readonly metadata?: Readonly<Record<string, string>>;
  readonly state?: VmState;
  readonly taskState?: string;
  readonly availabilityZone?: string;
  /** Whose they are; the plain tenant's if absent. */
  readonly owner?: 'admin' | 'demo';
  readonly namePrefix?: string;
}

export type { PasswordCredentials };

/** A running cloud: real HTTP on 127.0.0.1, everything behind it in memory. */
export interface SimulatedCloud {
  /** Keystone, with /v3. */
  readonly authUrl: string;
  readonly region: string;
  readonly credentials: {
    readonly admin: PasswordCredentials;
    /** A plain tenant: `member`, not `admin`. */
    readonly member: PasswordCredentials;
    readonly applicationCredential: {
      readonly id: string;
      readonly name: string;
      readonly secret: string;
      readonly username: string;
    };
  };
  readonly bmcCredentials: BmcCredentials;
  /** A Redfish service with the systems of all hosts. */
  readonly chassisUrl: string;
  /** Sessions of BMCs that nobody has ended. */
  readonly openSessions: number;
  readonly power: PowerWays;
  readonly imageId: string;
  readonly faults: FaultBoard;
  readonly requestLog: RequestLog;
  /** Facts, ledger and requests are numbered in one sequence. */
  readonly journal: Journal;
  readonly ledger: readonly LedgerEntry[];
  readonly world: World;
  /** Base of the host's Redfish service; /redfish/v1/ follows. */
  bmcUrl(host: string): string;
  /** `/redfish/v1/Systems/{uuid}`, relative to {@link bmcUrl}. */
  bmcSystemPath(host: string): string;
  /** UDP address of the host's IPMI BMC, which starts when it is first asked for. */
  ipmiAddress(host: string): Promise<string>;
  addHost(options: HostOptions): SimHost;
  addAggregate(options: {
    name: string;
    hosts: readonly string[];
    availabilityZone?: string;
    metadata?: Record<string, string>;
  }): Aggregate;
  addServerGroup(options: {
    name: string;
    policy: ServerGroup['policy'];
    maxPerHost?: number;
    members: readonly string[];
  }): ServerGroup;
  addImage(options: {
    name: string;
    tags?: readonly string[];
    properties?: Readonly<Record<string, string>>;
  }): SimImage;
  /** Adds `count` instances that are in the wanted state at once. */
  boot(count: number, options: BootOptions): SimServer[];
  /** Changes an instance's record (not its guest), for odd states. */
  setState(serverId: string, change: { vmState?: VmState; taskState?: string | null }): void;
  /** Kills nova-compute, and the guests unless they are left; the power stays on. */
  killHost(host: string, options?: { leaveGuestsRunning?: boolean }): void;
  /** Starts nova-compute on a host that has power. */
  startCompute(host: string): void;
  /** Cuts the power. */
  powerOff(host: string): void;
  /** Switches the power on, and with it nova-compute. */
  powerOn(host: string): void;
  host(name: string): SimHost;
  hosts(): SimHost[];
  server(id: string): SimServer;
  servers(): SimServer[];
  /** Closes all connections and forgets what was to happen. */
  stop(): Promise<void>;
}

export interface CloudParts {
  readonly base: string;
  readonly region: string;
  readonly world: World;
  readonly identity: Identity;
  readonly log: RequestLog;
  readonly bmcCredentials: BmcCredentials;
  readonly ipmiOf: (host: SimHost) => Promise<{ readonly port: number }>;
  readonly imageId: string;
  readonly sessions: Sessions;
  readonly power: PowerWays;
  readonly stop: () => Promise<void>;
}

/** What a test or a drill does to a cloud, beside its APIs. */
export function simulatedCloud(parts: CloudParts): SimulatedCloud {
  const { base, region, world, log, bmcCredentials, imageId, stop } = parts;
  const host = (name: string): SimHost => {
    const found = world.hosts.get(name);
    if (found === undefined) throw new Error(`the simulated cloud has no host ${name}`);
    return found;
  };
  const server = (id: string): SimServer => {
    const found = world.servers.get(id) ?? world.deletedServers.get(id);
    if (found === undefined) throw new Error(`the simulated cloud has no instance ${id}`);
    return found;
  };
  return {
    authUrl: `${base}/identity/v3`,
    region,
    credentials: credentials(parts.identity),
    bmcCredentials,
    chassisUrl: base,
    get openSessions() {
      return parts.sessions.count;
    },
    power: parts.power,
    imageId,
    faults: world.faults,
    requestLog: log,
    journal: world.journal,
    ledger: world.journal.ledger,
    world,
    bmcUrl: (name) => `${base}/bmc/${encodeURIComponent(host(name).name)}`,
    bmcSystemPath: (name) => `/redfish/v1/Systems/${host(name).systemUuid}`,
    ipmiAddress: async (name) => `127.0.0.1:${(await parts.ipmiOf(host(name))).port}`,
    addHost: (options) => buildHost(world, options),
    addAggregate: (options) => addAggregate(world, options),
    addServerGroup: (options) => addServerGroup(parts, options),
    addImage: ({ name, tags = [], properties = {} }) => {
      const image: SimImage = { id: world.random.uuid(), name, tags, properties };
      world.images.set(image.id, image);
      return image;
    },
    boot: (count, options) => boot(parts, count, options),
    setState: (id, change) => world.updateServer(server(id), change),
    killHost(name, options = {}) {
      killCompute(world, host(name));
      if (options.leaveGuestsRunning !== true) stopAllGuests(world, host(name));
    },
    startCompute: (name) => startCompute(world, host(name)),
    powerOff: (name) => powerOff(world, host(name)),
    powerOn: (name) => powerOn(world, host(name)),
    host,
    hosts: () => [...world.hosts.values()],
    server,
    servers: () => [...world.servers.values()],
    stop,
  };
}

function credentials(identity: Identity): SimulatedCloud['credentials'] {
  const [admin, demo] = identity.users;
  const [applicationCredential] = identity.applicationCredentials;
  if (admin === undefined || demo === undefined || applicationCredential === undefined)
    throw new Error('users are missing');
  const domain = identity.domain.name;
  const of = (user: { name: string; password: string }): PasswordCredentials => ({
    username: user.name,
    password: user.password,
    projectName: user.name,
    userDomainName: domain,
    projectDomainName: domain,
  });
  const { id, name, secret } = applicationCredential;
  return { admin: of(admin), member: of(demo), applicationCredential: { id, name, secret, username: admin.name } };
}

type AggregateOptions = Parameters<SimulatedCloud['addAggregate']>[0];
type GroupOptions = Parameters<SimulatedCloud['addServerGroup']>[0];

function addAggregate(world: World, options: AggregateOptions): Aggregate {
  const aggregate: Aggregate = {
    id: world.aggregates.length + 1,
    uuid: world.random.uuid(),
    name: options.name,
    availabilityZone: options.availabilityZone ?? null,
    hosts: [...options.hosts],
    metadata: { ...options.metadata },
    createdMs: world.clock.now(),
  };
  world.aggregates.push(aggregate);
  return aggregate;
}

function owner({ identity }: CloudParts, name: 'admin' | 'demo'): { userId: string; projectId: string } {
  const user = identity.users.find((one) => one.name === name);
  const project = identity.projects.find((one) => one.name === name);
  return { userId: user?.id ?? '', projectId: project?.id ?? '' };
}

function addServerGroup(parts: CloudParts, options: GroupOptions): ServerGroup {
  const { world } = parts;
  const group = { ...owner(parts, 'demo'), ...options, id: world.random.uuid(), members: [...options.members] };
  world.addServerGroup(group);
  return group;
}

function boot(parts: CloudParts, count: number, options: BootOptions): SimServer[] {
  const { world, imageId } = parts;
  const wanted = options.flavor ?? 'tiny';
  const flavor = [...world.flavors.values()].find((one) => one.name === wanted);
  if (flavor === undefined) throw new Error(`the simulated cloud has no flavor ${wanted}`);
  const fromVolume = options.root === 'volume';
  const first = world.servers.size + world.deletedServers.size;
  return Array.from({ length: count }, (_, index) =>
    buildServer(world, {
      ...owner(parts, options.owner ?? 'demo'),
      host: options.host,
      name: `${options.namePrefix ?? 'vm'}-${String(first + index).padStart(4, '0')}`,
      flavor,
      imageId: fromVolume ? null : (options.imageId ?? imageId),
      volumeIds: fromVolume ? [world.random.uuid()] : [],
      availabilityZone: options.availabilityZone ?? null,
      ...(options.metadata && { metadata: options.metadata }),
      ...(options.state && { state: options.state }),
      ...(options.taskState && { taskState: options.taskState }),
    }),
  );
}
