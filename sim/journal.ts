import type { WorldClock } from './clock.ts';

/** What a guest did on a host. `DOUBLE`: it started while it still ran on another host, so that one was not fenced. */
type GuestChange = 'on' | 'off' | 'DOUBLE';

/** A fact of the simulated world, as it happened (not as any API tells it). */
export type WorldFact =
  | {
      readonly kind: 'guest';
      readonly host: string;
      readonly serverId: string;
      readonly what: GuestChange;
      readonly otherHost?: string;
    }
  | { readonly kind: 'power'; readonly host: string; readonly power: 'on' | 'off' }
  | { readonly kind: 'outlet'; readonly host: string; readonly outlet: string; readonly power: 'on' | 'off' }
  /** A hardware watchdog was fed for the first time, has fired, or has reset its host: nothing of it runs from then on. */
  | { readonly kind: 'watchdog'; readonly host: string; readonly what: 'armed' | 'fires' | 'resets' }
  | { readonly kind: 'compute'; readonly host: string; readonly running: boolean }
  | { readonly kind: 'forced-down'; readonly host: string; readonly forcedDown: boolean }
  | { readonly kind: 'status'; readonly host: string; readonly disabled: boolean }
  | {
      readonly kind: 'evacuate-accepted';
      readonly serverId: string;
      readonly migrationUuid: string;
      readonly sourceHost: string;
      readonly forcedDown: boolean;
      readonly duringAnother: boolean;
    }
  | { readonly kind: 'migration'; readonly serverId: string; readonly migrationUuid: string; readonly status: string };

export type Dated<T> = T & { readonly seq: number; readonly atMs: number };

/** A guest's start or stop, `DOUBLE` included: what a hypervisor's own log would hold. */
export type LedgerEntry = Dated<Extract<WorldFact, { kind: 'guest' }>>;

/** Numbers and dates everything that happens, requests too, in one strictly increasing sequence. */
export class Journal {
  readonly facts: Dated<WorldFact>[] = [];
  readonly ledger: LedgerEntry[] = [];
  readonly #clock: WorldClock;
  #seq = 0;

  constructor(clock: WorldClock) {
    this.#clock = clock;
  }

  /** The next number of the sequence and the time now. */
  stamp(): { seq: number; atMs: number } {
    this.#seq += 1;
    return { seq: this.#seq, atMs: this.#clock.now() };
  }

  record(fact: WorldFact): void {
    const dated = { ...fact, ...this.stamp() };
    this.facts.push(dated);
    if (dated.kind === 'guest') this.ledger.push(dated);
  }
}
