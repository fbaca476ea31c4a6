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
      leaveByMs: expect.any(Number),
    });
  });

  it.each([
    ['the proof', seconds(100), seconds(5), seconds(20)],
    ['what was seen for the grant', seconds(20), seconds(25), seconds(5)],
  ])('lets the request leave until %s is too old', (_, proofAgeMs, grantAgeMs, leftMs) => {
    const host = aHostIn('evacuating', { proof: aProof({ readAtMs: NOW_MS - proofAgeMs }) });
    const task = aTask('granted', { attempt: anAttempt({ grantedAtMs: NOW_MS - grantAgeMs }) });
    expect(decide(host, task)).toMatchObject({ do: 'request', leaveByMs: NOW_MS + leftMs });
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

  it('gives the grant back when what was seen for it is older than 30 s', () => {
    const seenAgo = (ms: number) => aTask('granted', { attempt: anAttempt({ grantedAtMs: NOW_MS - ms }) });
    expect(decide(evacuating, seenAgo(seconds(30) + 1))).toMatchObject({ do: 'give-back' });
    expect(decide(evacuating, seenAgo(seconds(30)))).toMatchObject({ do: 'request' });
  });

  it('lets it leave on a proof that is just young enough, and not from before the incident', () => {
    const readAtMs = NOW_MS - seconds(MAX_AGE_SECONDS);
    const atTheLimits = aHostIn('evacuating', { openedAtMs: readAtMs, proof: aProof({ readAtMs }) });
    expect(decide(atTheLimits)).toMatchObject({ do: 'request', facts: [{ proofReadAtMs: readAtMs }] });
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
    expect(fold(answer)).toMatchObject([
      { answer: 'accepted', detail: 'accepted', httpStatus: 200, requestId: 'req-1', durationMs: 5 },
    ]);
    expect(progressAfter(answer)).toMatchObject({ status: 'accepted', sinceMs: NOW_MS });
  });

  it('that nobody got leaves it unknown', () => {
    const answer: Answer = { kind: 'unknown', error: 'socket hang up', durationMs: 5 };
    expect(fold(answer)).toMatchObject([{ answer: 'unknown', detail: 'socket hang up', requestId: null }]);
    expect(progressAfter(answer)).toMatchObject({ status: 'unknown', error: 'socket hang up' });
  });

  it.each<Answer>([
    { kind: 'accepted', requestId: null, durationMs: 5 },
    { kind: 'unknown', error: 'no answer of compute-2', durationMs: 5 },
    refused(403, 'compute-2'),
    refused(409, 'compute-2'),
  ])('of %o is not about the destination', (answer) => {
    expect(fold(answer)).toMatchObject([{ blamesDestination: false }]);
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
    ['It can not be compute-2...', true],
    ['Compute service of compute-20 is still in use.', false],
    ['Compute service of rack.compute-2 is still in use.', false],
    ["The target host can't be the same one.", false],
  ])('of 400 "%s" is about the destination: %s', (message, blames) => {
    expect(fold(refused(400, message))).toMatchObject([{ blamesDestination: blames }]);
    expect(fold(refused(400, message)).reduce(evolveTask, requested).failedAt).toEqual(blames ? ['compute-2'] : []);
  });

  it('names a destination by its whole name, with its dots', () => {
    const task = aTask('requested', { attempt: anAttempt({ destination: 'compute-2.rack.example' }) });
    const answer = (message: string) => foldAnswer(task, 1, refused(404, message), aSegment(), NOW_MS, 0);
    expect(answer('compute-2.rack.example not found')).toMatchObject([{ blamesDestination: true, retryAtMs: NOW_MS }]);
    expect(answer('compute-2 not found')).toMatchObject([{ blamesDestination: false }]);
  });

  it('is about no destination when Nova was to choose one', () => {
    const task = aTask('requested', { attempt: anAttempt({ destination: null }) });
    expect(foldAnswer(task, 1, refused(400, 'No host null.'), aSegment(), NOW_MS, 0)).toMatchObject([
      { blamesDestination: false },
    ]);
  });
});

describe('an instance that is read right before its request', () => {
  const of = aSegment().instances;
  const unfit = (server: Parameters<typeof unfitNow>[0], attempt = 1) =>
    unfitNow(server, 'compute-1', granted, attempt, of);

  it('may be evacuated as it was granted', () => {
    expect(unfit(aServer())).toBeUndefined();
  });

  it('is in ERROR by our own failed attempt, whatever the policy says; before the first one, the policy decides', () => {
    const server = aServer({ vmState: 'error' });
    const leaves = aSegment({ instances: { inError: 'leave' } }).instances;
    expect(unfitNow(server, 'compute-1', granted, 2, leaves)).toBeUndefined();
    expect(unfitNow(server, 'compute-1', granted, 1, leaves)).toMatch(/the policy leaves those alone/);
    expect(unfit(server)).toBeUndefined();
  });

  it('is left out by what stood beside it when it was planned', () => {
    const signs = { aggregates: [{ name: 'spare', metadata: { ha: 'off' } }] };
    const { instances } = aSegment({ instances: { aggregateKey: 'ha', saidIn: ['aggregate'] } });
    expect(unfitNow(aServer(), 'compute-1', { ...granted, signs }, 1, instances)).toMatch(/aggregate ha is off/);
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
