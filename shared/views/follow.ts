import { type AuditRecord, type Head, streamOfHost, streamOfIncident, streamOfTask } from '#shared/domain/audit.ts';
import type { HostState } from '#shared/domain/host.ts';
import { inTurn } from '#shared/in-turn.ts';
import type { StateReader } from '#shared/ports.ts';
import { hostsAmong, loadHost, MAX_DUE, readIncidents } from '#shared/state/hosts.ts';
import { readBehind } from '#shared/state/read-audit.ts';
import { loadTasks } from '#shared/state/tasks.ts';

/** A record that is new to who follows, and what it is about. */
export interface Followed {
  readonly record: AuditRecord;
  readonly host: string;
  /** The instance of a task's record; the host's name of all others. */
  readonly about: string;
}

/** The clocks of functions are apart by that much at most. */
const OVERLAP_MS = 60_000;
/** Streams that are read at the same time. */
const AT_ONCE = 10;

interface Watched {
  readonly host: string;
  readonly hostKey: string;
  readonly incidentId: string | null;
  /** Of the host's own stream, what is older is another incident's. */
  readonly sinceMs: number;
}

/**
 * Follows every host that has an incident, is on its way back or in maintenance: each call tells the records that are new
 * since the call before, by time. The first tells all of what is open. A stream is only read when its head has moved.
 */
export class Follower {
  readonly #state: StateReader;
  /** Of each stream, the number of the newest record that was told. */
  readonly #told = new Map<string, number>();
  #watched: readonly Watched[] = [];
  /** Incidents that were opened before that are known. */
  #sinceMs: number;

  /** @param sinceMs what is over before that is not told; Unix ms */
  constructor(state: StateReader, sinceMs: number) {
    this.#state = state;
    this.#sinceMs = sinceMs;
  }

  /** Whether nothing was open at the last look. */
  get isQuiet(): boolean {
    return this.#watched.length === 0;
  }

  async next(): Promise<readonly Followed[]> {
    const open = hostsAmong(await this.#state.due(Number.MAX_SAFE_INTEGER, MAX_DUE)).values;
    const now = open.map(watchedOf);
    const keys = new Set(now.map(({ hostKey }) => hostKey));
    // Between two looks an incident may have come and gone.
    const opened = (await readIncidents(this.#state, this.#sinceMs)).values;
    const brief = opened.map(({ id, host, hostKey, openedAtMs }) => ({
      host,
      hostKey,
      incidentId: id,
      sinceMs: openedAtMs,
    }));
    this.#sinceMs = Math.max(this.#sinceMs, ...opened.map(({ openedAtMs }) => openedAtMs - OVERLAP_MS));
    const ended = [...this.#watched, ...brief].filter(({ hostKey }) => !keys.has(hostKey));
    const found = await Promise.all([
      ...open.map((host) => this.#of(host, watchedOf(host))),
      ...ended.map(async (before) => {
        const host = (await loadHost(this.#state, before.hostKey))?.value;
        return host === undefined ? [] : this.#of(host, before);
      }),
    ]);
    this.#watched = now;
    return found.flat().sort((a, b) => a.record.atMs - b.record.atMs || compare(a.record, b.record));
  }

  async #of(host: HostState, watched: Watched): Promise<readonly Followed[]> {
    const before = this.#watched.find(({ hostKey }) => hostKey === watched.hostKey);
    // One that has ended since the last look, with another one behind it or not: its end is told as well.
    const ids = new Set([before?.incidentId, watched.incidentId].filter((id) => id != null));
    const own = await this.#behind(streamOfHost(host.key), host.audit);
    const told: Followed[] = own
      .filter(({ atMs }) => atMs >= watched.sinceMs)
      .map((record) => ({ record, host: host.name, about: host.name }));
    for (const id of ids) {
      const head = host.incident?.id === id ? host.incident.audit : undefined;
      const records = await this.#behind(streamOfIncident(id), head);
      told.push(...records.map((record) => ({ record, host: host.name, about: host.name })));
      const tasks = (await loadTasks(this.#state, id)).map(({ value }) => value);
      const ofTasks = await inTurn(tasks, AT_ONCE, async ({ instanceId, name, audit }) =>
        (await this.#behind(streamOfTask(id, instanceId), audit)).map((record) => ({
          record,
          host: host.name,
          about: name,
        })),
      );
      told.push(...ofTasks.flat());
    }
    return told;
  }

  /** @param head as the item says; undefined: it has to be read to know */
  async #behind(stream: string, head: Head | undefined): Promise<readonly AuditRecord[]> {
    const told = this.#told.get(stream) ?? 0;
    if (head !== undefined && head.seq <= told) return [];
    const records = await readBehind(this.#state, stream, told);
    this.#told.set(stream, records.at(-1)?.seq ?? told);
    return records;
  }
}

function watchedOf({ name, key, incident, returning, maintenance }: HostState): Watched {
  const since = [incident?.openedAtMs, returning?.openedAtMs, maintenance?.sinceMs].filter((each) => each != null);
  return { host: name, hostKey: key, incidentId: incident?.id ?? null, sinceMs: Math.min(...since) };
}

/** At one and the same time, an incident ends behind all that it ends with. */
const isEnd = ({ fact }: AuditRecord): number => (fact.type === 'incident-closed' ? 1 : 0);
const compare = (a: AuditRecord, b: AuditRecord): number =>
  isEnd(a) - isEnd(b) || a.stream.localeCompare(b.stream) || a.seq - b.seq;
