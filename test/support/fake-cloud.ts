import { addressOf } from '#shared/domain/policy-devices.ts';
import { RetryableError } from '#shared/errors.ts';
import type {
  Aggregate,
  Answer,
  Clock,
  Compute,
  ComputeService,
  FenceDevice,
  Fencing,
  Guests,
  Image,
  LocalRestart,
  Migration,
  NeededService,
  Objection,
  Port,
  PowerOffAnswer,
  PowerReading,
  RestartAnswer,
  Server,
  ServerAction,
  ServerGroup,
  Snapshot,
} from '#shared/ports.ts';
import { aHypervisor, aMigration, aServer, seconds, servicesOf, uuid } from './builders.ts';

const NEEDED: readonly NeededService[] = ['keystone', 'nova', 'conductor', 'scheduler', 'placement', 'neutron'];

/** Nova and the BMCs as far as the functions see them, without HTTP; `sim/` is the whole of it. */
export class FakeCloud {
  services: readonly ComputeService[] = servicesOf(5);
  servers: readonly Server[];
  migrations: readonly Migration[] = [];
  aggregates: readonly Aggregate[] = [];
  serverGroups: readonly ServerGroup[] = [];
  images: readonly Image[] = [];
  /** Of each instance, by its id. */
  readonly snapshots = new Map<string, readonly Snapshot[]>();
  /** Undefined: there is no Neutron. */
  ports: readonly Port[] | undefined = [];
  /** Memory that is free on each host. */
  freeMemoryMb = 64_000;
  power: PowerReading['power'] = 'on';
  /** Every outside action, in order: what a request asked for, whether or not somebody heard the answer. */
  readonly actions: string[] = [];
  /** Evacuations that were asked for while another one of the same instance ran. */
  readonly doubles: string[] = [];
  /** Called before each action, with its name: what else happens at that moment. */
  during: (action: string) => Promise<void> | void = () => {};
  /** Called behind each reading of the power, before it is told. */
  duringRead: () => Promise<void> | void = () => {};
  novaIsAway = false;
  /** How long each read takes, in milliseconds. */
  readMs = 0;
  /** Services that an evacuation needs, and that do not answer. */
  readonly silent = new Set<NeededService>();
  /** Hosts whose devices do not tell the power. */
  readonly deaf = new Set<string>();
  private readonly clock: Clock;
  private readonly endsAtMs = new Map<number, number>();

  constructor(clock: Clock, instances = 3) {
    this.clock = clock;
    this.servers = Array.from({ length: instances }, (_, index) =>
      aServer({ id: uuid(3, index + 1), name: `web-${index + 1}` }),
    );
  }

  private async act(action: string, effect: () => void = () => {}): Promise<Answer> {
    await this.during(action);
    this.actions.push(action);
    if (this.novaIsAway) return { kind: 'unknown', error: 'timed out', durationMs: 1 };
    effect();
    return { kind: 'accepted', requestId: `req-${this.actions.length}`, durationMs: 1 };
  }

  private async read<T>(value: () => T): Promise<T> {
    if (this.readMs > 0) await this.clock.sleep(this.readMs);
    if (this.novaIsAway) throw new RetryableError('Nova does not answer');
    this.passTime();
    return value();
  }

  /** Evacuations take five seconds. */
  private passTime(): void {
    this.migrations = this.migrations.map((each) => {
      if (each.status !== 'accepted' || (this.endsAtMs.get(each.id) ?? 0) > this.clock.now()) return each;
      const { destinationHost: host } = each;
      this.servers = this.servers.map((server) => (server.id === each.instanceId ? { ...server, host } : server));
      return { ...each, status: 'done' };
    });
  }

  private evacuate(id: string, destinationHost: string | null): void {
    if (this.migrations.some((each) => each.instanceId === id && each.status === 'accepted')) this.doubles.push(id);
    const migration = aMigration({
      id: this.migrations.length + 1,
      instanceId: id,
      status: 'accepted',
      destinationHost: destinationHost ?? 'compute-6',
    });
    this.endsAtMs.set(migration.id, this.clock.now() + seconds(5));
    this.migrations = [...this.migrations, migration];
  }

  private update(action: string, id: string, over: Partial<ComputeService>): Promise<Answer> {
    return this.act(action, () => this.changeService(id, over));
  }

  private setMembers(id: number, change: (hosts: readonly string[]) => readonly string[]): void {
    this.aggregates = this.aggregates.map((each) => (each.id === id ? { ...each, hosts: change(each.hosts) } : each));
  }

