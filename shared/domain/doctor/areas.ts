import type { Round } from '../rounds.ts';
import type { Beat } from '../settling.ts';
import type { Look } from '../watch.ts';
import type { Symptom, What } from './symptom.ts';

/** Parts of salvor that are well or not by themselves. */
export const AREAS = ['work', 'timers', 'watch', 'fencing', 'credentials', 'queues', 'room', 'policy'] as const;
export type Area = (typeof AREAS)[number];

/** Where each kind of finding belongs. */
const AREA: { readonly [W in What]: Area } = {
  'no-beat': 'work',
  settling: 'work',
  disarmed: 'work',
  clock: 'work',
  incident: 'timers',
  unreadable: 'timers',
  heartbeat: 'work',
  channel: 'work',
  'watch-late': 'watch',
  'reporter-silent': 'watch',
  'reporter-unheard': 'watch',
  'not-fenceable': 'fencing',
  degraded: 'fencing',
  'no-device': 'fencing',
  unbound: 'fencing',
  'not-asked': 'fencing',
  'survey-late': 'fencing',
  'credentials-refused': 'credentials',
  credentials: 'credentials',
  certificate: 'credentials',
  'dead-letters': 'queues',
  queue: 'queues',
  parked: 'queues',
  capacity: 'room',
  'forecast-late': 'room',
  unprotected: 'policy',
  policy: 'policy',
};

export const areaOf = ({ what }: Pick<Symptom, 'what'>): Area => AREA[what];

/** When each part was seen at work last, in Unix ms; null: never, or nothing tells. */
export type LastSeen = Readonly<Record<Area, number | null>>;

export interface Seen {
  readonly beat: Beat | undefined;
  readonly looked: Look | undefined;
  readonly survey: Round | undefined;
  readonly forecast: Round | undefined;
  readonly accessAskedAtMs: number | null;
  readonly queuesAtMs: number | null;
}

export const lastSeenOf = ({ beat, looked, survey, forecast, accessAskedAtMs, queuesAtMs }: Seen): LastSeen => ({
  work: beat?.lastMs ?? null,
  // `sweep` pushes on whatever is overdue.
  timers: beat?.lastMs ?? null,
  watch: looked?.atMs ?? null,
  fencing: survey?.wholeAtMs ?? null,
  credentials: accessAskedAtMs,
  queues: queuesAtMs,
  room: forecast?.wholeAtMs ?? null,
  policy: null,
});
