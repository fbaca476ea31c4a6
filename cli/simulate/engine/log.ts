import { createHash } from 'node:crypto';
import type { FunctionName, QueueName } from '#events/catalog.ts';
import type { HostEvent } from '#events/host-event.ts';
import type { OperatorCommand } from '#events/operator-command.ts';
import type { StateWrite } from '#shared/ports.ts';
import { Journal, type WorldFact } from '#sim/journal.ts';
import type { Strike } from './director.ts';

/** A request of salvor to the outside that changes something there, or a reading of a fence device. */
export interface OutsideRequest {
  readonly id: number;
  readonly act:
    | 'evacuate'
    | 'reset-state'
    | 'force-down'
    | 'power-off'
    | 'read-power'
    | 'power-on'
    | 'force-up'
    // For one instance of a host that lives
    | 'reboot'
    | 'instance-reset'
    | 'migrate'
    | 'confirm-resize'
    | 'live-migrate'
    // For one that is restarted from a snapshot
    | 'rebuild'
    | 'start-restored'
    // Of a host's compute service
    | 'disable'
    | 'enable'
    | 'restart-service'
    // Of an aggregate
    | 'join'
    | 'part';
  readonly invocation: number;
  /** The host that it names; for an instance the one where Nova has it when the request leaves. */
  readonly host: string;
  readonly instanceId?: string;
  /** Of a fence device that is not the host's only BMC by Redfish. */
  readonly device?: string;
  /** Asked for; null leaves it to the scheduler. */
  readonly destination?: string | null;
  /** Of a rebuild. */
  readonly imageId?: string;
  readonly sentAtMs: number;
}

/** Everything that happens in the simulated world, seen from outside of salvor. */
export type Happening =
  | { readonly kind: 'fact'; readonly fact: WorldFact }
  | { readonly kind: 'asked'; readonly request: OutsideRequest }
  /** The request is where it takes effect, or not. `outcome`: what it did there, in words. */
  | { readonly kind: 'arrived'; readonly request: OutsideRequest; readonly did: boolean; readonly outcome: string }
  /** The caller was told this; there is none when nobody was left to hear it. */
  | { readonly kind: 'answered'; readonly request: OutsideRequest; readonly answer: string }
  /** Nova has answered whoever is about to decide on these hosts, with what it says of each. */
  | {
      readonly kind: 'services-read';
      readonly invocation: number;
      readonly said: Readonly<Record<string, 'up' | 'down'>>;
    }
  /** Whoever is about to decide on these hosts has tried the services that an evacuation needs. */
  | {
      readonly kind: 'services-tried';
      readonly invocation: number;
      readonly hosts: readonly string[];
      readonly silent: readonly string[];
    }
  | { readonly kind: 'committed'; readonly writes: readonly StateWrite[] }
  | { readonly kind: 'reported'; readonly event: HostEvent }
  /** An operator has put this into the queue. */
  | { readonly kind: 'commanded'; readonly command: OperatorCommand }
  /** A message was worked on and deleted. */
  | { readonly kind: 'acknowledged'; readonly queue: QueueName; readonly body: string }
  | { readonly kind: 'dead-lettered'; readonly queue: QueueName; readonly body: string }
  | {
      readonly kind: 'began';
      readonly invocation: number;
      readonly name: FunctionName;
      readonly hosts: readonly string[];
      readonly received: number;
    }
  | { readonly kind: 'ended'; readonly invocation: number; readonly how: 'done' | 'failed' | 'killed' }
  | { readonly kind: 'logged'; readonly level: string; readonly message: string; readonly error: string | undefined }
  | { readonly kind: 'struck'; readonly strike: Strike }
  /** Somebody or something outside of salvor is about to do this to a host. */
  | { readonly kind: 'person'; readonly act: string; readonly host: string }
  /** All of salvor stands still, or goes on. */
  | { readonly kind: 'halted'; readonly over: boolean }
  | { readonly kind: 'calm' };

export type DatedHappening = Happening & { readonly seq: number; readonly atMs: number };

/** The world's own log: numbered and dated, in the order in which things happened. */
export class WorldLog {
  readonly happenings: DatedHappening[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(happening: Happening): void {
    this.happenings.push({ ...happening, seq: this.happenings.length + 1, atMs: this.#now() });
  }

  /** One hash over all of it: two runs that have the same are the same run. */
  hash(): string {
    const hash = createHash('sha256');
    for (const happening of this.happenings) hash.update(`${JSON.stringify(happening)}\n`);
    return hash.digest('hex');
  }
}

/** The cloud's journal, each fact of which goes into the world's log as well. */
export class LoggedJournal extends Journal {
  readonly #log: WorldLog;

  constructor(clock: ConstructorParameters<typeof Journal>[0], log: WorldLog) {
    super(clock);
    this.#log = log;
  }

  override record(fact: WorldFact): void {
    super.record(fact);
    this.#log.add({ kind: 'fact', fact });
  }
}
