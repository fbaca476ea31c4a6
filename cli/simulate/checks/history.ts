import type { SimHost } from '#sim/world/types.ts';
import { isAlive } from '../actions.ts';
import type { DatedHappening } from '../engine/log.ts';
import type { Simulation } from '../engine/simulation.ts';

/** Since when something is true of a host, in Unix ms; infinitely late when it is not. */
interface HostHistory {
  /** It has power, reports, and Nova would say up. */
  upSinceMs: number;
  disabledSinceMs: number;
  notForcedDownSinceMs: number;
  unprotectedSinceMs: number;
  protectedSinceMs: number;
  /** Its service is enabled and not forced down, whether it reports or not. */
  inServiceSinceMs: number;
  /** Not so. */
  outOfServiceSinceMs: number;
  /** nova-compute does not report; Nova notices later. */
  silentSinceMs: number;
  /** When Nova was last made to call it up although it did not report; 0 for never. */
  seenUpAtMs: number;
}

/** nova-compute that has lost libvirt disables itself, and salvor a host with a dead process; each says so in its way. */
const isMaintenance = ({ disabled, disabledReason }: SimHost): boolean =>
  disabled && !/^(AUTO: |salvor: process )/.test(disabledReason ?? '');

const NEVER = Number.POSITIVE_INFINITY;

/** How long each host has been what it is. */
export class HostHistories {
  readonly #simulation: Simulation;
  readonly #byHost = new Map<string, HostHistory>();
  readonly #isProtected: (host: string) => boolean;

  constructor(simulation: Simulation, isProtected: (host: string) => boolean) {
    this.#simulation = simulation;
    this.#isProtected = isProtected;
    for (const name of simulation.world.hosts.keys()) {
      this.#byHost.set(name, {
        upSinceMs: NEVER,
        disabledSinceMs: NEVER,
        notForcedDownSinceMs: NEVER,
        unprotectedSinceMs: NEVER,
        protectedSinceMs: NEVER,
        inServiceSinceMs: NEVER,
        outOfServiceSinceMs: NEVER,
        silentSinceMs: NEVER,
        seenUpAtMs: 0,
      });
      this.#look(name, 0);
    }
  }

  of(host: string): Readonly<HostHistory> {
    return this.#of(host);
  }

  #of(host: string): HostHistory {
    const history = this.#byHost.get(host);
    if (history === undefined) throw new Error(`there is no host ${host}`);
    return history;
  }

  see(happening: DatedHappening): void {
    if (happening.kind === 'fact' && happening.fact.kind !== 'guest' && 'host' in happening.fact)
      this.#look(happening.fact.host, happening.atMs);
    if (happening.kind === 'struck' && happening.strike.kind === 'service-seen-up')
      this.#of(happening.strike.host).seenUpAtMs = happening.atMs;
    if (happening.kind === 'person') this.#look(happening.host, happening.atMs);
  }

  #look(name: string, atMs: number): void {
    const host = this.#simulation.world.hosts.get(name);
    const history = this.#byHost.get(name);
    if (host === undefined || history === undefined) return;
    const since = (holds: boolean, before: number): number => (holds ? Math.min(before, atMs) : NEVER);
    history.upSinceMs = since(isAlive(host) && !host.forcedDown, history.upSinceMs);
    history.disabledSinceMs = since(isMaintenance(host), history.disabledSinceMs);
    history.notForcedDownSinceMs = since(!host.forcedDown, history.notForcedDownSinceMs);
    const isProtected = this.#isProtected(name);
    history.unprotectedSinceMs = since(!isProtected, history.unprotectedSinceMs);
    history.protectedSinceMs = since(isProtected, history.protectedSinceMs);
    const isInService = !host.disabled && !host.forcedDown;
    history.inServiceSinceMs = since(isInService, history.inServiceSinceMs);
    history.outOfServiceSinceMs = since(!isInService, history.outOfServiceSinceMs);
    history.silentSinceMs = since(!host.computeRunning, history.silentSinceMs);
  }
}
