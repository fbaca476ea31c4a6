import { streamOfIncident } from '#shared/domain/audit.ts';
import { inTurn } from '#shared/in-turn.ts';
import type { StateReader } from '#shared/ports.ts';
import { type IncidentEntry, readIncidents } from '#shared/state/hosts.ts';
import { readKept } from '#shared/state/read-audit.ts';
import { loadTasks } from '#shared/state/tasks.ts';

/** How long it took, from the first report on that opened the incident; ms. Null: it did not come to that. */
export interface Took {
  /** Until it was proven off. */
  readonly fencedMs: number | null;
  /** Until the first of its instances was well elsewhere. */
  readonly firstBackMs: number | null;
  /** Until the last of those that came back was: the recovery time (RTO) of the incident. */
  readonly lastBackMs: number | null;
}

export interface PastIncident extends IncidentEntry {
  readonly took: Took;
}

/** Which incidents: opened in this time, Unix ms, the end not among them; and of these only. */
export interface HistoryFilter {
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  readonly segment?: string | undefined;
  /** A part of its name. */
  readonly host?: string | undefined;
  /** `open`: those that have not ended. */
  readonly outcome?: NonNullable<IncidentEntry['outcome']> | 'open' | undefined;
}

const AT_ONCE = 20;
/** Of so many that have ended what they took is kept: it never changes. */
const KEPT = 5000;

/** Tells what each incident took; what has ended is read once. */
export class History {
  readonly #state: StateReader;
  readonly #took = new Map<string, Took>();

  constructor(state: StateReader) {
    this.#state = state;
  }

  /** The newest first. */
  async list(filter: HistoryFilter): Promise<readonly PastIncident[]> {
    const { sinceMs = 0, untilMs = Number.POSITIVE_INFINITY, segment, host = '', outcome } = filter;
    const entries = (await readIncidents(this.#state, sinceMs)).values.filter(
      (entry) =>
        entry.openedAtMs < untilMs &&
        entry.host.includes(host) &&
        (segment === undefined || entry.segment === segment) &&
        (outcome === undefined || (entry.outcome ?? 'open') === outcome),
    );
    return inTurn(entries.toReversed(), AT_ONCE, async (entry) => ({ ...entry, took: await this.#tookOf(entry) }));
  }

  async #tookOf({ id, openedAtMs, closedAtMs }: IncidentEntry): Promise<Took> {
    const known = this.#took.get(id);
    if (known !== undefined) return known;
    const [records, tasks] = await Promise.all([
      readKept(this.#state, streamOfIncident(id)),
      loadTasks(this.#state, id),
    ]);
    const proven = records.find(({ record }) => record.fact.type === 'proof-made')?.record.atMs;
    const back = tasks.flatMap(({ value: { progress } }) =>
      progress.status === 'ended' && BACK.has(progress.outcome) ? [progress.atMs - openedAtMs] : [],
    );
    const took = {
      fencedMs: proven === undefined ? null : proven - openedAtMs,
      firstBackMs: back.length === 0 ? null : Math.min(...back),
      lastBackMs: back.length === 0 ? null : Math.max(...back),
    };
    if (closedAtMs !== null && this.#took.size < KEPT) this.#took.set(id, took);
    return took;
  }
}

const BACK: ReadonlySet<string> = new Set(['recovered', 'restarted-from-snapshot']);
