/** What becomes of a request to Nova: a repeat is never sent before the first is known to have had no effect. */
import { describe, expect, it } from 'vitest';
import { evolveInstance } from '#shared/domain/instance-recovery/evolve.ts';
import type { Ask, InstanceAction, InstanceFact, InstanceStatus } from '#shared/domain/instance-recovery/instance.ts';
import { foldInstanceAnswer, type Open, stepOf } from '#shared/domain/instance-recovery/settle.ts';
import type { InstanceSight } from '#shared/domain/instance-recovery/sight.ts';
import { countOthers, movesUnderWay, withInstanceTicket } from '#shared/domain/instance-recovery/tickets.ts';
import type { Segment } from '#shared/domain/policy.ts';
import { aPolicy, INSTANCE_ID, NOW_MS, seconds, uuid } from '#test/support/builders.ts';
import { anInstanceIn, anInstanceSight, aRequest } from '#test/support/instances.ts';

const rules = () => {
  const policy = aPolicy({}, { instanceRecovery: { protect: 'all' } });
  return { policy, segment: policy.segments[0] as Segment };
};
const step = (state: Open, sight: InstanceSight | { readonly outage: string } = anInstanceSight()) =>
  stepOf(state, sight, rules(), NOW_MS);
const types = (facts: readonly InstanceFact[]) => facts.map(({ type }) => type.replace('instance-', '')).join(', ');

/** In this status, with this request under way. */
const asked = (status: 'requested' | 'accepted' | 'unknown', ask: Ask = 'reboot', agoSeconds = 5): Open =>
  anInstanceIn(status, {
    request: aRequest(ask, { action: ask === 'reboot' ? 'restart' : 'move', lastActionId: 'req-create' }),
    askedAtMs: NOW_MS - seconds(agoSeconds),
  });
const CREATE = { action: 'create', requestId: 'req-create', userId: 'owner' };
const done = (action: string, requestId = 'req-new') => [{ action, requestId, userId: 'salvor' }, CREATE];

describe('whose answer was never recorded', () => {
  it('is looked for before anything else', () => {
    expect(types(step(asked('requested')))).toBe('answer-missing');
    expect(step(asked('requested')).reduce(evolveInstance, asked('requested')).incident?.status).toBe('unknown');
  });
});

describe('that is unknown', () => {
  it.each<[string, Ask, readonly (typeof CREATE)[], string]>([
    ['is on record', 'reboot', done('reboot'), 'request-found'],
    ['is on record', 'migrate', done('migrate'), 'request-found'],
    ['is on record', 'confirm-resize', done('confirmResize'), 'request-found'],
    ['is on record', 'live-migrate', done('live-migration'), 'request-found'],
    [
      'is on record under what its owner did since',
      'reboot',
      [...done('stop', 'req-2').slice(0, 1), ...done('reboot')],
      'request-found',
    ],
    ['is not, but an older one', 'reboot', [CREATE, ...done('reboot', 'req-old')], 'watched'],
    ['is not, but another', 'reboot', done('stop'), 'watched'],
    ['is not', 'reboot', [CREATE], 'watched'],
  ])('%s: %s', (_name, ask, actions, what) => {
    expect(types(step(asked('unknown', ask), anInstanceSight({}, { actions })))).toBe(what);
  });

  it('of a reset shows in the state', () => {
    expect(types(step(asked('unknown', 'reset-state'), anInstanceSight()))).toBe('request-found');
    expect(types(step(asked('unknown', 'reset-state'), anInstanceSight({ vmState: 'error' })))).toBe('watched');
  });

  it('was lost, once its time to settle is over and Nova is at work on nothing', () => {
    expect(types(step(asked('unknown', 'reboot', 59)))).toBe('watched');
    expect(types(step(asked('unknown', 'reboot', 60), anInstanceSight({ taskState: 'rebooting_hard' })))).toBe(
      'watched',
    );
    const lost = step(asked('unknown', 'reboot', 60));
    expect(types(lost)).toBe('request-lost');
    expect(lost.reduce(evolveInstance, asked('unknown')).incident).toMatchObject({ status: 'held', failures: 1 });
  });

  it('waits while Nova can not be read', () => {
    for (const status of ['requested', 'unknown', 'accepted'] as const)
      expect(types(step(asked(status, 'reboot', 9000), { outage: 'Nova is away' }))).toBe('watched');
  });
});

