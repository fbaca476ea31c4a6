import type { DatedHappening } from '../engine/log.ts';
import type { Simulation } from '../engine/simulation.ts';

/**
 * What is true of hosts out there. One whose device said off while it ran is beyond what salvor can know: the guests that
 * it has are not held against it, until it is really off.
 */
export class Truth {
  readonly #simulation: Simulation;
  readonly #liedFor = new Set<string>();

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  follow(happening: DatedHappening): void {
    if (happening.kind === 'struck' && happening.strike.kind === 'bmc-lies-off')
      this.#liedFor.add(happening.strike.host);
    if (happening.kind === 'fact' && happening.fact.kind === 'power' && happening.fact.power === 'off')
      this.#liedFor.delete(happening.fact.host);
  }

  isLiedFor(host: string): boolean {
    return this.#liedFor.has(host);
  }

  /** How many guests run there that nobody was told are off. */
  guestsOn(host: string): number {
    return this.isLiedFor(host) ? 0 : (this.#simulation.world.hosts.get(host)?.guests.size ?? 0);
  }
}
