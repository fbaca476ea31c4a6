import type { DatedHappening } from '../engine/log.ts';

/** An up from further off than this need not be believed; an old down may be, and then no up from before it counts. */
const CREDIBLE_MS = 50_000;

export interface Word {
  readonly says: 'up' | 'down';
  /** By the reporter's clock. */
  readonly seenAtMs: number;
  readonly acknowledgedAtMs: number;
}

/** What salvor has been told of each host, as far as it has acknowledged it. */
export class Reports {
  readonly #newest = new Map<string, Word>();
  /** Bodies from too far ahead when they were put: refused then, they stay refused, however late they are deleted. */
  readonly #fromAhead = new Set<string>();

  follow(happening: DatedHappening): void {
    if (happening.kind === 'reported' && Date.parse(happening.event.time) > happening.atMs + CREDIBLE_MS)
      this.#fromAhead.add(JSON.stringify(happening.event));
    if (happening.kind !== 'acknowledged' || happening.queue !== 'host-events') return;
    const [, type, time, host] =
      /"type":"host\.(up|heartbeat|down)","time":"([^"]+)","data":\{"schemaVersion":1,"host":"([^"]+)"/.exec(
        happening.body,
      ) ?? [];
    if (type === undefined || time === undefined || host === undefined) return;
    const says = type === 'down' ? 'down' : 'up';
    const seenAtMs = Date.parse(time);
    const key = `${says} ${host}`;
    const isTooOld = says === 'up' && seenAtMs < happening.atMs - CREDIBLE_MS;
    const isCredible = !isTooOld && !this.#fromAhead.has(happening.body);
    if (!isCredible || seenAtMs <= (this.#newest.get(key)?.seenAtMs ?? 0)) return;
    this.#newest.set(key, { says, seenAtMs, acknowledgedAtMs: happening.atMs });
  }

  /** The newest word of this kind by its reporter's clock. */
  newest(host: string, says: Word['says']): Word | undefined {
    return this.#newest.get(`${says} ${host}`);
  }
}