describe('that Nova has taken', () => {
  it.each<[Ask, Parameters<typeof anInstanceSight>[0], string]>([
    ['reboot', {}, 'request-done, incident-closed'],
    ['reboot', { vmState: 'error', fault: 'no disk' }, 'request-failed'],
    ['reset-state', {}, 'request-done'],
    ['reset-state', { vmState: 'error' }, 'request-failed'],
    ['migrate', { vmState: 'resized', host: 'compute-2' }, 'request-done'],
    ['migrate', {}, 'request-failed'],
    ['migrate', { host: 'compute-2' }, 'request-done, incident-closed'],
    ['confirm-resize', { host: 'compute-2' }, 'request-done, incident-closed'],
    ['confirm-resize', { host: 'compute-2', vmState: 'stopped' }, 'request-done'],
    ['confirm-resize', { host: 'compute-2', vmState: 'error' }, 'request-failed'],
    ['live-migrate', { host: 'compute-2' }, 'request-done, incident-closed'],
    ['live-migrate', {}, 'request-failed'],
  ])('%s, and now it is %j', (ask, server, what) => {
    expect(types(step(asked('accepted', ask), anInstanceSight(server)))).toBe(what);
  });

  it.each([
    ['where it was', {}, ['compute-2']],
    ['in ERROR', { vmState: 'error' }, undefined],
  ] as const)('a migration to a host that leaves it %s', (_name, server, refusedBy) => {
    const request = aRequest('migrate', { action: 'move', destination: 'compute-2' });
    const state = anInstanceIn('accepted', { request });
    const [fact] = step(state, anInstanceSight(server));
    if (fact === undefined) throw new Error('it was over');
    const after = evolveInstance(state, fact).incident;
    expect(after).toMatchObject({ status: 'held', failures: 1 });
    expect(after?.refusedBy).toEqual(refusedBy);
    expect(fact).toHaveProperty('because', 'migrate: it is where it was, and not on compute-2');
  });

  it('ends as what it was', () => {
    const close = (ask: Ask, action: InstanceAction, server = {}) => {
      const state = anInstanceIn('accepted', { request: aRequest(ask, { action }) });
      return step(state, anInstanceSight(server)).at(-1);
    };
    expect(close('reboot', 'restart')).toMatchObject({ outcome: 'restarted', host: 'compute-1' });
    expect(close('reboot', 'move', { host: 'compute-2' })).toMatchObject({ outcome: 'moved', host: 'compute-2' });
  });

  it('goes on for its time, then a person looks', () => {
    const busy = anInstanceSight({ taskState: 'rebooting_hard' });
    expect(types(step(asked('accepted', 'reboot', 599), busy))).toBe('watched');
    expect(step(asked('accepted', 'reboot', 600), busy)).toMatchObject([
      { outcome: 'person', because: 'reboot: it is still rebooting_hard after 600 s' },
    ]);
  });

  it('has failed when the process has gone again since', () => {
    const state = {
      ...asked('accepted'),
      claims: { m: { reason: 'process-gone', occurredAtMs: NOW_MS, receivedAtMs: NOW_MS } as const },
    };
    expect(types(step(state))).toBe('request-failed');
  });

  it('is left to the incident of its host, when that has it in hand', () => {
    expect(step(asked('accepted'), anInstanceSight({}, { hostIncident: 'fencing' }))).toMatchObject([
      { outcome: 'taken-over' },
    ]);
    const busy = anInstanceSight({ vmState: 'stopped', taskState: 'rebooting_hard' }, { hostIncident: 'fencing' });
    expect(types(step(asked('accepted', 'reboot', 9000), busy))).toBe('watched');
    expect(types(step(asked('accepted'), anInstanceSight({}, { hostIncident: 'held' })))).toBe(
      'request-done, incident-closed',
    );
  });

  it('is over when the instance is gone', () => {
    for (const status of ['requested', 'unknown', 'accepted'] as const)
      expect(step(asked(status), { ...anInstanceSight(), server: null })).toMatchObject([{ outcome: 'left' }]);
  });
});

