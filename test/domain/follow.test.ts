import { describe, expect, it } from 'vitest';
import { deadlinePassed } from '#shared/domain/deadline.ts';
import { evolveHost } from '#shared/domain/evolve-host.ts';
import { closeIncident, countOutcomes, handOver, nextLookMs, proofFault } from '#shared/domain/follow.ts';
import type { HostFact, HostState } from '#shared/domain/host.ts';
import type { TaskOutcome, TaskState } from '#shared/domain/task.ts';
import { aHostIn, anIncident, aProof, aSegment, aService, aTask, NOW_MS, seconds } from '#test/support/builders.ts';

const segment = aSegment({
  evacuation: { pollSeconds: 2, deadlineSeconds: 3600 },
  fencing: { proofMaxAgeSeconds: 120 },
});
const forcedDown = aService({ state: 'down', forcedDown: true });
const provenAgo = (count: number) => anIncident('evacuating', { proof: aProof({ readAtMs: NOW_MS - seconds(count) }) });

describe('the proof', () => {
  it('is good while it is young and Nova has the host forced down', () => {
    expect(proofFault(provenAgo(60), forcedDown, 5, segment, NOW_MS)).toBeUndefined();
  });

  it.each([
    ['Nova no longer knows the service', undefined, /no longer knows/],
    ['somebody took the force-down back', aService({ state: 'up' }), /no longer forced down/],
  ])('is void when %s, also with nothing to evacuate', (_, service, because) => {
    const fault = proofFault(provenAgo(1), service, 0, segment, NOW_MS);
    expect(fault).toMatchObject({ type: 'proof-voided', because: expect.stringMatching(because) });
  });

  it('is renewed at half of its age, so that the other half is left for the requests', () => {
    expect(proofFault(provenAgo(61), forcedDown, 1, segment, NOW_MS)).toMatchObject({
      type: 'proof-voided',
      because: 'the proof is 61 s old: the power is read again',
    });
  });

  it('is not renewed while nothing is to be requested', () => {
    expect(proofFault(provenAgo(6000), forcedDown, 0, segment, NOW_MS)).toBeUndefined();
  });
});

describe('the next look', () => {
  const next = (tasks: Parameters<typeof nextLookMs>[0], changed: boolean) =>
    nextLookMs(tasks, changed, segment, NOW_MS) - NOW_MS;

  it('is at once while something has changed and others wait', () => {
    expect(next([aTask('ended'), aTask('waiting')], true)).toBe(0);
  });
  it('is after a pause when nothing has changed, or nobody waits', () => {
    expect(next([aTask('accepted'), aTask('waiting')], false)).toBe(seconds(2));
    expect(next([aTask('accepted')], true)).toBe(seconds(2));
    expect(next([], true)).toBe(seconds(2));
  });
  it('is when the first pause ends, with nothing in flight', () => {
    const pausing = [70, 40].map((after) => aTask('waiting', { notBeforeMs: NOW_MS + seconds(after) }));
    expect(next(pausing, true)).toBe(seconds(40));
    expect(next([...pausing, aTask('ended')], true)).toBe(seconds(40));
    expect(next([...pausing, aTask('unknown')], true)).toBe(seconds(2));
  });
});

describe('room', () => {
  it.each<[pauseSeconds: number, lookSeconds: number]>([
    [300, 15],
    [10, 10],
    [0, 2],
  ])('is looked for during a pause of %i s after %i s', (pauseSeconds, lookSeconds) => {
    const task = aTask('waiting', { for: 'room', notBeforeMs: NOW_MS + seconds(pauseSeconds) });
    expect(nextLookMs([task], false, aSegment({ evacuation: { pollSeconds: 2 } }), NOW_MS)).toBe(
      NOW_MS + seconds(lookSeconds),
    );
  });
});

