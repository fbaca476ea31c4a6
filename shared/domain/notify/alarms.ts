import type { Symptom, What } from '../doctor/symptom.ts';
import { WHAT } from '../doctor/symptom.ts';
import type { Severity } from '../policy-notify.ts';
import { type Notice, short, worded } from './notice.ts';

/** One kind of trouble that lasts, and whom it is about. Times are Unix ms. */
export interface ToldAlarm {
  /** When it began; part of its notices' ids, so that the next time is news. */
  readonly sinceMs: number;
  /** Hosts, devices, segments that were told of, the first by their names; none: it was seen once, and not told yet. */
  readonly about: readonly string[];
  /** So many behind those, whose names are not kept. An older salvor kept all. */
  readonly more?: number;
  readonly toldAtMs: number | null;
  /** Since when it is gone; null while it is there. */
  readonly goneAtMs: number | null;
  readonly channels: readonly string[];
}

export type ToldAlarms = Readonly<Partial<Record<What, ToldAlarm>>>;

/** A trouble that is there for less was none (a start, a run that is late), and one that is gone for less has not ended. */
const LASTS_MS = 120_000;
/** More of the same are told of so often at most. */
const AGAIN_MS = 3_600_000;
/** As many as a phone shows. */
const NAMED = 5;
/** How many there are has to fit behind them. */
const NAMES_LENGTH = 500;

/**
 * Of the names of one kind, as JSON. All kinds are one item of the state, which takes 400 kB: this leaves room for the channels
 * that each kind was told by, 90 of them.
 */
const KEPT_BYTES = 4_000;

/** Without these nothing is recovered at all, or a host is not and nobody sees it; all others weaken what is still there. */
const CRITICAL: ReadonlySet<What> = new Set([
  'no-beat',
  'watch-late',
  'clock',
  'credentials-refused',
  'disarmed',
  'unreadable',
]);

/**
 * What people are told of salvor itself and its cloud: one notice for each kind of trouble, however many hosts have it; one
 * more when others have it too; and one when it is over.
 */
export function noticesOfAlarms(
  told: ToldAlarms,
  symptoms: readonly Symptom[],
  nowMs: number,
): { readonly next: ToldAlarms; readonly notices: readonly Notice[] } {
  const notices: Notice[] = [];
  const next: Partial<Record<What, ToldAlarm>> = {};
  const now = Map.groupBy(
    symptoms.filter(({ level }) => level === 'trouble'),
    ({ what }) => what,
  );
  for (const [what, found] of now) {
    const before = told[what] ?? { sinceMs: nowMs, about: [], toldAtMs: null, goneAtMs: null, channels: [] };
    const about = [...new Set(found.map((each) => each.about))].sort();
    const isNew = before.toldAtMs === null && nowMs - before.sinceMs >= LASTS_MS;
    const hasMore = before.toldAtMs !== null && nowMs - before.toldAtMs >= AGAIN_MS && isMore(before, about);
    if (isNew || hasMore) {
      notices.push(begun(what, before.sinceMs, found, about, nowMs));
      next[what] = { ...before, ...kept(about), toldAtMs: nowMs, goneAtMs: null };
    } else next[what] = { ...before, goneAtMs: null };
  }
  for (const [key, before] of Object.entries(told)) {
    const what = key as What;
    if (now.has(what)) continue;
    const goneAtMs = before.goneAtMs ?? nowMs;
    if (nowMs - goneAtMs < LASTS_MS) next[what] = { ...before, goneAtMs };
    else if (before.toldAtMs !== null) notices.push(ended(what, before, nowMs));
  }
  return { next, notices };
}

/** @param about sorted */
function kept(about: readonly string[]): Pick<ToldAlarm, 'about' | 'more'> {
  let bytes = 0;
  const cut = about.findIndex((each) => {
    bytes += new TextEncoder().encode(JSON.stringify(each)).length + 1;
    return bytes > KEPT_BYTES;
  });
  return cut < 0 ? { about, more: 0 } : { about: about.slice(0, cut), more: about.length - cut };
}

/** Whether others have it than those that were told of. Of those whose names are not kept only that they are more can be seen. */
function isMore({ about: known, more = 0 }: ToldAlarm, about: readonly string[]): boolean {
  const names = new Set(known);
  const last = known.at(-1) ?? '';
  const behind = more === 0 ? [] : about.filter((each) => each > last);
  return behind.length > more || about.some((each) => (more === 0 || each <= last) && !names.has(each));
}

/** The thread of all notices of one kind of trouble. */
const threadOf = (what: What): string => `alarm-${what}`;
const bare = { kind: 'alarm', incidentId: null, host: null, segment: null, ask: null } as const;
const severityOf = (what: What): Severity => (CRITICAL.has(what) ? 'critical' : 'warning');

function begun(
  what: What,
  sinceMs: number,
  found: readonly Symptom[],
  about: readonly string[],
  nowMs: number,
): Notice {
  const named = found.slice(0, NAMED).map((each) => `${each.about}: ${each.says}`);
  const more = found.length > NAMED ? ` And ${found.length - NAMED} more: salvor doctor.` : '';
  return worded({
    ...bare,
    id: `${threadOf(what)}/${sinceMs}/${nowMs}`,
    thread: threadOf(what),
    state: 'open',
    severity: severityOf(what),
    atMs: nowMs,
    title: `${about.length === 1 ? about[0] : `${about.length} of them`}: ${WHAT[what]}`,
    body: `${short(named.join('. '), NAMES_LENGTH)}.${more}`,
  });
}

const ended = (what: What, told: ToldAlarm, nowMs: number): Notice =>
  worded({
    ...bare,
    id: `${threadOf(what)}/${told.sinceMs}/over`,
    thread: threadOf(what),
    state: 'over',
    severity: 'info',
    atMs: nowMs,
    title: `Over: ${WHAT[what]}`,
    body: `It was about ${namesOf(told)}.`,
  });

function namesOf({ about, more = 0 }: ToldAlarm): string {
  const others = about.length + more - NAMED;
  return `${short(about.slice(0, NAMED).join(', '), NAMES_LENGTH)}${others > 0 ? ` and ${others} more` : ''}`;
}
