import type { FunctionName } from '#events/catalog.ts';
import type { DatedHappening, OutsideRequest } from '../engine/log.ts';
import type { Simulation } from '../engine/simulation.ts';
import { factsOf } from './intents.ts';

/** What operators have asked for of hosts, and what salvor has under way to bring them back. Times in Unix ms. */
export class Returns {
  readonly #names = new Map<string, string>();
  /** Hosts that a person has asked to be given back, or whose planned work was over. */
  readonly #askedFor = new Set<string>();
  /** Hosts that a person has put into maintenance. */
  readonly #worked = new Set<string>();
  /** Hosts in maintenance by salvor's own record, since when. */
  readonly #inMaintenanceSinceMs = new Map<string, number>();
  /** Which function each invocation is of. */
  readonly #functions = new Map<number, FunctionName>();
  /** Requests that have left and not arrived, by their numbers. */
  readonly #underWay = new Map<number, OutsideRequest>();
  /** When salvor has last switched each host on. */
  readonly #poweredOnAtMs = new Map<string, number>();

  constructor({ world, policy }: Simulation) {
    const { name, region } = policy.cloud;
    for (const host of world.hosts.values()) this.#names.set(`${name}/${region}/${host.serviceUuid}`, host.name);
  }

  follow(happening: DatedHappening): void {
    if (happening.kind === 'commanded' && 'hostKey' in happening.command) {
      const host = this.#names.get(happening.command.hostKey) ?? '';
      const { type } = happening.command;
      if (type === 'return' || type === 'maintenance-off') this.#askedFor.add(host);
      if (type === 'maintenance-on') this.#worked.add(host);
    }
    for (const { type, stream } of factsOf(happening)) {
      const host = this.#names.get(stream.slice('host#'.length)) ?? '';
      if (type === 'maintenance-opened') this.#inMaintenanceSinceMs.set(host, happening.atMs);
      if (type === 'maintenance-ended') this.#inMaintenanceSinceMs.delete(host);
    }
    if (happening.kind === 'began') this.#functions.set(happening.invocation, happening.name);
    if (happening.kind === 'asked') this.#underWay.set(happening.request.id, happening.request);
    if (happening.kind !== 'arrived') return;
    const { request, did, outcome } = happening;
    this.#underWay.delete(request.id);
    if (request.act === 'power-on' && did) this.#poweredOnAtMs.set(outcome.split(' ')[1] ?? '', happening.atMs);
  }

  isAskedFor(host: string): boolean {
    return this.#askedFor.has(host);
  }

  /** A person has put it into maintenance, however long ago. */
  wasWorkedOn(host: string): boolean {
    return this.#worked.has(host);
  }

  /** Since when salvor has it on record as in maintenance; infinite when it has not. */
  inMaintenanceSinceMs(host: string): number {
    return this.#inMaintenanceSinceMs.get(host) ?? Number.POSITIVE_INFINITY;
  }

  /** The function that sends it. */
  askerOf({ invocation }: OutsideRequest): FunctionName | undefined {
    return this.#functions.get(invocation);
  }

  /** The functions that have a request of this kind about the host on its way. */
  askersOf(host: string, act: OutsideRequest['act']): readonly (FunctionName | undefined)[] {
    return [...this.#underWay.values()].flatMap((request) =>
      request.host === host && request.act === act ? [this.askerOf(request)] : [],
    );
  }

  /** When salvor has last switched the host on; 0 for never. */
  poweredOnAtMs(host: string): number {
    return this.#poweredOnAtMs.get(host) ?? 0;
  }
}
