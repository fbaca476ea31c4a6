import { describe, expect, it } from 'vitest';
import { type Beat, nextBeat } from '#shared/domain/settling.ts';
import { NOW_MS, seconds } from '#test/support/builders.ts';
import { because, closed, someReadings } from '#test/support/readings.ts';

const settling = { pauseSeconds: 120, maxGapSeconds: 300 };
const beat = (runsSeconds: number, lastSecondsAgo = 30): Beat => ({
  runningSinceMs: NOW_MS - seconds(runsSeconds),
  lastMs: NOW_MS - seconds(lastSecondsAgo),
});
const started = (given: Beat | null, pauseSeconds = 120) =>
  someReadings({ beat: given }, {}, { settling: { ...settling, pauseSeconds } });

describe('the pause after a start', () => {
  it.each<[what: string, given: Beat | null, open: boolean, words: string]>([
    ['before the first beat', null, false, 'salvor has just been started for the first time'],
    ['too soon', beat(119), false, 'salvor has run without a gap for 119 s; 120 s are asked for'],
    ['long enough', beat(120), true, 'salvor has run without a gap for 120 s; 120 s are asked for'],
    [
      'after as long a gap as is allowed',
      beat(900, 300),
      true,
      'salvor has run without a gap for 900 s; 120 s are asked for',
    ],
    ['after too long a gap', beat(900, 301), false, 'salvor has not run for 301 s; a gap is 300 s at most'],
    [
      'by a clock that went back',
      { runningSinceMs: NOW_MS + 1, lastMs: NOW_MS + 1 },
      false,
      'salvor has run without a gap for -1 s; 120 s are asked for',
    ],
  ])('%s', (_, given, open, words) => {
    expect(closed(started(given))).toEqual(open ? [] : ['settling']);
    expect(because(started(given), 'settling')).toBe(words);
  });

  it('can be switched off', () => {
    for (const given of [null, beat(0), beat(900, 900)]) expect(closed(started(given, 0))).toEqual([]);
  });
});

describe('the beat', () => {
  it('goes on, and begins anew after a gap that is too long', () => {
    expect(nextBeat(null, settling, NOW_MS)).toEqual({ runningSinceMs: NOW_MS, lastMs: NOW_MS });
    const runs = beat(900, 300);
    expect(nextBeat(runs, settling, NOW_MS)).toEqual({ runningSinceMs: runs.runningSinceMs, lastMs: NOW_MS });
    expect(nextBeat(beat(900, 301), settling, NOW_MS)).toEqual({ runningSinceMs: NOW_MS, lastMs: NOW_MS });
  });
});
