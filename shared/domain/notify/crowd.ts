import { gathered, kindOf } from './gather.ts';
import { isAtLeast, type Notice } from './notice.ts';
import type { Of } from './together-words.ts';

/**
 * When many fail at once (a rack loses its power), people are told of all of them together. Pure in what is followed: whatever
 * waits is kept with the thing that it is about until a commit has told it.
 */

/** What is to be told of one thing, and how it was. Times are Unix ms. */
export interface Crowded {
  /** In their order; they wait for others. */
  readonly waiting: readonly Notice[];
  readonly sinceMs: number;
  /** When news of it was told last, by itself or with others. */
  readonly newsAtMs: number;
  readonly togetherAtMs: number;
  /** Of the notices about several that it was in; each is ended once the last of them is well. */
  readonly threads: readonly string[];
}

export const ALONE: Crowded = { waiting: [], sinceMs: 0, newsAtMs: 0, togetherAtMs: 0, threads: [] };

/** What was found of it now waits behind what does. */
export const withNews = (crowd: Crowded, news: readonly Notice[], nowMs: number): Crowded =>
  news.length === 0
    ? crowd
    : {
        ...crowd,
        sinceMs: crowd.waiting.length > 0 ? crowd.sinceMs : nowMs,
        waiting: [...crowd.waiting, ...news],
      };

/** A host, or something smaller, of which people are told. */
export interface Thing {
  readonly id: string;
  readonly of: Of;
  readonly name: string;
  readonly segment: string;
  /** Its trouble lasts. */
  readonly isOpen: boolean;
  /** That were told of it by itself. */
  readonly channels: readonly string[];
  readonly crowd: Crowded;
}

/** A notice about several. */
export interface Together {
  readonly notice: Notice;
  readonly of: Of;
  readonly members: readonly { readonly id: string; readonly notice: Notice }[];
}

/** One that has not ended. */
export interface OpenThread {
  readonly thread: string;
  readonly of: Of;
  readonly segment: string;
  readonly title: string;
  readonly isCritical: boolean;
  readonly channels: readonly string[];
}

export interface Split {
  /** By thing: what is told of it by itself, and how it stands then. Those alone of which something is told, or waits. */
  readonly things: ReadonlyMap<string, { readonly alone: readonly Notice[]; readonly crowd: Crowded }>;
  readonly together: readonly Together[];
}

/** So many of them within this time are a crowd, and not each by itself. */
const WINDOW_MS = 600_000;
/** Hosts of one rack are not reported in the same second. */
const GATHER_MS = 30_000;
/** Between two notices about several: those that wake people, and all others. */
const CRITICAL_PACE_MS = 60_000;
const PACE_MS = 300_000;

/**
 * What is told of each by itself, what of several together, and what waits for a moment. The end of what was told by itself is
 * told by itself, and so is that a person acts on it: receivers join them by their thread.
 * @param from so many of a kind and segment are a crowd
 * @param most notices of one thing that one transaction takes
 */
export function split(
  things: readonly Thing[],
  open: readonly OpenThread[],
  { nowMs, from, most }: { readonly nowMs: number; readonly from: number; readonly most: number },
): Split {
  const told = new Map<string, { alone: readonly Notice[]; crowd: Crowded }>();
  const together: Together[] = [];
  for (const group of Map.groupBy(things, ({ of, segment }) => `${of} ${segment}`).values()) {
    const news = group.filter(({ crowd }) => crowd.waiting.length > 0);
    if (news.length === 0) continue;
    const isCrowd = group.filter((thing) => isActive(thing, nowMs)).length >= from;
    const rest = new Map<string, readonly Notice[]>();
    for (const thing of news) {
      const { alone, waits } = apart(thing, isCrowd, open);
      const now = alone.slice(0, most);
      const later = [...alone.slice(most), ...waits];
      rest.set(thing.id, waits);
      told.set(thing.id, { alone: now, crowd: { ...after(thing, thing.crowd, now, nowMs), waiting: later } });
    }
    const waiting = news.filter(({ id }) => (rest.get(id)?.length ?? 0) > 0);
    if (!isDue(group, waiting, rest, nowMs)) continue;
    const { made, ofOne } = gathered(waiting, rest, group, open, nowMs);
    together.push(...made);
    const threads = threadsOf(made);
    for (const thing of waiting) {
      const { id } = thing;
      const before = told.get(id);
      if (before === undefined) continue;
      const tells = after(thing, before.crowd, rest.get(id) ?? [], nowMs);
      const lasting = tells.threads.filter((each) => open.some(({ thread }) => thread === each));
      const all = [...new Set([...lasting, ...(threads.get(id) ?? [])])];
      const still = before.crowd.waiting.filter((each) => !rest.get(id)?.includes(each));
      const alone = [...before.alone, ...(ofOne.get(id) ?? [])];
      told.set(id, { alone, crowd: { ...tells, waiting: still, togetherAtMs: nowMs, threads: all } });
    }
  }
  return { things: told, together };
}

