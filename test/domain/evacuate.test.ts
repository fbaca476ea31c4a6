import { describe, expect, it } from 'vitest';
import { decideEvacuate, foldAnswer, unfitNow } from '#shared/domain/evacuate.ts';
import type { HostState } from '#shared/domain/host.ts';
import { evolveTask, type TaskProgress } from '#shared/domain/task.ts';
import type { Answer } from '#shared/ports.ts';
import {
  aHost,
  aHostIn,
  anAttempt,
  anIncident,
  aProof,
  aSegment,
  aServer,
  aTask,
  NOW_MS,
  seconds,
  uuid,
} from '#test/support/builders.ts';

const MAX_AGE_SECONDS = 120;
const granted = aTask('granted');
const evacuating = aHostIn('evacuating');
const decide = (host: HostState, task = granted, attempt = 1) =>
  decideEvacuate(host, task, attempt, MAX_AGE_SECONDS, NOW_MS, undefined);

describe('the last look before a request', () => {
  it('commits the intent, with the proof it rests on', () => {
    expect(decide(evacuating)).toEqual({
      do: 'request',
      facts: [
        {
          type: 'evacuate-intended',
          attempt: 1,
          way: 'as-it-was',
          destination: 'compute-2',
          proofReadAtMs: evacuating.incident.proof.readAtMs,
          atMs: NOW_MS,
        },
      ],
    });
  });

  const old = aProof({ readAtMs: NOW_MS - seconds(121) });
  const beforeIncident = aProof({ readAtMs: evacuating.incident.openedAtMs - 1 });
  const statuses = ['suspected', 'held', 'fencing', 'forcing-down', 'planning', 'stopped'] as const;
  it.each<[because: string, host: HostState]>([
    ['its incident is closed', aHost()],
    ['its incident is closed', aHostIn('evacuating', { id: uuid(1, 2) })],
    ...statuses.map((status): [string, HostState] => [
      `its incident is ${status}`,
      { ...evacuating, incident: anIncident(status) },
    ]),
    ['the fence proof is older than the incident', aHostIn('evacuating', { proof: beforeIncident })],
    ['the fence proof is 121 s old; at most 120 s', aHostIn('evacuating', { proof: old })],
  ])('gives the grant back when %s', (because, host) => {
    expect(decide(host)).toEqual({ do: 'give-back', facts: [{ type: 'grant-expired', because, atMs: NOW_MS }] });
  });

  it('gives the grant back when what was seen for it is too old', () => {
    const late = aTask('granted', { attempt: anAttempt({ grantedAtMs: NOW_MS - seconds(61) }) });
    expect(decide(evacuating, late)).toMatchObject({ do: 'give-back' });
  });

  it.each(['waiting', 'requested', 'accepted', 'unknown', 'ended'] as const)(
    'does nothing for a task that is %s: somebody else has it, or its request has left',
    (status) => {
      expect(decide(evacuating, aTask(status))).toEqual({ do: 'nothing' });
    },
  );

  it('does nothing for another attempt than the granted one', () => {
    expect(decide(evacuating, granted, 2)).toEqual({ do: 'nothing' });
  });
});

describe('the answer to a request', () => {
  const requested = aTask('requested');
  const fold = (answer: Answer, attempt = 1) => foldAnswer(requested, attempt, answer, aSegment(), NOW_MS, 0);
  const refused = (httpStatus: number, message: string): Answer => ({
    kind: 'refused',
    httpStatus,
    message,
    requestId: 'req-1',
    durationMs: 5,
  });
  const progressAfter = (answer: Answer): TaskProgress => fold(answer).reduce(evolveTask, requested).progress;

  it('of yes is accepted', () => {
    const answer: Answer = { kind: 'accepted', requestId: 'req-1', durationMs: 5 };
    expect(fold(answer)).toMatchObject([{ answer: 'accepted', httpStatus: 200, requestId: 'req-1', durationMs: 5 }]);
    expect(progressAfter(answer)).toMatchObject({ status: 'accepted', sinceMs: NOW_MS });
  });

  it('that nobody got leaves it unknown', () => {
    const answer: Answer = { kind: 'unknown', error: 'socket hang up', durationMs: 5 };
    expect(fold(answer)).toMatchObject([{ answer: 'unknown', detail: 'socket hang up', requestId: null }]);
    expect(progressAfter(answer)).toMatchObject({ status: 'unknown', error: 'socket hang up' });
  });

  it.each([403, 409, 429])('of %d lets it wait, longer with each attempt', (httpStatus) => {
    const answer = refused(httpStatus, 'no');
    expect(progressAfter(answer)).toEqual({
      status: 'waiting',
      notBeforeMs: NOW_MS + seconds(5),
      because: `${httpStatus} no`,
    });
    expect(fold(answer, 3)).toMatchObject([{ retryAtMs: NOW_MS + seconds(20) }]);
  });

  it.each([404])('of %d has the instance looked at again at once', (httpStatus) => {
    expect(fold(refused(httpStatus, 'Instance could not be found.'))).toMatchObject([
      { retryAtMs: NOW_MS, blamesDestination: false },
    ]);
  });

  it.each([
    ['Compute host compute-2 not found.', true],
    ['No such host: compute-2', true],
    ['Compute service of compute-2 is still in use.', true],
    ['Compute service of compute-20 is still in use.', false],
    ['Compute service of rack.compute-2 is still in use.', false],
    ["The target host can't be the same one.", false],
  ])('of 400 "%s" is about the destination: %s', (message, blames) => {
    expect(fold(refused(400, message))).toMatchObject([{ blamesDestination: blames }]);
    expect(fold(refused(400, message)).reduce(evolveTask, requested).failedAt).toEqual(blames ? ['compute-2'] : []);
  });
});

describe('an instance that is read right before its request', () => {
  const of = aSegment().instances;
  const unfit = (server: Parameters<typeof unfitNow>[0], attempt = 1) => unfitNow(server, 'compute-1', attempt, of);

  it('may be evacuated as it was granted', () => {
    expect(unfit(aServer())).toBeUndefined();
    expect(unfit(aServer({ vmState: 'error' }), 2)).toBeUndefined();
  });

  it.each([
    ['was deleted', undefined, /gone/],
    ['was moved', aServer({ host: 'compute-7' }), /it is on compute-7 by now/],
    ['is being evacuated by somebody else', aServer({ taskState: 'rebuilding' }), /rebuilding/],
    ['is being deleted', aServer({ taskState: 'deleting' }), /being deleted/],
    ['was opted out', aServer({ metadata: { HA_Enabled: 'false' } }), /opted out/],
  ])('is left to the next look when it %s', (_, server, because) => {
    expect(unfit(server)).toMatch(because);
    const decision = decideEvacuate(evacuating, granted, 1, MAX_AGE_SECONDS, NOW_MS, unfit(server));
    expect(decision).toMatchObject({ do: 'give-back', facts: [{ type: 'grant-expired' }] });
  });
});
