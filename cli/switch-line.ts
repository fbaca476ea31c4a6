import type { Switched } from '#shared/state/guards.ts';

/** What is switched off, by whom, since when, until when and why. */
export function switchLine({ name, disarmed: { by, reason, atMs, untilMs } }: Switched): string {
  const what = name === 'global' ? 'everything' : `segment ${name.segment}`;
  const until = untilMs === null ? ' until it is armed' : ` until ${iso(untilMs)}`;
  return `DISARMED: ${what}, by ${by} since ${iso(atMs)}${until}: ${reason}`;
}

const iso = (unixMs: number): string => new Date(unixMs).toISOString();
