import type { LeaseRequest } from '#shared/domain/watchdog.ts';
import type { Services } from '#shared/services.ts';
import { grantLease } from '#shared/shell/grant-lease.ts';
import { findHost } from '#shared/shell/known-hosts.ts';
import type { SimHost, SimWatchdog } from '#sim/world/types.ts';
import { feedWatchdog, letComputeStart } from '#sim/world/watchdog.ts';
import { happens } from './engine/chance.ts';
import type { Simulation } from './engine/simulation.ts';

/** The keepers of hardware watchdogs, as agents/salvor-watchdog is one: they ask for leases, and feed once for each. */

export interface KeeperChances {
  /** That a call is lost on its way there, or its answer on the way back. */
  readonly lost: number;
  /** That the keeper stands still right before it feeds, up to the last moment at which that still helps. */
  readonly late: number;
  /** That from one call on a host gets through to nobody for a while, although all else of it does. */
  readonly deaf: number;
}
export const NO_TROUBLE: KeeperChances = { lost: 0, late: 0, deaf: 0 };

const EVERY_MS = 10_000;
/** An answer that comes later is not believed. */
const BELIEVED_WITHIN_MS = 5_000;
const DEAF_MS = { least: 10_000, more: 240_000 };
/** As its kernel calls it. */
const IDENTITY = 'iTCO_wdt';

/** Every host that has a watchdog guards itself by it, for good. */
export function startKeepers(simulation: Simulation, chances: KeeperChances): void {
  for (const host of simulation.world.hosts.values())
    if (host.watchdog !== null) keep(simulation, host, host.watchdog, chances);
}

function keep(simulation: Simulation, host: SimHost, watchdog: SimWatchdog, { lost, late, deaf }: KeeperChances): void {
  const { scheduler, world, lambda, director } = simulation;
  const random = simulation.chances(`watchdog of ${host.name}`);
  const everyMs = Math.min(EVERY_MS, watchdog.timeoutMs / 4);
  let deafUntilMs = 0;

  const later = (ms: number): void => void scheduler.after(ms, ask);

  function feed(): void {
    const isOpened = watchdog.state === 'idle';
    feedWatchdog(world, host);
    letComputeStart(world, host);
    later(isOpened ? 1_000 : everyMs);
  }

  /** How long the keeper stands still when it could feed. */
  function pauseMs(): number {
    if (director.isCalm || !happens(random, late)) return 100 * random.next();
    const leftMs = watchdog.state === 'armed' ? watchdog.firesAtMs - scheduler.now() : watchdog.timeoutMs;
    return Math.max(0, leftMs - 1) * (happens(random, 0.5) ? 1 : random.next());
  }

  function ask(): void {
    if (!director.isCalm && happens(random, deaf))
      deafUntilMs = scheduler.now() + DEAF_MS.least + DEAF_MS.more * random.next();
    const isHeard = watchdog.osRuns && watchdog.reaches && scheduler.now() >= deafUntilMs && !happens(random, lost);
    if (!isHeard) {
      later(everyMs);
      return;
    }
    const askedAtMs = scheduler.now();
    const { generation } = host;
    const call = { boot: `${host.name} ${generation}`, uptimeMs: askedAtMs };
    let isOver = false;
    const answered = lambda.call('http-ingest', host.name, (services) =>
      leaseFor(services, host.name, watchdog, call).catch(() => false),
    );
    void answered.then((granted) => {
      if (isOver) return;
      isOver = true;
      const isHeardOf = granted && watchdog.reaches && !happens(random, lost);
      if (!isHeardOf || scheduler.now() - askedAtMs >= BELIEVED_WITHIN_MS || !watchdog.osRuns) later(everyMs);
      else
        scheduler.after(pauseMs(), () => {
          // A keeper that has died meanwhile feeds nothing; one that was cut off does.
          if (host.generation === generation || watchdog.state === 'armed') feed();
          else later(everyMs);
        });
    });
    scheduler.after(BELIEVED_WITHIN_MS, () => {
      if (isOver) return;
      isOver = true;
      later(everyMs);
    });
  }

  later(everyMs * random.next());
}

/** What the endpoint for leases does (shared/ingest/watchdog.ts). */
async function leaseFor(
  services: Services,
  name: string,
  { state, timeoutSeconds }: SimWatchdog,
  call: Pick<LeaseRequest, 'boot' | 'uptimeMs'>,
): Promise<boolean> {
  const found = await findHost(services, { host: name });
  if ('unknown' in found) return false;
  const answer = await grantLease(services, found.known, {
    armed: state !== 'idle',
    timeoutSeconds,
    identity: IDENTITY,
    ...call,
  });
  return 'granted' in answer;
}
