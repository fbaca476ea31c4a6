import { DAY_SECONDS, percentOf } from '#shared/domain/guards.ts';
import type { Segment } from '#shared/domain/policy.ts';
import type { DatedHappening } from '../engine/log.ts';
import { isRunningEvacuation } from '../ports/nova-view.ts';
import type { Scene } from './check.ts';
import { factsOf } from './intents.ts';

/** A host that is nagged about waits as long as this after its last incident (docs/states.md). */
const REOPENS_AFTER_MS = 600_000;

/** It sweeps each minute, if it runs. */
const STANDS_STILL_MS = 90_000;

/**
 * What may rightly keep salvor from a dead host, by the world's own numbers. Each is counted as shut rather than open:
 * other hosts that failed count together, whatever limit they come under.
 */
export class Hindrances {
  readonly #scene: Scene;
  /** When each host was last confirmed down, and when its last incident ended after that. */
  readonly #confirmedAtMs = new Map<string, number>();
  readonly #endedAtMs = new Map<string, number>();
  #sweptAtMs = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  follow(happening: DatedHappening): void {
    if (happening.kind === 'began' && happening.name === 'sweep') this.#sweptAtMs = happening.atMs;
    for (const { type, stream, fact } of factsOf(happening)) {
      const host = this.#scene.incidents.hostOf(stream) ?? '';
      if (type === 'confirmed') this.#confirmedAtMs.set(host, happening.atMs);
      if (type === 'incident-closed' && fact.outcome !== 'stood-down') this.#endedAtMs.set(host, happening.atMs);
    }
  }

  /** In words; undefined when nothing stands in the way. */
  of(host: string, segment: Segment, deadSinceMs: number, nowMs: number): string | undefined {
    const { simulation, switches } = this.#scene;
    const { world, states } = simulation;
    if (nowMs - this.#sweptAtMs > STANDS_STILL_MS) return 'salvor stands still';
    if (world.hosts.get(host)?.disabled || states.isInMaintenance(host)) return 'it is in maintenance';
    if (switches.isDismissedSince(host, deadSinceMs)) return 'a person has dismissed it';
    if (switches.offSinceMs(segment.name, nowMs) <= nowMs) return 'salvor is disarmed';
    const { hostReturn, evacuation } = segment;
    const quietMs = REOPENS_AFTER_MS + (hostReturn.mode === 'automatic' ? evacuation.settleSeconds * 1000 : 0);
    if (nowMs - (this.#endedAtMs.get(host) ?? 0) < quietMs) return 'its last incident has just ended';
    if (nowMs - this.#scene.returns.poweredOnAtMs(host) < hostReturn.bootSeconds * 1000) return 'it is starting';
    if ([...world.hosts.keys()].some((each) => states.incidentOf(each) === 'stopped')) return 'a person has to look';
    if (this.#isEvacuating()) return 'an evacuation is under way';
    return this.#tooMany(host, segment, nowMs) ?? this.#tooFew(host, segment);
  }

  /**
   * By Nova's records, for any host: one that is under way holds a token, perhaps the last. So does one that Nova marks
   * done and whose instance has not moved, until the deadline of its incident.
   */
  #isEvacuating(): boolean {
    const { servers, migrations, migrationsByServer } = this.#scene.simulation.world;
    return (
      [...migrations.values()].some(isRunningEvacuation) ||
      [...servers.values()].some(({ id, host, evacuation }) => {
        const last = migrationsByServer.get(id)?.findLast(({ type }) => type === 'evacuation');
        return evacuation !== null || (last?.sourceHost === host && ['done', 'completed'].includes(last.status));
      })
    );
  }

  /** The limits on failed hosts, the strictest of each kind. */
  #tooMany(host: string, { storm, reporters }: Segment, nowMs: number): string | undefined {
    const { policy, world, states } = this.#scene.simulation;
    const { failureDomains } = policy;
    const limits = [storm, policy.global.storm];
    const windowSeconds = Math.max(failureDomains.windowSeconds, ...limits.map((each) => each.windowSeconds));
    const others = [...world.hosts.keys()].filter((each) => each !== host);
    const isOpen = (each: string) => states.incidentOf(each) !== 'none';
    const countWithin = (seconds: number) =>
      1 + others.filter((each) => isOpen(each) || (this.#confirmedAtMs.get(each) ?? 0) + seconds * 1000 > nowMs).length;
    const count = countWithin(windowSeconds);
    const { maxHostsPerDomain, maxDomains } = failureDomains;
    const most = Math.min(maxHostsPerDomain, maxDomains, ...limits.map(({ maxHosts }) => maxHosts));
    // Of the segment the same hosts are a greater part than of the cloud.
    const whole =
      others.filter((each) => this.#scene.segmentsOf(each).some(({ storm: its }) => its === storm)).length + 1;
    const maxPercent = Math.min(...limits.map((each) => each.maxPercent));
    if (count > most || (count > 1 && percentOf(count, whole) > maxPercent)) return `${count} hosts have failed`;
    if (countWithin(DAY_SECONDS) > Math.min(...limits.map(({ maxHostsPerDay }) => maxHostsPerDay)))
      return 'too many hosts have failed today';
    return 1 + others.filter(isOpen).length > reporters.maxAccusedHosts ? 'its reporters accuse many hosts' : undefined;
  }

  /** Hosts that are well, and hosts that Nova sees up. */
  #tooFew(host: string, segment: Segment): string | undefined {
    const { simulation, segmentsOf } = this.#scene;
    const { world, states, policy } = simulation;
    const others = [...world.hosts.values()].filter(({ name }) => name !== host);
    const up = others.filter((each) => world.serviceIsUp(each));
    if (percentOf(up.length, others.length) < policy.observer.minHostsUpPercent) return 'Nova sees few hosts up';
    const healthy = up.filter(
      ({ name, disabled }) => !disabled && states.incidentOf(name) === 'none' && segmentsOf(name)[0] === segment,
    );
    return healthy.length < segment.minHealthyHosts ? 'few healthy hosts are left' : undefined;
  }
}
