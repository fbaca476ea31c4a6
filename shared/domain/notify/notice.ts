import type { NoticeKind, Severity } from '../policy-notify.ts';

/** One thing that people are told, in words that can be read on a phone at night. Times are Unix ms. */
export interface Notice {
  /** The same for each repeat of it, and of no other: by this receivers tell that they have it already. */
  readonly id: string;
  /** What it is about: an incident, or one kind of alarm. Notices of one thread are about one trouble. */
  readonly thread: string;
  /** Where the trouble stands. `acknowledged`: a person is at work on it. */
  readonly state: 'open' | 'acknowledged' | 'over';
  readonly kind: NoticeKind;
  readonly severity: Severity;
  readonly atMs: number;
  readonly title: string;
  readonly body: string;
  /** Null for alarms, which are about salvor and its cloud. */
  readonly incidentId: string | null;
  readonly host: string | null;
  readonly segment: string | null;
  /** What a person could approve about it; null where nothing. */
  readonly ask: Ask | null;
}

export interface Ask {
  readonly act: 'release' | 'confirm-off';
  readonly hostKey: string;
  /** Of a release of what is held: all that are closed. */
  readonly gates: readonly string[];
}

const RANK: Readonly<Record<Severity, number>> = { info: 0, warning: 1, critical: 2 };

export const isAtLeast = (a: Severity, b: Severity): boolean => RANK[a] >= RANK[b];

/** A title is what a lock screen shows; a body is two or three sentences. */
const TITLE_LENGTH = 120;
const BODY_LENGTH = 600;

/**
 * What comes from outside (a device's words, a reporter's reason) may be long, may hold line breaks, and may be cut in the
 * middle of a character: what is not Unicode some channels can't even write down.
 */
export function short(text: string, length: number): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  return flat.length > length ? `${flat.slice(0, length - 1).toWellFormed()}…` : flat.toWellFormed();
}

export const worded = <T extends { readonly title: string; readonly body: string }>(notice: T): T => ({
  ...notice,
  title: short(notice.title, TITLE_LENGTH),
  body: short(notice.body, BODY_LENGTH),
});
