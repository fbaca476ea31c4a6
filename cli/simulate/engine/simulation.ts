import { QUEUES } from '#events/catalog.ts';
import type { HostEvent } from '#events/host-event.ts';
import type { OperatorCommand } from '#events/operator-command.ts';
import { FUNCTIONS, type Functions } from '#infra/embedded/functions.ts';
import { hostKeyOf } from '#shared/domain/host.ts';
import type { Policy } from '#shared/domain/policy.ts';
import type { RestartAnswer, StateReader } from '#shared/ports.ts';
import type { Log, Services } from '#shared/services.ts';
import type { Journal } from '#sim/journal.ts';
import type { Random } from '#sim/random.ts';
import { buildHost, defaultFlavors, defaultImage, type HostOptions } from '#sim/world/build.ts';
import { World, type WorldOptions } from '#sim/world/world.ts';
import type { FaultKind, PlannedFault } from '../faults.ts';
import { computePort } from '../ports/compute.ts';
import { edgePort } from '../ports/edge.ts';
import { fencingPort } from '../ports/fencing.ts';
import { guestsPort } from '../ports/guests.ts';
import { type Latencies, USUAL_LATENCIES } from '../ports/latency.ts';
import { Outside } from '../ports/outside.ts';
import { outboxPort } from '../ports/queue.ts';
import { statePort } from '../ports/state.ts';
import { StrikingBoard } from './board.ts';
import { type Chances, chanceFor, evenChanceFor, virtualChance } from './chance.ts';
import { Director } from './director.ts';
import type { Invocation } from './invocation.ts';
import { Lambda } from './lambda.ts';
import { LoggedJournal, WorldLog } from './log.ts';
import { Queues } from './queues.ts';
import { Scheduler } from './scheduler.ts';
import { States } from './states.ts';
import { directly, MemoryStore } from './store.ts';

/** When the virtual time begins, in Unix ms. */
/** Id of the image that every instance is from which has one. */
export const IMAGE = 'image';
export const START_MS = Date.parse('2026-01-01T00:00:00Z');

export interface SimulationOptions {
  readonly seed: number;
  readonly policy: Policy;
  readonly hosts: readonly HostOptions[];
  readonly world?: Partial<WorldOptions>;
  readonly latencies?: Latencies;
  /** Chance takes the middle of each range, so that nothing but what is planned happens. */
  readonly even?: boolean;
  readonly faults?: readonly PlannedFault[];
  /** Chance of kinds that strike without a plan. */
  readonly noise?: Partial<Readonly<Record<FaultKind, number>>>;
  /** How far the index of what is due is behind, in ms. */
  readonly indexLagMs?: readonly [number, number];
  /** What the functions are given in place of the services; for tests that break one. */
  readonly wrap?: (services: Services) => Services;
  readonly functions?: Partial<Functions>;
}

const USUAL_WORLD: WorldOptions = {
  serviceDownSeconds: 20,
  evacuationMs: 8_000,
  liveMigrationMs: 20_000,
  rebuildsAtOncePerHost: 8,
  hostBootMs: 180_000,
  rebootMs: 4_000,
  rebuildMs: 6_000,
  shelveOffloads: false,
  resumeGuests: true,
};

/**
 * salvor's functions, unchanged, in a simulated world: their queues, their store, a cloud, and nothing that is real.
 * Time passes only in {@link run}.
 */
export class Simulation {
  readonly policy: Policy;
  readonly scheduler: Scheduler;
  readonly log: WorldLog;
  readonly world: World;
  readonly store: MemoryStore;
  readonly queues: Queues;
  readonly states: States;
  readonly director: Director;
  readonly lambda: Lambda;
  /** Chance of whatever is not salvor and not the cloud. */
  readonly random: Random;
  /** The same of others, for whoever joins in. */
  readonly chances: Chances;
  readonly #mail: Random;

