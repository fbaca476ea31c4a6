import type { Access } from '../access.ts';
import type { HostState } from '../host.ts';
import type { Policy } from '../policy.ts';
import type { Beat } from '../settling.ts';
import type { Look } from '../watch.ts';

/** What tells whether salvor can do its work; by what its functions have written, not by what they would. */
export interface Signs {
  readonly beat: Beat | undefined;
  /** Undefined where no look at Nova is on record. */
  readonly looked: Look | undefined;
  readonly access: Access | undefined;
  /** Hosts with something under way. */
  readonly open: readonly HostState[];
  /** Items of such hosts that can't be read, and when their next step is due. */
  readonly lost: readonly { readonly item: string; readonly dueAtMs: number }[];
}

/** `alive`: a host that dies now would be seen and worked on. Else why not, a line each. */
export interface Pulse {
  readonly alive: boolean;
  readonly because: readonly string[];
}

/** `sweep` runs each minute, and a look is noted each minute: three of them are missing. */
const LATE_MS = 180_000;
/** `sweep` pushes on what is late by half a minute, each minute: so long nobody has taken it. */
const OVERDUE_MS = 300_000;
const AHEAD_MS = 5_000;
const NAMED = 3;

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;

/**
 * Whether the pipeline moves. `sweep` has run (schedules); a look at Nova, which it asks for by a message, is on record
 * (queues, functions, Nova); what is under way is not overdue (timer chains); clocks agree; Keystone takes the account.
 * That salvor is disarmed is no sign of it: somebody has said so.
 */
export function pulseOf({ beat, looked, access, open, lost }: Signs, { watch }: Policy, nowMs: number): Pulse {
  const because = [
    ...beating(beat, nowMs),
    ...(watch.everySeconds > 0 && watch.nova ? looking(looked, nowMs) : []),
    ...(access?.account?.refused == null ? [] : [`Keystone refuses the account: ${access.account.refused}`]),
    ...named([...overdue(open, nowMs), ...standing(lost, nowMs)]),
  ];
  return { alive: because.length === 0, because };
}

function beating(beat: Beat | undefined, nowMs: number): readonly string[] {
  if (beat === undefined) return ['sweep has never run'];
  const sinceMs = nowMs - beat.lastMs;
  if (sinceMs > LATE_MS) return [`sweep has not run for ${seconds(sinceMs)}`];
  return sinceMs < -AHEAD_MS ? [`the clock was set back by ${seconds(-sinceMs)} or more`] : [];
}

function looking(looked: Look | undefined, nowMs: number): readonly string[] {
  if (looked === undefined) return ['Nova was never looked at'];
  const sinceMs = nowMs - looked.atMs;
  if (sinceMs > LATE_MS) return [`Nova has not been seen for ${seconds(sinceMs)}: the watcher is blind`];
  const aheadMs = (looked.newestReportAtMs ?? 0) - looked.atMs;
  return aheadMs > AHEAD_MS ? [`the clock is ${seconds(aheadMs)} behind that of Nova's services`] : [];
}

/** Those that wait for a person have no next step. */
function overdue(open: readonly HostState[], nowMs: number): readonly string[] {
  return open.flatMap(({ name, incident, returning, maintenance }) => {
    if (incident?.status === 'stopped') return [];
    const due = [incident?.dueAtMs, returning?.dueAtMs, maintenance?.dueAtMs].filter((each) => each != null);
    const lateMs = nowMs - Math.min(...due);
    return due.length > 0 && lateMs > OVERDUE_MS ? [`the next step of ${name} is overdue for ${seconds(lateMs)}`] : [];
  });
}

/** Nobody pushes these on. An incident of the list that can't be read is none of it: the host's own item is what is worked on. */
const standing = (lost: Signs['lost'], nowMs: number): readonly string[] =>
  lost
    .filter(({ dueAtMs }) => nowMs - dueAtMs > OVERDUE_MS)
    .map(({ item }) => `${item} can not be read, and stands still`);

const named = (all: readonly string[]): readonly string[] =>
  all.length > NAMED ? [...all.slice(0, NAMED), `and ${all.length - NAMED} more`] : all;
