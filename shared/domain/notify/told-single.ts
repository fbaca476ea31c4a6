import type { Crowded } from './crowd.ts';
import { type Notice, worded } from './notice.ts';

/** How far what is smaller than a host has been told: all incidents of one instance, or of the processes of one host. Times are Unix ms. */
export interface ToldSingle {
  readonly of: 'instance' | 'process';
  /** The UUID of the instance, or the key of the host. */
  readonly key: string;
  readonly host: string;
  readonly segment: string;
  /** Of its newest incident. */
  readonly incidentId: string;
  readonly openedAtMs: number;
  readonly closedAtMs: number | null;
  /** Number of the newest record that was read. */
  readonly seq: number;
  /** Channels that were told anything of it by itself. */
  readonly channels: readonly string[];
  /** That somebody has to look at it was found, and not that it is over. */
  readonly trouble: boolean;
  /** When what was told lately; what is found again so soon is told later, once. */
  readonly toldAtMs: Readonly<Record<string, number>>;
  /** The newest of those, and how many it stands for. */
  readonly later: { readonly what: string; readonly notice: Notice; readonly count: number } | null;
  /** What was told of this incident, whatever it says again. */
  readonly said: readonly string[];
  /** Of processes: since when all of them run again; null while one does not. */
  readonly wellSinceMs: number | null;
  /** Of processes: the try at a restart that was intended last, and changes that Nova has not taken, in a row. */
  readonly attempt: number;
  readonly failures: number;
  readonly crowd?: Crowded;
}

export type FollowsSingle = Pick<ToldSingle, 'of' | 'key' | 'host' | 'segment' | 'incidentId' | 'openedAtMs'>;

export const singleNotToldYet = ({ of, key, host, segment, incidentId, openedAtMs }: FollowsSingle): ToldSingle => ({
  of,
  key,
  host,
  segment,
  incidentId,
  openedAtMs,
  closedAtMs: null,
  seq: 0,
  channels: [],
  trouble: false,
  toldAtMs: {},
  later: null,
  said: [],
  wellSinceMs: null,
  attempt: 0,
  failures: 0,
});

/** The same of one thing is told so often at most: one that is restarted again and again is no news each time. */
const AGAIN_MS = 3_600_000;

export type SingleWords = Pick<Notice, 'kind' | 'severity' | 'state' | 'title' | 'body'>;

export interface When {
  /** Number of its record, or what is as good in its id. */
  readonly seq: number | string;
  readonly atMs: number;
}

/** Whatever was said of it, in the order of its records. */
export interface Said {
  readonly next: ToldSingle;
  readonly notices: readonly Notice[];
}

/**
 * Something is found. It is told at once if it is new, or the end of a trouble; else, when its time has come, if nothing else
 * was found until then.
 * @param what the same of one thing is told so often at most
 */
export function say({ next: told, notices }: Said, what: string, words: SingleWords, { seq, atMs }: When): Said {
  const { of, key, host, segment } = told;
  const thread = `${of}-${key}`;
  const about = { thread, incidentId: null, host, segment, ask: null };
  const notice = worded({ ...about, ...words, id: `${thread}/${words.kind}/${seq}`, atMs });
  const isEnd = words.state === 'over' && told.trouble;
  const lastMs = told.toldAtMs[what] ?? Number.NEGATIVE_INFINITY;
  const trouble = words.state === 'open';
  if (isEnd || atMs - lastMs >= AGAIN_MS || (trouble && !told.trouble)) {
    return {
      next: { ...told, trouble, toldAtMs: noted(told, what, atMs), later: null },
      notices: [...notices, notice],
    };
  }
  const count = told.later?.what === what ? told.later.count + 1 : 1;
  return { next: { ...told, trouble, later: { what, notice, count } }, notices };
}

/** What has waited for its time. */
export function sayLater({ next: told, notices }: Said, nowMs: number): Said {
  const { later } = told;
  if (later === null || nowMs - (told.toldAtMs[later.what] ?? 0) < AGAIN_MS) return { next: told, notices };
  const body =
    later.count > 1 ? `${later.notice.body} ${later.count} times since this was told last.` : later.notice.body;
  return {
    next: { ...told, toldAtMs: noted(told, later.what, nowMs), later: null },
    notices: [...notices, worded({ ...later.notice, body })],
  };
}

/** Of one incident this is told once. */
export const sayOnce = (said: Said, what: string, words: SingleWords, when: When): Said =>
  said.next.said.includes(what)
    ? said
    : say({ ...said, next: { ...said.next, said: [...said.next.said, what] } }, what, words, when);

const noted = ({ toldAtMs }: ToldSingle, what: string, nowMs: number): ToldSingle['toldAtMs'] => ({
  ...Object.fromEntries(Object.entries(toldAtMs).filter(([, atMs]) => nowMs - atMs < AGAIN_MS)),
  [what]: nowMs,
});
