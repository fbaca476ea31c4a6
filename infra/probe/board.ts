import type { Target } from './target.ts';

export interface BoardOptions {
  readonly intervalMs: number;
  /** So many in a row that did not answer. */
  readonly misses: number;
}

interface Standing {
  target: Target;
  dueAtMs: number;
  underWay: boolean;
  misses: number;
  /** When it last answered; null since it has not yet. */
  answeredAtMs: number | null;
  because: string;
  saidAtMs: number | null;
}

export interface Silent {
  readonly target: Target;
  readonly because: string;
  readonly misses: number;
}

/** While an instance stays silent, that is said again so often. */
const AGAIN_MS = 300_000;
/** Intervals differ by up to this part, so that not all instances are asked at one moment. */
const JITTER = 0.2;
/** When a larger part of all is silent, it is the probe's own network. */
const MOST = 0.5;

/** What is known of the instances that are asked, and when each is next. Pure but for its own memory. */
export class Board {
  readonly #options: BoardOptions;
  readonly #random: () => number;
  readonly #standings = new Map<string, Standing>();

  constructor(options: BoardOptions, random: () => number) {
    this.#options = options;
    this.#random = random;
  }

  /** Those that are asked from now on. One that is asked otherwise than before begins anew. */
  replace(targets: readonly Target[], nowMs: number): void {
    const before = new Map(this.#standings);
    this.#standings.clear();
    for (const target of targets) {
      const known = before.get(target.instanceId);
      const isSame = known?.target.address === target.address && known.target.wanted === target.wanted;
      const standing: Standing =
        known !== undefined && isSame
          ? known
          : {
              ...{ target, dueAtMs: nowMs + this.#random() * this.#options.intervalMs, underWay: false },
              ...{ misses: 0, answeredAtMs: null, because: '', saidAtMs: null },
            };
      standing.target = target;
      this.#standings.set(target.instanceId, standing);
    }
  }

  /** Takes up to `room` that are due, the one due longest first. Each is to be settled. */
  take(room: number, nowMs: number): readonly Target[] {
    const due = [...this.#standings.values()]
      .filter(({ dueAtMs, underWay }) => !underWay && dueAtMs <= nowMs)
      .sort((a, b) => a.dueAtMs - b.dueAtMs)
      .slice(0, room);
    for (const standing of due) standing.underWay = true;
    return due.map(({ target }) => target);
  }

  /** @param because why it did not answer; undefined when it did */
  settle(asked: Target, because: string | undefined, nowMs: number): void {
    const standing = this.#standings.get(asked.instanceId);
    // It was taken off the board meanwhile, or is asked otherwise.
    if (standing === undefined || standing.target.address !== asked.address || standing.target.wanted !== asked.wanted)
      return;
    const { intervalMs } = this.#options;
    standing.underWay = false;
    standing.dueAtMs = nowMs + intervalMs * (1 - JITTER / 2 + JITTER * this.#random());
    if (because === undefined) Object.assign(standing, { misses: 0, answeredAtMs: nowMs, saidAtMs: null });
    else Object.assign(standing, { misses: standing.misses + 1, because });
  }

  /** Whom to say it of now, or why the probe does not trust itself. */
  verdict(nowMs: number): { readonly say: readonly Silent[] } | { readonly blamesItself: string } {
    const { misses: enough, intervalMs } = this.#options;
    const all = [...this.#standings.values()];
    // Who has never answered may never have been able to: a firewall is no failure.
    const silent = all.filter(({ misses, answeredAtMs }) => misses >= enough && answeredAtMs !== null);
    if (silent.length === 0) return { say: [] };
    const once = all.filter(({ answeredAtMs }) => answeredAtMs !== null);
    const heardMs = Math.max(...all.map(({ answeredAtMs }) => answeredAtMs ?? Number.NEGATIVE_INFINITY));
    const quietMs = 2 * intervalMs;
    if (nowMs - heardMs > quietMs)
      return {
        blamesItself: `none of ${once.length} instances has answered for ${Math.round((nowMs - heardMs) / 1000)} s`,
      };
    if (silent.length > MOST * once.length)
      return { blamesItself: `${silent.length} of ${once.length} instances do not answer` };
    const say = silent.filter(({ saidAtMs }) => saidAtMs === null || nowMs - saidAtMs >= AGAIN_MS);
    return { say: say.map(({ target, because, misses }) => ({ target, because, misses })) };
  }

  said(instanceId: string, nowMs: number): void {
    const standing = this.#standings.get(instanceId);
    if (standing !== undefined) standing.saidAtMs = nowMs;
  }

  get size(): number {
    return this.#standings.size;
  }
}
