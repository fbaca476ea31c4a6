import {
  ENDPOINTS,
  type EndpointName,
  type FunctionName,
  QUEUES,
  type QueueName,
  SCHEDULES,
  type ScheduleName,
} from '#events/catalog.ts';
import type { Functions } from '#infra/embedded/functions.ts';
import type { SqsRecord } from '#shared/lambda/queue-function.ts';
import type { Services } from '#shared/services.ts';
import type { Random } from '#sim/random.ts';
import type { Chances } from './chance.ts';
import type { Director } from './director.ts';
import { Invocation } from './invocation.ts';
import type { WorldLog } from './log.ts';
import type { Message, Queues } from './queues.ts';
import type { Scheduler } from './scheduler.ts';

const QUEUE_NAMES = Object.keys(QUEUES) as readonly QueueName[];
/** A simulated world has nobody to tell. */
const SCHEDULE_NAMES = (Object.keys(SCHEDULES) as readonly ScheduleName[]).filter((name) => name !== 'notify');

/** One execution environment: it keeps what a function caches, has one invocation at a time, and dies when that is killed. */
interface Environment {
  current: Invocation;
  readonly services: Services;
}

export interface LambdaParts {
  readonly chances: Chances;
  readonly functions: Functions;
  readonly scheduler: Scheduler;
  readonly director: Director;
  readonly log: WorldLog;
  readonly queues: Queues;
  /** The services of an environment, whose calls are those of its current invocation. */
  readonly servicesFor: (current: () => Invocation) => Services;
  /** Names of the hosts that a message is about. */
  readonly hostsOf: (body: string) => readonly string[];
}

/** Runs the functions of the catalogue as Lambda does behind its event sources and schedules. */
export class Lambda {
  readonly #parts: LambdaParts;
  readonly #random: Random;
  readonly #running = new Map<FunctionName, number>();
  readonly #idle = new Map<FunctionName, Environment[]>();
  readonly #alive = new Set<Invocation>();
  #halted = false;
  #invocations = 0;
  /** How often a function was given the same thing. */
  readonly #given = new Map<string, number>();

  constructor(parts: LambdaParts) {
    this.#parts = parts;
    this.#random = parts.chances('lambda');
  }

  /** Schedules begin at some moment of their first beat. */
  start(): void {
    for (const name of SCHEDULE_NAMES) {
      const everyMs = SCHEDULES[name].everySeconds * 1000;
      const beat = (): void => {
        this.runScheduled(name);
        this.#parts.scheduler.after(everyMs, beat);
      };
      this.#parts.scheduler.after(everyMs * this.#random.next(), beat);
    }
  }

