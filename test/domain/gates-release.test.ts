import { describe, expect, it } from 'vitest';
import { type GateName, type GateResult, isShut } from '#shared/domain/gates/gate.ts';
import { isReleasable, withRelease } from '#shared/domain/gates/release.ts';
import type { Release } from '#shared/domain/incident.ts';
import { NOW_MS } from '#test/support/builders.ts';

const shut = (gate: GateName): GateResult => ({ gate, open: false, because: 'a number' });
const aRelease = (gates: readonly GateName[], untilMs = NOW_MS + 1): Release => ({
  by: 'ann',
  reason: 'looked at it',
  gates,
  atMs: NOW_MS - 1,
  untilMs,
});

describe('a gate that an operator may release', () => {
  it.each([
    'reporters',
    'reporter-cliff',
    'nova-sees-it-down',
    'segment-storm',
    'segment-rate',
    'segment-cool-down',
    'global-storm',
    'global-rate',
    'global-cool-down',
    'failure-domain',
    'healthy-hosts',
    'settling',
    'observer',
    'dependencies',
  ] as const)('is %s: what it was answered with stays on record', (name) => {
    expect(isReleasable(name)).toBe(true);
    const [released] = withRelease([shut(name)], aRelease([name]), NOW_MS);
    expect(released).toEqual({ ...shut(name), released: 'by ann: looked at it' });
    expect(released && isShut(released)).toBe(false);
  });

  it.each(['nova-answers', 'protected', 'in-service', 'segment-not-stopped', 'armed', 'fence-device'] as const)(
    'is not %s, although an older salvor may have written so',
    (name) => {
      expect(isReleasable(name)).toBe(false);
      expect(withRelease([shut(name)], aRelease([name]), NOW_MS)).toEqual([shut(name)]);
    },
  );
});

describe('a release', () => {
  const gates = [shut('segment-storm'), shut('reporters'), { ...shut('observer'), open: true }];

  it('is of the gates that it names, where they are closed', () => {
    expect(withRelease(gates, aRelease(['reporters', 'observer']), NOW_MS).map(isShut)).toEqual([true, false, false]);
    expect(withRelease(gates, aRelease(['observer']), NOW_MS)).toEqual(gates);
  });

  it('ends with its time', () => {
    const names = ['segment-storm', 'reporters'] as const;
    expect(withRelease(gates, aRelease(names, NOW_MS + 1), NOW_MS).some(isShut)).toBe(false);
    expect(withRelease(gates, aRelease(names, NOW_MS), NOW_MS)).toEqual(gates);
    expect(withRelease(gates, null, NOW_MS)).toEqual(gates);
  });
});
