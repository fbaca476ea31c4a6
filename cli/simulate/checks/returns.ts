import type { DatedHappening, OutsideRequest } from '../engine/log.ts';
import type { Simulation } from '../engine/simulation.ts';

/** What operators have asked for of hosts, and what salvor has under way to bring them back. Times in Unix ms. */
export class Returns {
  readonly #names = new Map<string, string>();
  /** Hosts that a person has asked to be given back, or whose planned work was over. */
  readonly #askedFor = new Set<string>();
  /** Hosts that a person has put into maintenance. */
  readonly #worked = new Set<string>();
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

  /** Whether a request of this kind about the host is on its way. */
  isAsked(host: string, act: OutsideRequest['act']): boolean {
    return [...this.#underWay.values()].some((request) => request.host === host && request.act === act);
  }

  /** When salvor has last switched the host on; 0 for never. */
  poweredOnAtMs(host: string): number {
    return this.#poweredOnAtMs.get(host) ?? 0;
  }
}