  readonly compute: Compute = {
    services: () => this.read(() => this.services),
    service: (host) => this.read(() => this.services.find((each) => each.host === host)),
    hypervisors: () => this.read(() => this.services.map(({ host }) => aHypervisor(host, this.freeMemoryMb))),
    aggregates: () => this.read(() => this.aggregates),
    serverGroups: () => this.read(() => this.serverGroups),
    serversOn: (host) => this.read(() => this.servers.filter((server) => server.host === host)),
    server: (id) => this.read(() => this.servers.find((server) => server.id === id)),
    image: (id) => this.read(() => this.images.find((image) => image.id === id)),
    snapshotsOf: ({ id }) => this.read(() => this.snapshots.get(id) ?? []),
    portsOn: () => this.read(() => this.ports),
    evacuationsFrom: (host) => this.read(() => this.migrations.filter((each) => each.sourceHost === host)),
    unfinishedMigrationsOf: () => this.read(() => []),
    health: () =>
      this.read(() => NEEDED.map((service) => ({ service, answers: !this.silent.has(service), detail: 'asked' }))),
    forceDown: (id) => this.update('force-down', id, { state: 'down', forcedDown: true }),
    forceUp: (id) => this.update('force-up', id, { state: 'up', forcedDown: false }),
    liveMigrationsOf: () => this.read(() => []),
    addToAggregate: (id, host) =>
      this.act(`join ${id} ${host}`, () => this.setMembers(id, (hosts) => [...hosts, host])),
    removeFromAggregate: (id, host) =>
      this.act(`part ${id} ${host}`, () => this.setMembers(id, (hosts) => hosts.filter((each) => each !== host))),
    evacuate: (id, { host, end }) =>
      this.act(`evacuate ${id}`, () => {
        this.note(id, 'evacuate');
        this.evacuate(id, host);
        if (end === 'stopped') this.change(id, { vmState: 'stopped', powerState: 4 });
      }),
    resetStateToActive: (id) => this.act(`reset ${id}`, () => this.change(id, { vmState: 'active' })),
    serverActions: (id) => this.read(() => this.doneTo.get(id) ?? []),
    rebootHard: (id) =>
      this.act(`reboot ${id}`, () => {
        this.note(id, 'reboot');
        this.change(id, { vmState: 'active', powerState: 1, fault: null });
      }),
    rebuild: (id, imageId) =>
      this.act(`rebuild ${id}`, () => {
        this.note(id, 'rebuild');
        this.change(id, { imageId });
      }),
    migrate: (id, { host }) =>
      this.act(`migrate ${id}`, () => {
        this.note(id, 'migrate');
        this.change(id, { vmState: 'resized', host: host ?? 'compute-3' });
      }),
    confirmResize: (id) =>
      this.act(`confirm ${id}`, () => {
        this.note(id, 'confirmResize');
        this.change(id, { vmState: this.confirmsAs });
      }),
    liveMigrate: (id, { host }) =>
      this.act(`live-migrate ${id}`, () => {
        this.note(id, 'live-migration');
        this.change(id, { host: host ?? 'compute-3' });
      }),
    disableService: (id, disabledReason) => this.update('disable', id, { status: 'disabled', disabledReason }),
    enableService: (id) => this.update('enable', id, { status: 'enabled', disabledReason: null }),
  };

  /** What a confirmed migration leaves. */
  confirmsAs: 'active' | 'stopped' = 'active';
  /** What Nova has on record of each instance, newest first. */
  readonly doneTo = new Map<string, readonly ServerAction[]>();

  /** @param userId null: Nova did it by itself */
  note(id: string, action: string, userId: string | null = 'salvor'): void {
    const before = this.doneTo.get(id) ?? [];
    this.doneTo.set(id, [{ action, requestId: `req-${id}-${before.length + 1}`, userId }, ...before]);
  }

  change(id: string, over: Partial<Server>): void {
    this.servers = this.servers.map((server) => (server.id === id ? { ...server, ...over } : server));
  }

  changeService(id: string, over: Partial<ComputeService>): void {
    this.services = this.services.map((service) => (service.id === id ? { ...service, ...over } : service));
  }

  /** Restarts that the edge was asked for. */
  readonly restarts: { readonly worker: string; readonly host: string; readonly service: string }[] = [];
  /** What the worker at the edge makes of one. */
  restartsAs: RestartAnswer['kind'] = 'failed';
  readonly localRestart: LocalRestart = {
    restart: async (worker, host, service) => {
      await this.during(`restart ${service}`);
      this.restarts.push({ worker, host, service });
      return { kind: this.restartsAs, detail: `the worker says ${this.restartsAs}`, durationMs: 3 };
    },
  };

  private async switchPower(to: 'on' | 'off', type: string, objection?: Objection): Promise<PowerOffAnswer> {
    await this.during(`before power-${to}`);
    const objected = await objection?.();
    if (objected !== undefined) return { kind: 'refused', detail: `nothing was sent: ${objected}`, durationMs: 1 };
    await this.during(`power-${to}`);
    this.actions.push(`power-${to}`);
    this.power = to;
    return { kind: 'accepted', detail: `${type} answered 204`, durationMs: 1 };
  }
  /** Addresses of guests that answer, and what was asked of which. */
  readonly answering = new Set<string>();
  readonly questions: string[] = [];
  readonly guests: Guests = {
    ask: async ({ by, address, port, path }) => {
      this.questions.push(`${by} ${address}:${port}${by === 'http' ? path : ''}`);
      return this.answering.has(address) ? undefined : `no answer from ${address}`;
    },
  };

  readonly device: FenceDevice = {
    readPower: async () => {
      const { power } = this;
      await this.duringRead();
      return { power, systemUuid: uuid(4, 1), detail: `PowerState ${power}`, durationMs: 1 };
    },
    powerOff: (_, objection) => this.switchPower('off', 'ForceOff', objection),
    powerOn: (_, objection) => this.switchPower('on', 'On', objection),
  };

  /** Of each host, by the end of its address, as `aPolicy` has it. All have one power, and each a system of its own. */
  readonly fencing: Fencing = {
    device: async (config) => {
      const host = addressOf(config).replace(/^.*\//, '');
      const systemUuid = uuid(4, Number(host.replace(/\D/g, '')));
      const unknown = { power: 'unknown', systemUuid: null, detail: 'no answer', durationMs: 1 } as const;
      return {
        ...this.device,
        readPower: async () => (this.deaf.has(host) ? unknown : { ...(await this.device.readPower()), systemUuid }),
      };
    },
  };

  /** How often an action was asked for. */
  count(action: string): number {
    return this.actions.filter((each) => each === action).length;
  }
}
