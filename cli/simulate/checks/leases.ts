import type { DatedHappening } from '../engine/log.ts';

/** A lease that salvor has granted, by what it has written. */
interface Granted {
  readonly grantedAtMs: number;
  readonly timeoutSeconds: number;
  readonly armed: boolean;
}

/** docs/fencing.md: of the call in which the lease came; and by what part two clocks may run apart. */
const CALL_SECONDS = 5;
const DRIFT = 0.02;

/** The last lease of each host. */
export class Leases {
  readonly #last = new Map<string, Granted>();

  /** @returns the host that was granted one by this happening */
  follow(happening: DatedHappening): string | undefined {
    if (happening.kind !== 'committed') return undefined;
    for (const write of happening.writes) {
      if (write.kind !== 'put' || !write.partition.startsWith('watchdog#')) continue;
      const { host, revokedBy, ...granted } = write.body as unknown as Granted & {
        readonly host: string;
        readonly revokedBy: string | null;
      };
      if (revokedBy !== null) continue;
      this.#last.set(host, granted);
      return host;
    }
    return undefined;
  }

  /** Why the host need not have been reset by its watchdog. */
  whyNotReset(host: string, resetSeconds: number, nowMs: number): string | undefined {
    const lease = this.#last.get(host);
    if (lease === undefined) return 'it never had a lease';
    if (!lease.armed) return 'its watchdog was not armed when it got its last lease';
    const seconds = (CALL_SECONDS + 2 * lease.timeoutSeconds + resetSeconds) * (1 + DRIFT);
    const overMs = lease.grantedAtMs + seconds * 1000;
    return nowMs < overMs ? `its last lease is over in ${Math.ceil((overMs - nowMs) / 1000)} s only` : undefined;
  }
}
