import type { DatedHappening } from '../engine/log.ts';

/** A record that salvor has committed, as far as the invariants ask for it. */
export interface CommittedFact {
  readonly type: string;
  /** `incident#…`, `task#…#…`, `host#…`. */
  readonly stream: string;
  readonly fact: { readonly [name: string]: unknown };
}

/** What was put on record by this happening. */
export function factsOf(happening: DatedHappening): readonly CommittedFact[] {
  if (happening.kind !== 'committed') return [];
  return happening.writes.flatMap((write) => {
    if (write.kind !== 'append') return [];
    const fact = write.body.fact as { readonly type: string };
    return [{ type: fact.type, stream: write.partition, fact }];
  });
}

/** Which host each incident is of, told from the record that opened it. */
export class Incidents {
  readonly #hosts = new Map<string, string>();
  readonly #openedAtMs = new Map<string, number>();
  readonly #segments = new Map<string, string>();
  readonly #ids = new Map<string, string>();

  follow(happening: DatedHappening): void {
    for (const { type, stream, fact } of factsOf(happening)) {
      if (type !== 'incident-opened') continue;
      this.#hosts.set(stream, String(fact.host));
      this.#openedAtMs.set(String(fact.host), happening.atMs);
      this.#ids.set(String(fact.host), String(fact.incidentId));
      this.#segments.set(String(fact.host), String(fact.segment));
    }
  }

  /** @param stream the incident's own, or that of one of its tasks */
  hostOf(stream: string): string | undefined {
    return this.#hosts.get(stream.startsWith('task#') ? `incident#${stream.split('#')[1]}` : stream);
  }

  /** Under which segment's policy the last incident of the host was opened; the host may have left it since. */
  segmentOf(host: string): string | undefined {
    return this.#segments.get(host);
  }

  /** The id of the last incident of the host. */
  idOf(host: string): string | undefined {
    return this.#ids.get(host);
  }

  /** When the last incident of the host opened. */
  openedAtMs(host: string): number {
    return this.#openedAtMs.get(host) ?? 0;
  }
}

/** The instance of a task's stream. */
export const instanceOf = (stream: string): string => stream.split('#')[2] ?? '';
