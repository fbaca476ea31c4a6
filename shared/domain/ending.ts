const DAY_MS = 86_400_000;

const WORDS = { expire: ['expires', 'expired'], end: ['ends', 'ended'] } as const;

/** Whether an end is so near that somebody is told, or past. None is never near. */
export const isNear = (endsAtMs: number | null, withinDays: number, nowMs: number): endsAtMs is number =>
  endsAtMs !== null && endsAtMs - nowMs < withinDays * DAY_MS;

/** "expires in 3 days", "ended less than a day ago". */
export function whenItEnds(verb: keyof typeof WORDS, endsAtMs: number, nowMs: number): string {
  const days = Math.floor(Math.abs(endsAtMs - nowMs) / DAY_MS);
  const span = days === 0 ? 'less than a day' : `${days} ${days === 1 ? 'day' : 'days'}`;
  const [ahead, past] = WORDS[verb];
  return endsAtMs < nowMs ? `${past} ${span} ago` : `${ahead} in ${span}`;
}