const isActive = (thing: Thing, nowMs: number): boolean =>
  thing.crowd.newsAtMs > nowMs - WINDOW_MS || isNews(thing, thing.crowd.waiting);

/** A trouble, or what was none when it was told: that an instance was restarted. The end of what was told is no news. */
const isNews = ({ channels }: Thing, notices: readonly Notice[]): boolean =>
  notices.some(({ state }) => state === 'open' || channels.length === 0);

const after = (thing: Thing, crowd: Crowded, told: readonly Notice[], nowMs: number): Crowded =>
  isNews(thing, told) ? { ...crowd, newsAtMs: nowMs } : crowd;

/** By thing: where its trouble was told now. */
function threadsOf(made: readonly Together[]): ReadonlyMap<string, readonly string[]> {
  const threads = new Map<string, string[]>();
  for (const each of made)
    if (each.notice.state === 'open')
      for (const { id } of each.members) threads.set(id, [...(threads.get(id) ?? []), each.notice.thread]);
  return threads;
}

/** Of what waits for others the newest of each kind is told. The end of what was told together is, too, if the crowd has gone. */
function apart(
  { channels, crowd }: Thing,
  isCrowd: boolean,
  open: readonly OpenThread[],
): { readonly alone: readonly Notice[]; readonly waits: readonly Notice[] } {
  const lasting = open.filter(({ thread }) => crowd.threads.includes(thread));
  const wasCalled = lasting.some(({ isCritical }) => isCritical);
  // Nothing of a thread follows its end, and nothing overtakes its beginning.
  const begins = crowd.waiting.some(({ state }) => state === 'open');
  const ends = crowd.waiting.some(({ state }) => state === 'over');
  if ((channels.length > 0 && ends) || (begins && !isCrowd)) return { alone: crowd.waiting, waits: [] };
  const alone = crowd.waiting.filter(({ state }) => {
    if (begins) return false;
    if (state === 'acknowledged' && wasCalled) return false;
    return channels.length > 0 || !(isCrowd || lasting.length > 0);
  });
  const others = crowd.waiting.filter((each) => !alone.includes(each));
  const newest = new Map(others.map((each) => [kindOf(each), each]));
  return { alone, waits: others.filter((each) => newest.get(kindOf(each)) === each) };
}

function isDue(
  group: readonly Thing[],
  waiting: readonly Thing[],
  rest: ReadonlyMap<string, readonly Notice[]>,
  nowMs: number,
): boolean {
  if (waiting.length === 0) return false;
  // Until it is acknowledged others are called.
  const wakes = waiting.some(({ id }) =>
    rest.get(id)?.some(({ severity, state }) => isAtLeast(severity, 'critical') || state === 'acknowledged'),
  );
  const sinceMs = waiting.reduce((oldest, { crowd }) => Math.min(oldest, crowd.sinceMs), nowMs);
  const lastMs = group.reduce((newest, { crowd }) => Math.max(newest, crowd.togetherAtMs), 0);
  return nowMs - sinceMs >= GATHER_MS && nowMs - lastMs >= (wakes ? CRITICAL_PACE_MS : PACE_MS);
}

/** Its thread is ended once its things are well. */
export const isLasting = ({ kind, state }: Notice): boolean => state === 'open' && kind !== 'closed';

/** Those whose things are all well, or have ended. @param things as they are now */
export const endedThreads = (open: readonly OpenThread[], things: readonly Thing[]): readonly OpenThread[] => {
  const lasting = new Set(
    things.filter(({ isOpen, crowd }) => isOpen || crowd.waiting.length > 0).flatMap(({ crowd }) => crowd.threads),
  );
  return open.filter(({ thread }) => !lasting.has(thread));
};
