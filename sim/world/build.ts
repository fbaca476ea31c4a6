import { startGuest } from './guests.ts';
import { type Flavor, POWER_STATE, type SimHost, type SimServer, type SimWatchdog, type VmState } from './types.ts';
import type { SimImage, World } from './world.ts';

export interface HostOptions {
  readonly name: string;
  /** As the hypervisor calls itself; the same as `name` if absent. */
  readonly hypervisorHostname?: string;
  readonly availabilityZone?: string;
  readonly memoryMb?: number;
  readonly vcpus?: number;
  /** SMBIOS UUID. */
  readonly systemUuid?: string;
  /** Of its power supplies; none if absent. */
  readonly outlets?: readonly string[];
  /** It has a hardware watchdog, which is not armed yet. */
  readonly watchdog?: Pick<SimWatchdog, 'timeoutSeconds' | 'timeoutMs' | 'resetMs'>;
}

/** Of a host that has run for long, in good order. */
const UNARMED = { state: 'idle', feedings: 0, firesAtMs: 0, osRuns: true, holdsBack: false, reaches: true } as const;

/** Adds a host that is up, enabled and empty. */
export function buildHost(world: World, options: HostOptions): SimHost {
  if (world.hosts.has(options.name)) throw new Error(`host ${options.name} exists already`);
  const host: SimHost = {
    name: options.name,
    hypervisorHostname: options.hypervisorHostname ?? options.name,
    serviceId: world.hosts.size + 3,
    serviceUuid: world.random.uuid(),
    hypervisorUuid: world.random.uuid(),
    systemUuid: options.systemUuid ?? world.random.uuid(),
    availabilityZone: options.availabilityZone ?? 'nova',
    memoryMb: options.memoryMb ?? 1_048_576,
    vcpus: options.vcpus ?? 256,
    power: 'on',
    computeRunning: true,
    lastReportMs: world.clock.now(),
    serviceChangedMs: 0,
    forcedDown: false,
    disabled: false,
    disabledReason: null,
    guests: new Set(),
    claims: new Map(),
    memoryUsedMb: 0,
    vcpusUsed: 0,
    rebuilding: 0,
    waiting: [],
    generation: 0,
    outlets: new Map((options.outlets ?? []).map((outlet) => [outlet, 'on'])),
    watchdog: options.watchdog === undefined ? null : { ...options.watchdog, ...UNARMED },
  };
  world.addHost(host);
  return host;
}

export interface ServerOptions {
  readonly host: string | null;
  readonly name: string;
  readonly projectId: string;
  readonly userId: string;
  readonly flavor: Flavor;
  /** Null when booted from a volume. */
  readonly imageId: string | null;
  readonly volumeIds?: readonly string[];
  readonly metadata?: Readonly<Record<string, string>>;
  readonly addresses?: SimServer['addresses'];
  readonly answersAfterMs?: number;
  readonly availabilityZone?: string | null;
  /** `active` if absent. */
  readonly state?: VmState;
  readonly taskState?: string;
}

const RUNNING: ReadonlySet<VmState> = new Set(['active', 'paused', 'rescued', 'resized']);

/** The power state that goes with a vm_state, as Nova's records have it once nothing is under way. */
function powerStateOf(state: VmState): SimServer['powerState'] {
  if (state === 'paused') return POWER_STATE.paused;
  if (state === 'building') return POWER_STATE.none;
  return RUNNING.has(state) ? POWER_STATE.running : POWER_STATE.shutdown;
}

/** Adds an instance that is in the asked state already; its guest runs if that state has a running guest. */
export function buildServer(world: World, options: ServerOptions): SimServer {
  const state = options.state ?? 'active';
  const nowMs = world.clock.now();
  const server = world.addServer({
    id: world.random.uuid(),
    name: options.name,
    projectId: options.projectId,
    userId: options.userId,
    host: state === 'shelved_offloaded' ? null : options.host,
    vmState: state,
    taskState: options.taskState ?? null,
    powerState: powerStateOf(state),
    flavor: options.flavor,
    imageId: options.imageId,
    volumes: (options.volumeIds ?? []).map((id) => ({ id, deleteOnTermination: false })),
    metadata: { ...options.metadata },
    ...(options.addresses === undefined ? {} : { addresses: options.addresses }),
    ...(options.answersAfterMs === undefined ? {} : { answersAfterMs: options.answersAfterMs }),
    lockedBy: null,
    lockedReason: null,
    fault: null,
    pinnedAvailabilityZone: options.availabilityZone ?? null,
    createdMs: nowMs,
    updatedMs: nowMs,
    launchedMs: state === 'building' ? null : nowMs,
    deletedMs: null,
    evacuation: null,
  });
  const host = world.hosts.get(server.host ?? '');
  if (host !== undefined && RUNNING.has(state)) startGuest(world, host, server);
  return server;
}

function flavor(
  id: string,
  name: string,
  memoryMb: number,
  disks: readonly [number, number, number],
  extraSpecs = {},
): Flavor {
  const [rootGb, ephemeralGb, swapMb] = disks;
  return { id, name, vcpus: 1, memoryMb, rootGb, ephemeralGb, swapMb, extraSpecs };
}

/** The image that every simulated cloud has. */
export const defaultImage = (id: string): SimImage => ({
  id,
  name: 'mini',
  tags: [],
  properties: { os_distro: 'mini' },
});

/** Flavors that every simulated cloud has. */
export function defaultFlavors(): Flavor[] {
  return [
    flavor('1', 'tiny', 512, [1, 0, 0]),
    flavor('2', 'ha', 512, [1, 0, 0], { 'ha:priority': '1' }),
    flavor('3', 'ephemeral', 512, [1, 1, 0]),
    flavor('4', 'swap', 512, [1, 0, 512]),
    flavor('8', 'local-disks', 512, [1, 1, 64]),
    flavor('9', 'bigger', 1024, [1, 0, 0]),
    flavor('5', 'diskless', 512, [0, 0, 0]),
    flavor('6', 'large', 8192, [10, 0, 0]),
    flavor('7', 'vtpm', 512, [1, 0, 0], { 'hw:tpm_version': '2.0', 'hw:tpm_model': 'tpm-crb' }),
  ];
}