describe('the deadline', () => {
  it.each(['waiting', 'granted', 'requested', 'accepted', 'unknown'] as const)(
    'gives a task that is %s to a person',
    (status) => {
      expect(handOver(aTask(status), anIncident('handing-over'), NOW_MS)).toMatchObject([
        { type: 'task-ended', outcome: 'person', because: expect.stringContaining(status) },
      ]);
    },
  );

  it('leaves a task that has ended as it is', () => {
    expect(handOver(aTask('ended'), anIncident('handing-over'), NOW_MS)).toEqual([]);
  });

  it.each(['fencing', 'forcing-down', 'planning', 'evacuating'] as const)(
    'runs while the incident is %s, from the first plan on',
    (status) => {
      const incident = anIncident(status, { evacuatingSinceMs: NOW_MS - seconds(3600) });
      expect(deadlinePassed(incident, segment, NOW_MS - 1)).toBeUndefined();
      const because = `no end after 3600 s; its last status: ${status}`;
      expect(deadlinePassed(incident, segment, NOW_MS)).toEqual({ type: 'deadline-passed', because, atMs: NOW_MS });
    },
  );

  it('runs from the confirmation on while the host can not be proven off', () => {
    const incident = anIncident('fencing', { confirmedAtMs: NOW_MS - seconds(3600), evacuatingSinceMs: null });
    expect(deadlinePassed(incident, segment, NOW_MS - 1)).toBeUndefined();
    expect(deadlinePassed(incident, segment, NOW_MS)?.type).toBe('deadline-passed');
  });

  it.each(['suspected', 'held', 'stopped', 'handing-over'] as const)('has no meaning while it is %s', (status) => {
    expect(deadlinePassed(anIncident(status), segment, NOW_MS + seconds(1e6))).toBeUndefined();
  });

  it('comes although the proof was renewed again and again', () => {
    const renewal: readonly HostFact[] = [
      { type: 'proof-voided', because: 'old', atMs: NOW_MS },
      { type: 'proof-made', proof: aProof(), atMs: NOW_MS },
      { type: 'forced-down', state: 'down', atMs: NOW_MS },
      { type: 'planned', instances: 1, toEvacuate: 1, leftAlone: 0, atMs: NOW_MS },
    ];
    const since = NOW_MS - seconds(3600);
    const host: HostState = aHostIn('evacuating', { evacuatingSinceMs: since });
    const renewed = renewal.reduce(evolveHost, host).incident;
    expect(renewed).toMatchObject({ status: 'evacuating', evacuatingSinceMs: since });
  });
});

describe('a task that is handed over', () => {
  const because = (task: TaskState) =>
    handOver(task, aHostIn('handing-over', { reason: 'no end', dismissed: false }).incident, NOW_MS).map(
      (fact) => 'because' in fact && fact.because,
    );

  it('says what it waited for, when it did', () => {
    const room = 'no host has room for 2048 MB';
    expect(because(aTask('waiting', { for: 'room', because: room }))).toEqual([
      `no end; the last state of this one: waiting, ${room}`,
    ]);
    expect(because(aTask('waiting', { because: 'planned' }))).toEqual(['no end; the last state of this one: waiting']);
  });

  it('is left alone once it has ended', () => {
    expect(because(aTask('ended'))).toEqual([]);
  });
});

describe('an incident closes', () => {
  const ended = (...outcomes: readonly TaskOutcome[]) =>
    outcomes.map((outcome, index) => aTask('ended', { outcome }, { instanceId: `instance-${index}` }));

  it('as recovered when nobody needs to be woken', () => {
    expect(closeIncident(ended('recovered', 'recovered', 'gone', 'not-protected', 'left'), 'heads', NOW_MS)).toEqual({
      type: 'incident-closed',
      outcome: 'recovered',
      because: '2 recovered, 1 gone, 1 not-protected, 1 left',
      atMs: NOW_MS,
      counts: { recovered: 2, gone: 1, 'not-protected': 1, left: 1 },
      taskHeads: 'heads',
      evidence: null,
    });
  });

  it.each(['person', 'not-recoverable'] as const)('as partly recovered with one that ended as %s', (outcome) => {
    expect(closeIncident(ended('recovered', outcome), '', NOW_MS)).toMatchObject({ outcome: 'partly-recovered' });
  });

  it('in the same words whatever the order of its tasks', () => {
    const tasks = ended('recovered', 'person', 'recovered', 'gone');
    for (const order of [tasks, tasks.toReversed()])
      expect(closeIncident(order, '', NOW_MS)).toMatchObject({ because: '2 recovered, 1 person, 1 gone' });
  });

  it('says so when there was nothing to do', () => {
    expect(closeIncident([], '', NOW_MS)).toMatchObject({
      outcome: 'recovered',
      because: 'no instances were on the host',
    });
  });

  it('counts what is unfinished, with which it is not well', () => {
    const tasks = [aTask('waiting'), aTask('accepted')];
    expect(countOutcomes(tasks)).toEqual({ unfinished: 2 });
    expect(closeIncident(tasks, '', NOW_MS)).toMatchObject({ outcome: 'partly-recovered' });
  });
});
