import { describe, expect, it } from 'vitest';
import { afterAnswer, leased, maySend, released, UNUSED } from '#shared/domain/notify/channel-state.ts';
import { NOW_MS, seconds } from '#test/support/builders.ts';

describe('a channel', () => {
  const head = { queuedAtMs: NOW_MS, refusals: 0 };
  const at = (nowMs: number) => ({ nowMs, random: 0.5, giveUpSeconds: 3600 });
  const failure = { kind: 'failed', detail: 'no', isRefusal: false } as const;

  it('pauses longer with each failure, five minutes at most, and not at all after a success', () => {
    let state = UNUSED;
    const pauses: number[] = [];
    for (let time = 0; time < 12; time += 1) {
      state = afterAnswer(state, head, failure, at(NOW_MS)).state;
      pauses.push(state.nextAtMs - NOW_MS);
    }
    expect([...pauses].sort((x, y) => x - y)).toEqual(pauses);
    expect(pauses.at(-1)).toBeLessThanOrEqual(seconds(300));
    expect(maySend(state, NOW_MS)).toBe(false);
    expect(state).toMatchObject({ failed: 12, failingSinceMs: NOW_MS });
    const well = afterAnswer(state, head, { kind: 'taken', detail: '' }, at(NOW_MS)).state;
    expect(well).toMatchObject({ failures: 0, nextAtMs: 0, failingSinceMs: null, taken: 1, failed: 12 });
  });

  it('waits for as long as it is asked to', () => {
    const { state } = afterAnswer(UNUSED, head, { ...failure, retryAfterSeconds: 900 }, at(NOW_MS));
    expect(state.nextAtMs).toBe(NOW_MS + seconds(900));
  });

  it('gives a notice up that is too old, or refused five times for what it is, and says so', () => {
    expect(afterAnswer(UNUSED, head, failure, at(NOW_MS + seconds(3600)))).toMatchObject({
      head: 'lost',
      state: { lost: 1 },
    });
    const refusal = { ...failure, isRefusal: true };
    expect(afterAnswer(UNUSED, { ...head, refusals: 3 }, refusal, at(NOW_MS)).head).toEqual({ refusals: 4 });
    expect(afterAnswer(UNUSED, { ...head, refusals: 4 }, refusal, at(NOW_MS)).head).toBe('lost');
    expect(afterAnswer(UNUSED, { ...head, refusals: 4 }, failure, at(NOW_MS)).head).toEqual({ refusals: 4 });
  });

  it('is one sender’s until his lease ends', () => {
    const mine = leased(UNUSED, NOW_MS);
    expect(maySend(mine, NOW_MS + seconds(59))).toBe(false);
    expect(maySend(mine, NOW_MS + seconds(60))).toBe(true);
    expect(maySend(released(mine), NOW_MS)).toBe(true);
  });
});