describe('an answer', () => {
  const common = { durationMs: 5 };
  const told = (answer: Parameters<typeof foldInstanceAnswer>[2], before = asked('requested')) =>
    evolveInstance(before, foldInstanceAnswer(before, aRequest(), answer, NOW_MS, 0.5)).incident;

  it.each<[string, Parameters<typeof foldInstanceAnswer>[2], InstanceStatus, number]>([
    ['yes', { kind: 'accepted', requestId: 'r', ...common }, 'accepted', 0],
    ['no answer', { kind: 'unknown', error: 'timeout', ...common }, 'unknown', 0],
    ['no', { kind: 'refused', httpStatus: 409, message: 'no', requestId: 'r', ...common }, 'held', 1],
    ['not now', { kind: 'refused', httpStatus: 429, message: 'slow', requestId: 'r', ...common }, 'held', 0],
    ['not sent', { kind: 'refused', httpStatus: 0, message: 'away', requestId: null, ...common }, 'held', 0],
  ])('of %s', (_name, answer, status, failures) => {
    expect(told(answer)).toMatchObject({ status, failures });
  });

  it.each([
    [400, ['compute-2']],
    [404, ['compute-2']],
    [406, ['compute-2']],
    [409, undefined],
    [403, undefined],
    [429, undefined],
    [0, undefined],
  ])('of %i to the beginning of a move: these hosts are not asked for again: %j', (httpStatus, refusedBy) => {
    const request = aRequest('migrate', { action: 'move', destination: 'compute-2' });
    const before = anInstanceIn('requested', { request });
    const answer = { kind: 'refused', httpStatus, message: 'no', requestId: null, ...common } as const;
    const after = evolveInstance(before, foldInstanceAnswer(before, request, answer, NOW_MS, 0)).incident;
    expect(after?.refusedBy).toEqual(refusedBy);
    expect(after?.status).toBe('held');
  });

  it('counts a restart from the moment it was asked for, once', () => {
    const before = asked('requested');
    const fact = foldInstanceAnswer(before, aRequest(), { kind: 'accepted', requestId: 'r', ...common }, NOW_MS, 0);
    const after = evolveInstance(before, fact);
    expect(after.acted).toEqual([{ action: 'restart', atMs: NOW_MS - seconds(5) }]);
    const found = step(asked('unknown'), anInstanceSight({}, { actions: done('reboot') })).reduce(
      evolveInstance,
      asked('unknown') as Parameters<typeof evolveInstance>[0],
    );
    expect(found.acted).toHaveLength(1);
  });

  it('that comes when its request was found on record already changes nothing', () => {
    const before = asked('accepted');
    expect(told({ kind: 'unknown', error: 'late', ...common }, before)).toEqual(before.incident);
  });
});

describe('tickets', () => {
  const ticket = (number: number, hostKey: string, agoSeconds = 0) => ({
    instanceId: uuid(3, number),
    hostKey,
    atMs: NOW_MS - seconds(agoSeconds),
  });
  const mine = { instanceId: INSTANCE_ID, hostKey: 'h1', atMs: NOW_MS };

  it('count others of the host and of the segment, each once, within the window', () => {
    const tickets = [ticket(2, 'h1'), ticket(2, 'h2'), ticket(3, 'h2'), ticket(4, 'h1', 600), ticket(1, 'h1')];
    expect(countOthers({ tickets }, [], mine, 600)).toEqual({ onHost: 1, ofSegment: 2 });
    expect(countOthers({ tickets }, [ticket(5, 'h1'), ticket(1, 'h1'), ticket(2, 'h1')], mine, 600)).toEqual({
      onHost: 2,
      ofSegment: 3,
    });
  });

  it('keep the newest of an instance on each host, for a day', () => {
    const before = { tickets: [ticket(1, 'h1', 60), ticket(1, 'h2', 60), ticket(2, 'h1', 86_400)] };
    expect(withInstanceTicket(before, mine).tickets).toEqual([ticket(1, 'h2', 60), mine]);
  });

  it('tell where others are on their way to, as long as their incidents are open', () => {
    const to = (number: number, host: string) => ({ ...ticket(number, 'h1'), to: host });
    const tickets = [to(2, 'a'), to(3, 'a'), to(4, 'b'), ticket(5, 'h1'), { ...mine, to: 'b' }];
    const open = [2, 4, 5].map((number) => ({ instanceId: uuid(3, number) }));
    expect(movesUnderWay({ tickets }, [...open, mine], INSTANCE_ID)).toEqual({ a: 1, b: 1 });
  });
});