  /** Kills all that runs, and lets nothing run until {@link goOn}. */
  halt(): void {
    this.#halted = true;
    for (const invocation of this.#alive) invocation.kill();
  }

  goOn(): void {
    this.#halted = false;
    for (const queue of QUEUE_NAMES) this.pump(queue);
  }

  /** Lets the pollers of a queue take what they can. */
  pump(queue: QueueName): void {
    if (this.#halted) return;
    const { concurrency, batchSize, function: name } = QUEUES[queue];
    while ((this.#running.get(name) ?? 0) < concurrency) {
      const batch = this.#parts.queues.receive(queue, batchSize);
      if (batch.length === 0) return;
      this.#invoke(queue, batch);
    }
  }

  runScheduled(name: ScheduleName): void {
    if (this.#halted) return;
    const { functions } = this.#parts;
    const environment = this.#begin(name, SCHEDULES[name].functionTimeoutSeconds, [], 0, '');
    const { current: invocation, services } = environment;
    const work = functions[name](services).then(
      () => 'done' as const,
      (error: unknown) => {
        services.log.error('a scheduled function failed', { error: messageOf(error) });
        return 'failed' as const;
      },
    );
    void work.then((how) => this.#end(environment, invocation, how));
    this.#parts.scheduler.wake();
  }

  /**
   * Somebody calls an endpoint.
   * @returns what it answers; never, where it does not live to do so
   */
  async call<T>(name: EndpointName, host: string, work: (services: Services) => Promise<T>): Promise<T> {
    if (this.#halted) return Promise.withResolvers<T>().promise;
    const environment = this.#begin(name, ENDPOINTS[name].functionTimeoutSeconds, [host], 0, host);
    const { current: invocation, services } = environment;
    const answer = work(services);
    void answer.then(
      () => this.#end(environment, invocation, 'done'),
      () => this.#end(environment, invocation, 'done'),
    );
    this.#parts.scheduler.wake();
    return answer;
  }

  #invoke(queue: QueueName, batch: readonly Message[]): void {
    const { director, queues, functions, hostsOf, log } = this.#parts;
    const spec = QUEUES[queue];
    const hosts = [...new Set(batch.flatMap(({ body }) => hostsOf(body)))];
    const received = Math.max(...batch.map(({ receives }) => receives));
    const environment = this.#begin(spec.function, spec.functionTimeoutSeconds, hosts, received, batch[0]?.body ?? '');
    const { current: invocation, services } = environment;
    for (const message of batch) {
      const twice = invocation.struckBy(['message-duplicated'], { hosts: hostsOf(message.body) });
      if (twice !== undefined) queues.duplicate(message, twice.sizeMs);
    }
    const work = functions[spec.function].handle(services, batch.map(recordOf)).then(
      (failed) => ({ failed }),
      (error: unknown) => {
        services.log.error('a function failed', { error: messageOf(error) });
        return { failed: batch.map(({ id }) => id) };
      },
    );
    void work.then(({ failed }) => {
      if (!invocation.alive) return;
      if (director.pick(['killed-before-ack'], invocation.subject(), invocation.random) !== undefined) {
        invocation.kill();
        return;
      }
      for (const message of batch) {
        if (failed.includes(message.id)) continue;
        if (director.pick(['ack-lost'], { hosts: hostsOf(message.body) }, invocation.random) !== undefined) continue;
        queues.delete(message);
        log.add({ kind: 'acknowledged', queue, body: message.body });
      }
      this.#end(environment, invocation, failed.length > 0 ? 'failed' : 'done');
    });
    this.#parts.scheduler.wake();
  }

  #begin(
    name: FunctionName,
    timeoutSeconds: number,
    hosts: readonly string[],
    received: number,
    body: string,
  ): Environment {
    const { scheduler, director, servicesFor, log, chances } = this.#parts;
    this.#invocations += 1;
    const id = this.#invocations;
    const timeoutMs = timeoutSeconds * 1000;
    // By what it is given, so that a run with a fault less goes the same way as long as it can.
    const given = `${name} ${body}`;
    const times = (this.#given.get(given) ?? 0) + 1;
    this.#given.set(given, times);
    const invocation: Invocation = new Invocation({
      id,
      name,
      hosts,
      timeoutMs,
      random: chances(`${given} ${times}`),
      scheduler,
      director,
      onKilled: () => {
        log.add({ kind: 'ended', invocation: id, how: 'killed' });
        this.#alive.delete(invocation);
        this.#leave(name);
      },
    });
    this.#running.set(name, (this.#running.get(name) ?? 0) + 1);
    log.add({ kind: 'began', invocation: id, name, hosts, received });
    this.#alive.add(invocation);
    scheduler.after(timeoutMs, () => invocation.kill());
    const idle = this.#idle.get(name)?.pop();
    if (idle !== undefined) {
      idle.current = invocation;
      return idle;
    }
    const environment: Environment = { current: invocation, services: servicesFor(() => environment.current) };
    return environment;
  }

  #end(environment: Environment, invocation: Invocation, how: 'done' | 'failed'): void {
    if (!invocation.alive) return;
    invocation.end();
    this.#alive.delete(invocation);
    this.#parts.log.add({ kind: 'ended', invocation: invocation.id, how });
    const idle = this.#idle.get(invocation.name);
    if (idle === undefined) this.#idle.set(invocation.name, [environment]);
    else idle.push(environment);
    this.#leave(invocation.name);
  }

  /** Who has waited for the place takes it at once. */
  #leave(name: FunctionName): void {
    this.#running.set(name, (this.#running.get(name) ?? 1) - 1);
    const queue = QUEUE_NAMES.find((each) => QUEUES[each].function === name);
    if (queue !== undefined) this.#parts.scheduler.after(0, () => this.pump(queue));
  }
}

/** Without the stack, which is not the same each time. */
const messageOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

const recordOf = ({ id, body, receives, sentAtMs }: Message): SqsRecord => ({
  messageId: id,
  body,
  attributes: { ApproximateReceiveCount: String(receives), SentTimestamp: String(sentAtMs) },
});
