import type { DatedHappening } from '../engine/log.ts';
import { DECIDED_WITHIN_MS } from './check.ts';
import type { Incidents } from './intents.ts';

/** Whatever the clocks are, a word that is not further off than this is believed (`events` of the policy: 60 s, 900 s). */
const SURELY_BELIEVED_MS = { ahead: 50_000, old: 800_000 } as const;
/** A word that only repeats the one before need not be written down again for so long. */
const LEASE_MS = 60_000;
/** What another host's item says may be this far behind where it is listed. */
const LISTED_WITHIN_MS = 12_000;

/** Half of the policy's `heartbeats.timeoutSeconds`. */
const BEATS_KEPT_MS = 30_000;
/** A function that reads reports takes no longer. */
const FUNCTION_MS = 10_000;

/** All else says neither up nor down. */
const WORDS: ReadonlySet<string> = new Set(['host.down', 'host.up', 'host.heartbeat']);

const NEVER = Number.POSITIVE_INFINITY;

interface Word {
  readonly says: 'up' | 'down';
  readonly host: string;
  readonly reporter: string;
  /** By the reporter's clock. */
  readonly seenAtMs: number;
  readonly putAtMs: number;
  readonly isBeat: boolean;
  firstReadMs: number;
  lastReadMs: number;
}

/**
 * Who has said what of each host, word by word, and what that comes to: who may be counted as saying down, and who must
 * be. Told from what was put into the queue and acknowledged there.
 */
export class Words {
  readonly #incidents: Incidents;
  readonly #byId = new Map<string, Word>();
  readonly #byHost = new Map<string, Word[]>();
  /** Since when salvor knows each host: what is said before is parked, and one report for all is put again (docs/events.md). */
  readonly #knownSinceMs = new Map<string, number>();
  /** Until when a person has overruled what was said before, by host. */
  readonly #overruledAtMs = new Map<string, number>();

  constructor(incidents: Incidents) {
    this.#incidents = incidents;
  }

  follow(happening: DatedHappening): void {
    const { atMs } = happening;
    if (happening.kind === 'reported' && WORDS.has(happening.event.type)) {
      const { id, source: reporter, type, time, data } = happening.event;
      const says = type === 'host.down' ? 'down' : 'up';
      const word: Word = {
        ...{ says, host: data.host, reporter, seenAtMs: Date.parse(time), putAtMs: atMs },
        isBeat: type === 'host.heartbeat',
        ...{ firstReadMs: NEVER, lastReadMs: atMs },
      };
      this.#byId.set(id, word);
      this.#of(data.host).push(word);
    }
    if (happening.kind === 'committed')
      for (const write of happening.writes)
        if (write.kind === 'put' && write.partition.startsWith('inventory#') && !this.#knownSinceMs.has(write.sort))
          this.#knownSinceMs.set(write.sort, atMs);
    // Released from its stop: whoever contradicted the device counts no more.
    if (happening.kind === 'commanded' && happening.command.type === 'release')
      this.#overruledAtMs.set(
        this.#incidents.hostOf(`incident#${happening.command.incidentId}`) ?? '',
        atMs + LEASE_MS,
      );
    const isOver = happening.kind === 'acknowledged' || happening.kind === 'dead-lettered';
    if (!isOver || happening.queue !== 'host-events') return;
    const word = this.#byId.get(/"id":"([^"]+)"/.exec(happening.body)?.[1] ?? '');
    if (word === undefined) return;
    // What was dead-lettered may be put again at any time.
    word.lastReadMs = happening.kind === 'acknowledged' ? Math.max(word.lastReadMs, atMs) : NEVER;
    if (happening.kind === 'acknowledged') word.firstReadMs = Math.min(word.firstReadMs, atMs);
  }

  /** Reporters that salvor may count as saying down of the host. */
  mayCount(host: string, ttlSeconds: number, nowMs: number): readonly string[] {
    const words = this.#of(host);
    const upMs = Math.max(
      0,
      ...words.filter((word) => this.#stands(word, words, nowMs)).map(({ seenAtMs }) => seenAtMs),
    );
    const down = words.filter(
      (word) =>
        word.says === 'down' &&
        word.seenAtMs > upMs &&
        word.lastReadMs + ttlSeconds * 1000 > nowMs - DECIDED_WITHIN_MS &&
        !words.some(
          (up) => up.reporter === word.reporter && up.seenAtMs >= word.seenAtMs && this.#isKnownUp(up, nowMs),
        ),
    );
    return [...new Set(down.map(({ reporter }) => reporter))];
  }

  /** Reporters that salvor must count as saying down of the host. @param listed told from the list of open incidents */
  mustCount(host: string, ttlSeconds: number, nowMs: number, listed: boolean): readonly string[] {
    const words = this.#of(host);
    const knownMs = listed ? nowMs - LISTED_WITHIN_MS : nowMs;
    const upMs = Math.max(0, ...words.filter(({ says }) => says === 'up').map(({ seenAtMs }) => seenAtMs));
    const newest = new Map<string, Word>();
    for (const word of words)
      if (word.seenAtMs > (newest.get(word.reporter)?.seenAtMs ?? 0)) newest.set(word.reporter, word);
    return [...newest.values()]
      .filter((word) => word.says === 'down' && word.seenAtMs > upMs && isBelieved(word) && word.firstReadMs < knownMs)
      .filter(({ putAtMs }) => putAtMs > (this.#knownSinceMs.get(host) ?? NEVER))
      .filter(({ putAtMs }) => putAtMs - LEASE_MS + ttlSeconds * 1000 > nowMs)
      .map(({ reporter }) => reporter);
  }

  /**
   * Heartbeats of a host that nobody doubts only renew its lease, once half of that is over; those since are not on record
   * (docs/events.md). Whoever was at work when the incident opened may not have known it.
   */
  #isOnRecord({ host, isBeat, firstReadMs, putAtMs }: Word): boolean {
    // What was read while nobody knew the host is parked.
    if (firstReadMs < (this.#knownSinceMs.get(host) ?? NEVER) + FUNCTION_MS) return false;
    if (!isBeat) return true;
    const knownMs = this.#incidents.openedAtMs(host) + FUNCTION_MS;
    if (firstReadMs > knownMs) return true;
    const before = this.#of(host).filter((word) => word.isBeat && word.firstReadMs <= knownMs);
    return putAtMs <= Math.max(...before.map((word) => word.putAtMs)) - FUNCTION_MS - BEATS_KEPT_MS;
  }

  /** An up that was surely believed. */
  #isKnownUp(word: Word, nowMs: number): boolean {
    const { says, host, firstReadMs, seenAtMs } = word;
    const isOverruled = seenAtMs <= (this.#overruledAtMs.get(host) ?? 0);
    return says === 'up' && firstReadMs < nowMs && isBelieved(word) && !isOverruled && this.#isOnRecord(word);
  }

  /** It is the last that its reporter has said, whatever comes in what order. */
  #stands(word: Word, words: readonly Word[], nowMs: number): boolean {
    return (
      this.#isKnownUp(word, nowMs) &&
      !words.some(
        ({ says, reporter, seenAtMs }) => says === 'down' && reporter === word.reporter && seenAtMs > word.seenAtMs,
      )
    );
  }

  #of(host: string): Word[] {
    const words = this.#byHost.get(host) ?? [];
    this.#byHost.set(host, words);
    return words;
  }
}

const isBelieved = ({ seenAtMs, putAtMs, firstReadMs }: Word): boolean =>
  seenAtMs <= putAtMs + SURELY_BELIEVED_MS.ahead && seenAtMs >= firstReadMs - SURELY_BELIEVED_MS.old;
