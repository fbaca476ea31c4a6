import { describe, expect, it } from 'vitest';
import type { AuditRecord } from '#shared/domain/audit.ts';
import { novaDownIn, rebuildIn } from '#shared/domain/forecast/recorded-pace.ts';
import { NOW_MS, seconds } from '#test/support/builders.ts';

/** Each fact so many seconds after the first. */
const stream = (...facts: readonly (readonly [number, { readonly type: string }])[]): readonly AuditRecord[] =>
  facts.map(([atSeconds, fact], index) => ({
    ...{ stream: 'incident#1', sequence: index + 1, atMs: NOW_MS + seconds(atSeconds), previous: '' },
    fact: fact as unknown as AuditRecord['fact'],
  })) as unknown as readonly AuditRecord[];
const opened = { type: 'incident-opened' };
const confirmed = (state: 'up' | 'down', forcedDown = false) => ({
  type: 'confirmed',
  evidence: { service: { state, forcedDown } },
});
const held = (...gates: readonly string[]) => ({
  type: 'held',
  gates: [{ gate: 'armed', open: true }, ...gates.map((gate) => ({ gate, open: false }))],
});

describe('until Nova saw a host down', () => {
  it('is from the opening to the first confirmation', () => {
    const incident = stream(
      [0, opened],
      [30, held('nova-sees-it-down')],
      [58, confirmed('down')],
      [90, confirmed('down')],
    );
    expect(novaDownIn(incident)).toBe(58);
  });

  it.each([
    ['Nova saw it up still', stream([0, opened], [5, confirmed('up')])],
    ['somebody had forced it down', stream([0, opened], [5, confirmed('down', true)])],
    [
      'something else had kept it waiting',
      stream([0, opened], [30, held('reporters-agree')], [900, confirmed('down')]),
    ],
    ['it was never confirmed', stream([0, opened], [30, held('nova-sees-it-down')])],
  ])('says nothing where %s', (_why, incident) => expect(novaDownIn(incident)).toBeUndefined());
});

describe('a rebuild', () => {
  const begins = { type: 'restore-begins' };
  const ended = (outcome: string) => ({ type: 'task-ended', outcome });

  it('is from the end of the evacuation to the start', () =>
    expect(rebuildIn(stream([0, { type: 'granted' }], [12, begins], [60, ended('restarted-from-snapshot')]))).toBe(48));

  it.each([
    ['one that a person was left with', stream([12, begins], [60, ended('person')])],
    ['an ordinary evacuation', stream([0, { type: 'granted' }], [12, ended('recovered')])],
  ])('is none: %s', (_what, task) => expect(rebuildIn(task)).toBeUndefined());
});
