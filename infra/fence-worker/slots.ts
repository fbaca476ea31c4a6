/** Where a run takes place. */
export interface Place {
  /** Nothing else is done there meanwhile. */
  readonly device: string;
  readonly network: string;
  /** Goes before what only reads. */
  readonly isUrgent: boolean;
}

interface Waiting {
  readonly place: Place;
  readonly begin: () => void;
}

/** One run at a time for each device, and so many for each network; in the order of asking, the urgent ones first. */
export class Slots {
  readonly #limits: ReadonlyMap<string, number>;
  readonly #waiting: Waiting[] = [];
  readonly #devices = new Set<string>();
  readonly #running = new Map<string, number>();

  /** @param limits of the networks, by their names; one that is not there has no limit */
  constructor(limits: ReadonlyMap<string, number>) {
    this.#limits = limits;
  }

  get running(): number {
    return this.#devices.size;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** @returns what ends the run */
  take(place: Place): Promise<() => void> {
    return new Promise((resolve) => {
      const begin = (): void => resolve(() => this.#end(place));
      const behind = place.isUrgent ? this.#waiting.findIndex((each) => !each.place.isUrgent) : -1;
      this.#waiting.splice(behind < 0 ? this.#waiting.length : behind, 0, { place, begin });
      this.#beginNext();
    });
  }

  #end({ device, network }: Place): void {
    this.#devices.delete(device);
    this.#running.set(network, this.#runningIn(network) - 1);
    this.#beginNext();
  }

  #beginNext(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      const { device, network } = next.place;
      this.#devices.add(device);
      this.#running.set(network, this.#runningIn(network) + 1);
      next.begin();
    }
  }

  #next(): Waiting | undefined {
    return this.#waiting.find(
      ({ place: { device, network } }) =>
        !this.#devices.has(device) &&
        this.#runningIn(network) < (this.#limits.get(network) ?? Number.POSITIVE_INFINITY),
    );
  }

  #runningIn(network: string): number {
    return this.#running.get(network) ?? 0;
  }
}
