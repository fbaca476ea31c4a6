import { describe, expect, it } from 'vitest';
import { decideForcingDown, forceDownIntended } from '#shared/domain/force-down.ts';
import type { Answer, ComputeService } from '#shared/ports.ts';
import { aHost, anIncident, aSegment, aService, NOW_MS, SERVICE_ID, seconds } from '#test/support/builders.ts';

const accepted: Answer = { kind: 'accepted', requestId: 'req-1', durationMs: 3 };
const refused: Answer = { kind: 'refused', httpStatus: 404, message: 'not found', requestId: 'req-2', durationMs: 3 };
const unknown: Answer = { kind: 'unknown', error: 'timed out', durationMs: 3 };
const down = aService({ state: 'down', forcedDown: true });

const decide = (answer: Answer | null, service: ComputeService | undefined, failures = 0) =>
  decideForcingDown(anIncident('forcing-down', { failures }), answer, service, aSegment(), NOW_MS, 0.5);

describe('forcing the service down', () => {
  it('is looked after when no answer has come within 30 s', () => {
    expect(forceDownIntended(aHost(), NOW_MS)).toEqual({
      type: 'force-down-intended',
      serviceId: SERVICE_ID,
      dueAtMs: NOW_MS + seconds(30),
    });
  });

  it('is done when Nova itself says so, whatever it had answered', () => {
    for (const answer of [accepted, refused, unknown])
      expect(decide(answer, down)).toMatchObject([
        { type: 'force-down-answered', answer: answer.kind },
        { type: 'forced-down', state: 'down, forced down' },
      ]);
  });

  it('needs no request when it is so already', () => {
    expect(decide(null, down).map(({ type }) => type)).toEqual(['forced-down']);
  });

  it.each([
    ['it is still up', aService({ forcedDown: true }), 'Nova says up, forced_down true'],
    ['it is down but not forced', aService({ state: 'down' }), 'Nova says down, forced_down false'],
    ['it is not there', undefined, 'Nova knows no such service'],
  ])('is not done while %s', (_, service, because) => {
    expect(decide(accepted, service)).toMatchObject([
      { type: 'force-down-answered', detail: 'forced down', requestId: 'req-1' },
      { type: 'force-down-failed', because, retryAtMs: NOW_MS + 3750 },
    ]);
  });

  it('pauses longer with each failure', () => {
    expect(decide(unknown, undefined, 2)[1]).toHaveProperty('retryAtMs', NOW_MS + 15_000);
  });

  it('records what Nova answered, without guessing', () => {
    expect(decide(refused, undefined)[0]).toMatchObject({ detail: '404 not found', requestId: 'req-2' });
    expect(decide(unknown, undefined)[0]).toMatchObject({ answer: 'unknown', detail: 'timed out', requestId: null });
  });
});
