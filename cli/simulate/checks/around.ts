import type { Segment } from '#shared/domain/policy.ts';
import type { DatedHappening } from '../engine/log.ts';
import type { Simulation } from '../engine/simulation.ts';
import { DECIDED_WITHIN_MS, KNOWN_WITHIN_MS } from './check.ts';
import type { HostHistories } from './history.ts';
import { factsOf, type Incidents } from './intents.ts';

/** When a host was last decided on, and under which segment's policy. */
interface Decision {
  readonly atMs: number;
  readonly segment: string;
}

interface OpenIncident extends Decision {
  readonly id: string;
}

/** The index of open incidents may be this far behind in this world. */
const INDEX_BEHIND_MS = 12_000;

/**
 * What has befallen the hosts around one that is decided on, as far as it surely was to be known by then: open incidents
 * that the index shows, and decisions, which take their tickets as they are committed. A host that was in maintenance or
 * forced down lately counts for nobody here: its failure may be an old one, which counts no more.
 */
export class Around {
  readonly #simulation: Simulation;
  readonly #histories: HostHistories;
  readonly #incidents: Incidents;
  readonly #open = new Map<string, OpenIncident>();
  readonly #decided = new Map<string, Decision>();
  readonly #closedAtMs = new Map<string, number>();

  constructor(simulation: Simulation, histories: HostHistories, incidents: Incidents) {
    this.#simulation = simulation;
    this.#histories = histories;
    this.#incidents = incidents;
  }

  /** Decisions of this very happening are not followed yet: they are judged by those before. */
  follow(happening: DatedHappening): void {
    if (happening.kind !== 'committed') return;
    const { atMs } = happening;
    for (const write of happening.writes) {
      if (write.kind !== 'put' || write.partition !== 'incidents') continue;
      const { id, host, closedAtMs } = write.body as { id: string; host: string; closedAtMs: number | null };
      const segment = this.#incidents.segmentOf(host) ?? '';
      if (closedAtMs !== null) {
        this.#open.delete(host);
        this.#closedAtMs.set(host, atMs);
      } else if (this.#open.get(host)?.id !== id) this.#open.set(host, { id, atMs, segment });
    }
    for (const { type, stream } of factsOf(happening)) {
      const host = this.#incidents.hostOf(stream) ?? '';
      if (type !== 'confirmed' || !this.#isInService(host, atMs)) continue;
      const segment = this.#incidents.segmentOf(host) ?? '';
      if (this.segment(segment)?.mode === 'enforce') this.#decided.set(host, { atMs, segment });
    }
  }

  segment(name: string | undefined): Segment | undefined {
    return this.#simulation.policy.segments.find((each) => each.name === name);
  }

  /** When other hosts' open incidents were opened. @param segment undefined: of all */
  openOthers(host: string, segment: string | undefined, nowMs: number): ReadonlyMap<string, number> {
    const open = [...this.#open].filter(
      ([name, each]) =>
        name !== host &&
        (segment === undefined || each.segment === segment) &&
        each.atMs < nowMs - INDEX_BEHIND_MS &&
        this.#isInService(name, nowMs),
    );
    return new Map(open.map(([name, { atMs }]) => [name, atMs]));
  }

  /** Nobody can have held it for suspect lately. */
  isQuiet(host: string, nowMs: number): boolean {
    return !this.#open.has(host) && (this.#closedAtMs.get(host) ?? 0) < nowMs - KNOWN_WITHIN_MS.host;
  }

  /** Other hosts that were decided on within the window. */
  decidedOthers(host: string, segment: string | undefined, windowSeconds: number, nowMs: number): readonly string[] {
    const sinceMs = nowMs - windowSeconds * 1000 + DECIDED_WITHIN_MS;
    return [...this.#decided]
      .filter(
        ([name, each]) => name !== host && (segment === undefined || each.segment === segment) && each.atMs > sinceMs,
      )
      .map(([name]) => name);
  }

  /** Other hosts that have failed within the window, or are under suspicion now. */
  failedOthers(host: string, segment: string | undefined, windowSeconds: number, nowMs: number): ReadonlySet<string> {
    return new Set([
      ...this.openOthers(host, segment, nowMs).keys(),
      ...this.decidedOthers(host, segment, windowSeconds, nowMs),
    ]);
  }

  #isInService(host: string, nowMs: number): boolean {
    return this.#histories.of(host).inServiceSinceMs < nowMs - KNOWN_WITHIN_MS.host;
  }
}
