import { describe, expect, it } from 'vitest';
import { type Disarmed, NO_GUARD, whyDisarmed, whyHalted, withoutStop, withStop } from '#shared/domain/guards.ts';
import { NOW_MS, seconds, uuid } from '#test/support/builders.ts';

const by = (name: string, untilMs: number | null = null): { readonly disarmed: Disarmed } => ({
  disarmed: { by: name, reason: 'network test', atMs: NOW_MS - seconds(60), untilMs },
});
const off = (name: string, untilMs: number | null = null) => ({ ...NO_GUARD, ...by(name, untilMs) });
const stop = (number: number, reason: string) => ({ reason, incidentId: uuid(1, number), atMs: NOW_MS });

describe('a switch', () => {
  it('that nobody has moved is on', () => {
    expect(whyHalted({ segment: NO_GUARD, global: NO_GUARD }, NOW_MS)).toBeUndefined();
  });

  it('says who, since when and why', () => {
    expect(whyDisarmed({ segment: off('ann'), global: NO_GUARD }, NOW_MS)).toBe(
      'the segment is disarmed by ann since 2026-11-21T11:59:00.000Z: network test',
    );
    expect(whyDisarmed({ segment: off('ann'), global: off('bob', NOW_MS + 1) }, NOW_MS)).toBe(
      'salvor is disarmed by bob since 2026-11-21T11:59:00.000Z until 2026-11-21T12:00:00.001Z: network test',
    );
  });

  it('is on again from the moment its time is over', () => {
    const guards = { segment: off('ann', NOW_MS), global: off('bob', NOW_MS) };
    expect(whyDisarmed(guards, NOW_MS - 1)).toContain('bob');
    expect(whyDisarmed(guards, NOW_MS)).toBeUndefined();
  });
});

describe('a stop', () => {
  const both = withStop(withStop(NO_GUARD, stop(1, 'one lies')), stop(2, 'two lies'));

  it('of one incident stays when that of another is lifted', () => {
    const halted = (guard: typeof both) => whyHalted({ segment: guard, global: NO_GUARD }, NOW_MS);
    expect(halted(both)).toBe('the segment is stopped: one lies; two lies');
    expect(halted(withoutStop(both, uuid(1, 1)))).toBe('the segment is stopped: two lies');
    expect(halted(withoutStop(withoutStop(both, uuid(1, 1)), uuid(1, 2)))).toBeUndefined();
  });

  it('is there once for each incident', () => {
    expect(withStop(both, stop(1, 'again')).stops.map(({ reason }) => reason)).toEqual(['two lies', 'again']);
  });

  it('is told behind a switch that is off', () => {
    expect(whyHalted({ segment: { ...both, ...by('ann') }, global: NO_GUARD }, NOW_MS)).toContain('disarmed by ann');
  });
});
