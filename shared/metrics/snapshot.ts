import type { Access } from '#shared/domain/access.ts';
import type { KnownHeartbeat } from '#shared/domain/doctor/notify.ts';
import { heardAtMsOf } from '#shared/domain/heartbeats.ts';
import type { ChannelState } from '#shared/domain/notify/channel-state.ts';
import { type Pulse, pulseOf } from '#shared/domain/notify/pulse.ts';
import type { Policy } from '#shared/domain/policy.ts';
import type { Look } from '#shared/domain/watch.ts';
import type { StateReader } from '#shared/ports.ts';
import { loadAccess } from '#shared/state/access.ts';
import { hostsAmong, type IncidentEntry, lostAmong, MAX_DUE, readIncidents } from '#shared/state/hosts.ts';
import { listReports } from '#shared/state/list-reports.ts';
import { loadChannels, loadHeartbeat } from '#shared/state/notices.ts';
import { loadWatch } from '#shared/state/watch.ts';
import { loadNow, type NowView } from '#shared/views/now.ts';

/** All that one scrape tells. Times are Unix ms. */
export interface Snapshot {
  readonly now: NowView;
  readonly pulse: Pulse;
  readonly looked: Look | undefined;
  readonly access: Access | undefined;
  readonly oldestOverdueMs: number;
  readonly ended: readonly IncidentEntry[];
  /** When each reporter was heard last. */
  readonly heard: ReadonlyMap<string, number>;
  readonly channels: readonly (ChannelState & { readonly name: string })[];
  readonly heartbeat: KnownHeartbeat;
}

const REPORTERS_EVERY_MS = 60_000;

/** Reads what metrics are made of; whole tables of it once a minute at most, and each ended incident once. */
export class SnapshotReader {
  readonly #state: StateReader;
  readonly #policy: Policy;
  readonly #ended = new Map<string, IncidentEntry>();
  #sinceMs = 0;
  #heard: { readonly atMs: number; readonly byReporter: ReadonlyMap<string, number> } | undefined;

  constructor(state: StateReader, policy: Policy) {
    this.#state = state;
    this.#policy = policy;
  }

  async read(nowMs: number): Promise<Snapshot> {
    const [state, policy] = [this.#state, this.#policy];
    const [now, watch, access, due, channels, heartbeat] = await Promise.all([
      loadNow(state, [policy.cloud], nowMs),
      loadWatch(state),
      loadAccess(state, policy.cloud),
      state.due(nowMs, MAX_DUE),
      loadChannels(state, Object.keys(policy.notify?.channels ?? {})),
      loadHeartbeat(state),
    ]);
    const open = hostsAmong(due).values;
    const looked = watch.value.looked;
    const signs = { beat: now.beat ?? undefined, looked, access: access?.value, open, lost: lostAmong(due) };
    const dues = open.flatMap(({ incident }) =>
      incident === null || incident.status === 'stopped' ? [] : [nowMs - incident.dueAtMs],
    );
    return {
      now,
      pulse: pulseOf(signs, policy, nowMs),
      looked,
      access: access?.value,
      oldestOverdueMs: Math.max(0, ...dues),
      ended: await this.#endedByNow(),
      heard: await this.#heardByNow(nowMs),
      channels,
      heartbeat: heartbeat.value,
    };
  }

  async #endedByNow(): Promise<readonly IncidentEntry[]> {
    let oldestOpenMs = Number.POSITIVE_INFINITY;
    let newestMs = this.#sinceMs;
    for (const entry of (await readIncidents(this.#state, this.#sinceMs)).values) {
      newestMs = Math.max(newestMs, entry.openedAtMs);
      if (entry.closedAtMs === null) oldestOpenMs = Math.min(oldestOpenMs, entry.openedAtMs);
      else this.#ended.set(entry.id, entry);
    }
    // Ids are as old as the clock of whoever made them says.
    this.#sinceMs = Math.max(0, Math.min(newestMs, oldestOpenMs) - CLOCKS_MS);
    return [...this.#ended.values()];
  }

  async #heardByNow(nowMs: number): Promise<ReadonlyMap<string, number>> {
    if (this.#heard !== undefined && nowMs - this.#heard.atMs < REPORTERS_EVERY_MS) return this.#heard.byReporter;
    const { hosts, leases, asides } = await listReports(this.#state);
    const byReporter = new Map<string, number>();
    const note = (reporter: string, atMs: number): void => {
      byReporter.set(reporter, Math.max(atMs, byReporter.get(reporter) ?? 0));
    };
    for (const { claims } of hosts)
      for (const [reporter, { receivedAtMs }] of Object.entries(claims)) note(reporter, receivedAtMs);
    for (const lease of leases) note(lease.reporter, heardAtMsOf(lease));
    for (const { reporter, heardAtMs } of asides) note(reporter, heardAtMs);
    this.#heard = { atMs: nowMs, byReporter };
    return byReporter;
  }
}

const CLOCKS_MS = 300_000;