  constructor(options: SimulationOptions) {
    const { seed, policy, latencies = USUAL_LATENCIES, indexLagMs = [0, 500] } = options;
    this.policy = policy;
    const chances: Chances = (purpose) => (options.even ? evenChanceFor : chanceFor)(seed, purpose);
    this.chances = chances;
    this.random = chances('people');
    this.#mail = chances('mail');
    this.scheduler = new Scheduler(START_MS);
    const now = () => this.scheduler.now();
    this.log = new WorldLog(now);
    this.states = new States((key) => this.#names.get(key));
    this.director = new Director({
      faults: options.faults ?? [],
      noise: options.noise ?? {},
      states: this.states,
      now,
      startMs: START_MS,
      onStrike: (strike) => this.log.add({ kind: 'struck', strike }),
    });
    const board = new StrikingBoard(this.director, chances('board'));
    const journal: Journal = new LoggedJournal(this.scheduler, this.log);
    this.world = new World({
      clock: this.scheduler,
      random: chances('cloud'),
      journal,
      faults: board,
      options: { ...USUAL_WORLD, ...options.world },
    });
    board.hostOf = (id) => this.world.servers.get(id)?.host ?? undefined;
    for (const flavor of defaultFlavors()) this.world.flavors.set(flavor.id, flavor);
    this.world.images.set(IMAGE, defaultImage(IMAGE));
    for (const host of options.hosts) this.#addHost(host);
    const lag = chances('index');
    this.store = new MemoryStore({
      onCommit: (writes) => {
        this.states.follow(writes);
        this.log.add({ kind: 'committed', writes });
      },
      propagate: (apply, { partition }) => {
        const host = this.#names.get(partition.slice('host#'.length));
        const late = host === undefined ? undefined : this.director.pick(['index-lags'], { hosts: [host] }, lag);
        const [min, max] = indexLagMs;
        this.scheduler.after((late?.sizeMs ?? 0) + min + (max - min) * lag.next(), apply);
      },
    });
    this.queues = new Queues({
      specs: QUEUES,
      scheduler: this.scheduler,
      random: chances('queues'),
      log: this.log,
      onVisible: (queue) => this.lambda.pump(queue),
    });
    const outside = new Outside(this.log, this.scheduler);
    const chance = virtualChance(chances('salvor'), now);
    const wrap = options.wrap ?? ((services: Services) => services);
    const servicesFor = (current: () => Invocation): Services =>
      wrap({
        state: statePort(current, this.store, latencies),
        outbox: outboxPort(current, this.queues, latencies, this.log),
        compute: computePort(current, this.world, outside, latencies),
        fencing: fencingPort(current, this.world, outside, latencies),
        localRestart: edgePort(current, outside, latencies, (host, service) => this.onRestart(host, service)),
        guests: guestsPort(current, this.world),
        clock: { now, sleep: (ms) => current().sleep(ms) },
        chance,
        trustedSenders: 'everybody',
        policy,
        log: logInto(this.log),
      });
    this.lambda = new Lambda({
      chances,
      functions: { ...FUNCTIONS, ...options.functions },
      scheduler: this.scheduler,
      director: this.director,
      log: this.log,
      queues: this.queues,
      servicesFor,
      hostsOf: (body) => this.#hostsOf(body),
    });
  }

  /** What the worker at the edge makes of a request; there is none unless a play has one. */
  onRestart: (host: string, service: string) => RestartAnswer['kind'] = () => 'refused';

  readonly #names = new Map<string, string>();

  #addHost(options: HostOptions): void {
    const host = buildHost(this.world, options);
    const { name: cloud, region } = this.policy.cloud;
    this.#names.set(hostKeyOf(cloud, region, host.serviceUuid), host.name);
  }

  /** Names of the hosts that a message of any queue is about. */
  #hostsOf(body: string): readonly string[] {
    const key = /"hostKey":"([^"]+)"/.exec(body)?.[1];
    const name = key === undefined ? /"host":"([^"]+)"/.exec(body)?.[1] : this.#names.get(key);
    return name === undefined ? [] : [name];
  }

  /** ms since the beginning. */
  get elapsedMs(): number {
    return this.scheduler.now() - START_MS;
  }

  /** The mirror of the inventory is made first, as at any start of salvor. */
  start(): void {
    this.lambda.runScheduled('mirror-inventory');
    this.lambda.start();
  }

  /** Somebody puts a report into the queue. */
  report(event: HostEvent): void {
    this.log.add({ kind: 'reported', event });
    const late = this.director.pick(['message-delayed'], { hosts: [event.data.host] }, this.#mail);
    this.queues.put(event, JSON.stringify(event), late?.sizeMs ?? 0);
  }

  /** An operator puts a command into the queue. */
  command(command: OperatorCommand): void {
    this.log.add({ kind: 'commanded', command });
    this.queues.put(command, JSON.stringify(command), 0);
  }

  /** @param untilMs since the beginning */
  run(untilMs: number, afterEach?: () => boolean): Promise<void> {
    return this.scheduler.run(START_MS + untilMs, afterEach);
  }

  /** The state as it is now, for whoever is not a function. */
  reader(): StateReader {
    return directly(this.store);
  }
}

function logInto(log: WorldLog): Log {
  const at = (level: string) => (message: string, fields?: { readonly error?: unknown }) =>
    log.add({
      kind: 'logged',
      level,
      message,
      error: typeof fields?.error === 'string' ? fields.error : undefined,
    });
  return { info: at('info'), warn: at('warn'), error: at('error') };
}
