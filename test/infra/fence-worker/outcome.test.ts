import { describe, expect, it } from 'vitest';
import { outcomeOf } from '#infra/fence-worker/outcome.ts';
import type { Ran } from '#infra/fence-worker/run-program.ts';
import { redactor } from '#shared/http/redact.ts';

const ran = (changes: Partial<Ran>): Ran => ({
  ...{ code: 0, cutOff: false, stdout: '', stderr: '', durationMs: 7 },
  ...changes,
});
const redact = redactor(['geheim']);

describe('a status', () => {
  const status = (changes: Partial<Ran>) => outcomeOf('fence_x', 'status', ran(changes), redact);

  it('is what both the word and the end of the process say', () => {
    expect(status({ stdout: 'Status: ON\n' })).toEqual({ answer: 'on', detail: 'fence_x status says Status: ON' });
    expect(status({ stdout: 'Status: OFF\n', code: 2 })).toMatchObject({ answer: 'off' });
  });

  it.each([
    ['2 without a word, as of a Python that finds no program', { code: 2 }],
    ['2 with another word', { code: 2, stdout: 'Status: ON\n' }],
    ['0 with the word for off', { code: 0, stdout: 'Status: OFF\n' }],
    ['0 without a word', { code: 0 }],
    ['1', { code: 1, stdout: 'Status: OFF\n' }],
    ['a word within others', { code: 2, stdout: 'the last Status: OFF\n' }],
    ['a signal', { code: null, stdout: 'Status: OFF\n' }],
    ['that it was cut off', { code: null, cutOff: true, stdout: 'Status: OFF\n' }],
  ])('is unknown after %s', (_, changes) => {
    expect(status(changes).answer).toBe('unknown');
  });

  it('says what the agent has said last, without secrets, times and advice', () => {
    const stderr =
      "2026-01-01 00:00:00,000 ERROR: Failed: no login as geheim\n\n2026-01-01 00:00:00,000 ERROR: Please use '-h' for usage\n\n";
    expect(status({ code: 1, stderr }).detail).toBe('fence_x status ended with 1: ERROR: Failed: no login as ***');
  });
});

describe('a power-off', () => {
  const off = (changes: Partial<Ran>) => outcomeOf('fence_x', 'off', ran(changes), redact).answer;

  it('is accepted when the agent ends well, and unknown otherwise: it may have worked', () => {
    expect(off({ stdout: 'Success: Powered OFF\n' })).toBe('accepted');
    for (const changes of [{ code: 1 }, { code: 2 }, { code: null }, { code: null, cutOff: true }])
      expect(off(changes)).toBe('unknown');
  });

  it('is refused when nothing was begun', () => {
    expect(off({ code: null, notBegun: 'spawn EACCES' })).toBe('refused');
  });
});
