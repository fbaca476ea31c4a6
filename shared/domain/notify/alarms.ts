import type { Symptom, What } from '../doctor/symptom.ts';
import { WHAT } from '../doctor/symptom.ts';
import type { Severity } from '../policy-notify.ts';
import { type Notice, worded } from './notice.ts';

/** One kind of trouble that lasts, and whom it is about. Times are Unix ms. */
export interface ToldAlarm {
  /** When it began; part of its notices' ids, so that the next time is news. */
  readonly sinceMs: number;
  /** Hosts, devices, segments that were told of; none: it was seen once, and not told yet. */
  readonly about: readonly string[];
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
    const hasMore =
      before.toldAtMs !== null &&
      nowMs - before.toldAtMs >= AGAIN_MS &&
      about.some((each) => !before.about.includes(each));
    if (isNew || hasMore) {
      notices.push(begun(what, before.sinceMs, found, about, nowMs));
      next[what] = { ...before, about, toldAtMs: nowMs, goneAtMs: null };
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
    body: `${named.join('. ')}.${more}`,
  });
}

const ended = (what: What, { sinceMs, about }: ToldAlarm, nowMs: number): Notice =>
  worded({
    ...bare,
    id: `${threadOf(what)}/${sinceMs}/over`,
    thread: threadOf(what),
    state: 'over',
    severity: 'info',
    atMs: nowMs,
    title: `Over: ${WHAT[what]}`,
    body: `It was about ${about.slice(0, NAMED).join(', ')}${about.length > NAMED ? ` and ${about.length - NAMED} more` : ''}.`,
  });
