/** What reports of single instances say, and which of them are news. */
import { describe, expect, it } from 'vitest';
import { evolveInstance, newInstance } from '#shared/domain/instance-recovery/evolve.ts';
import type { InstanceState } from '#shared/domain/instance-recovery/instance.ts';
import { type InstanceReason, reasonOf } from '#shared/domain/instance-recovery/reasons.ts';
import { decideInstanceReports } from '#shared/domain/instance-recovery/reports.ts';
import {
  aPolicy,
  HOST_KEY,
  INCIDENT_ID,
  INSTANCE_ID,
  NOW_MS,
  type SegmentInput,
  seconds,
} from '#test/support/builders.ts';
import { anInstanceDown, anInstanceIn, GONE, HUNG, IO_ERROR, NO_ANSWER } from '#test/support/instances.ts';

describe('the event', () => {
  it.each<[string, InstanceReason | undefined]>([
    // As masakari-monitors words them.
    ['LIFECYCLE STOPPED_FAILED', 'process-gone'],
    ['LIFECYCLE VIR_DOMAIN_EVENT_STOPPED_FAILED', 'process-gone'],
    ['LIFECYCLE STOPPED_SHUTDOWN', undefined],
    ['LIFECYCLE STOPPED_DESTROYED', undefined],
    ['LIFECYCLE STOPPED_MIGRATED', undefined],
    ['IO_ERROR IO_ERROR_REPORT', 'io-error'],
    // It goes on when there is space again.
    ['IO_ERROR IO_ERROR_PAUSE', undefined],
    ['IO_ERROR IO_ERROR_NONE', undefined],
    ['WATCHDOG WATCHDOG_NONE', 'guest-hung'],
    ['WATCHDOG WATCHDOG_PAUSE', 'guest-hung'],
    ['WATCHDOG VIR_DOMAIN_EVENT_WATCHDOG_DEBUG', 'guest-hung'],
    ['WATCHDOG WATCHDOG_RESET', undefined],
    ['WATCHDOG WATCHDOG_POWEROFF', undefined],
    ['WATCHDOG WATCHDOG_SHUTDOWN', undefined],
    ['QEMU_GUEST_AGENT_ERROR STOPPED_FAILED', 'guest-hung'],
    // As others have them.
    ['process-gone', 'process-gone'],
    ['io-error', 'io-error'],
    ['guest-hung', 'guest-hung'],
    ['no-answer', 'no-answer'],
    ['no answer to tcp/22', 'no-answer'],
    ['toString', undefined],
    ['CONSTRUCTOR', undefined],
    ['', undefined],
  ])('%j', (event, reason) => {
    expect(reasonOf(anInstanceDown(event))).toBe(reason);
  });
});

const RECOVERS = { protect: 'all', confirmSeconds: 10, bootSeconds: 120 } as const;

function heard(
  state: InstanceState,
  events: readonly (ReturnType<typeof anInstanceDown> & { readonly receivedAtMs?: number })[],
  instanceRecovery: NonNullable<SegmentInput['instanceRecovery']> | null = RECOVERS,
  nowMs = NOW_MS,
) {
  const policy = aPolicy({}, instanceRecovery === null ? {} : { instanceRecovery });
  const input = {
    events: events.map(({ receivedAtMs = nowMs, ...event }) => ({ event, reporter: event.source, receivedAtMs })),
    host: 'compute-1',
    hostKey: HOST_KEY,
    segment: policy.segments[0],
    newIncidentId: INCIDENT_ID,
  };
  const facts = decideInstanceReports(state, input, policy, nowMs);
  return { types: facts.map(({ type }) => type), facts, after: facts.reduce(evolveInstance, state) };
}

describe('a report', () => {
  const fresh = newInstance(INSTANCE_ID);

  it('opens an incident, which is confirmed for a while', () => {
    const { facts, after } = heard(fresh, [anInstanceDown()]);
    expect(facts).toMatchObject([
      { type: 'instance-reported', reporter: '/monitor/libvirt', reason: 'process-gone' },
      { type: 'instance-incident-opened', host: 'compute-1', segment: 'az1', confirmUntilMs: NOW_MS + seconds(10) },
    ]);
    expect(after.incident).toMatchObject({ status: 'suspected', dueAtMs: NOW_MS + seconds(10) });
  });

  it('is not kept where the policy says nothing, or only records its reason', () => {
    expect(heard(fresh, [anInstanceDown()], null).types).toEqual([]);
    expect(heard(fresh, [anInstanceDown(NO_ANSWER)]).types).toEqual([]);
    expect(heard(fresh, [anInstanceDown('LIFECYCLE STOPPED_SHUTDOWN')]).types).toEqual([]);
  });

  it('is told from its repeat, and from one that is too old or of the future', () => {
    const event = anInstanceDown();
    expect(heard(heard(fresh, [event]).after, [event]).types).toEqual([]);
    for (const atMs of [NOW_MS - seconds(1000), NOW_MS + seconds(1000)])
      expect(heard(fresh, [anInstanceDown(GONE, { atMs })]).types).toEqual([]);
  });

  it('says nothing new while its reporter has just said so, and is written down again after a minute', () => {
    const { after } = heard(fresh, [anInstanceDown()]);
    const again = (afterSeconds: number) => {
      const atMs = NOW_MS + seconds(afterSeconds);
      return heard(after, [anInstanceDown(GONE, { atMs })], RECOVERS, atMs).types;
    };
    expect(again(59)).toEqual([]);
    expect(again(60)).toEqual(['instance-reported']);
  });

  it('of another source, or of another reason, is news', () => {
    const { after } = heard(fresh, [anInstanceDown()]);
    expect(heard(after, [anInstanceDown(GONE, { source: '/monitor/other' })]).types).toEqual(['instance-reported']);
    expect(heard(after, [anInstanceDown(HUNG, { atMs: NOW_MS + 1 })]).types).toEqual(['instance-reported']);
  });

  it('that is older than what its reporter said last is none', () => {
    const { after } = heard(fresh, [anInstanceDown()]);
    expect(heard(after, [anInstanceDown(IO_ERROR, { atMs: NOW_MS - 1 })]).types).toEqual([]);
  });
});

describe('after salvor has acted', () => {
  const ended = (outcome: 'restarted' | 'person' | 'left', agoSeconds: number): InstanceState => ({
    ...newInstance(INSTANCE_ID),
    acted: outcome === 'left' ? [] : [{ action: 'restart', atMs: NOW_MS - seconds(agoSeconds + 5) }],
    lastIncident: { id: INCIDENT_ID, endedAtMs: NOW_MS - seconds(agoSeconds), outcome },
  });

  it('what was seen before that is of the same failure', () => {
    const { acted } = ended('restarted', 30);
    const before = { ...ended('restarted', 30), acted };
    expect(heard(before, [anInstanceDown(GONE, { atMs: NOW_MS - seconds(36) })]).types).toEqual([]);
    expect(heard(before, [anInstanceDown(GONE, { atMs: NOW_MS - seconds(34) })]).types).toContain(
      'instance-incident-opened',
    );
  });

  it.each([
    ['a guest that boots hangs', 'restarted', 119, HUNG, false],
    ['a guest that has booted hangs', 'restarted', 121, HUNG, true],
    ['a process that ends during the boot has ended', 'restarted', 10, GONE, true],
    ['what its owner had made so may hang later', 'left', 10, HUNG, true],
    ['a probe goes on about what was left', 'left', 590, NO_ANSWER, false],
    ['a probe goes on about what was left, much later', 'left', 610, NO_ANSWER, true],
    ['a probe goes on about what waits for a person', 'person', 3590, NO_ANSWER, false],
    ['a probe goes on about what waits for a person, an hour later', 'person', 3610, NO_ANSWER, true],
    ['what waits for a person has ended again', 'person', 10, GONE, true],
  ] as const)('%s', (_name, outcome, agoSeconds, event, opens) => {
    const recovery = { ...RECOVERS, noAnswer: { do: 'restart', sources: 1 } } as const;
    const { types } = heard(ended(outcome, agoSeconds), [anInstanceDown(event)], recovery);
    expect(types.includes('instance-incident-opened')).toBe(opens);
  });

  it('the same word again is no repeat, once it is of after that', () => {
    const state = anInstanceIn('accepted', {}, { acted: [{ action: 'restart', atMs: NOW_MS - seconds(5) }] });
    expect(heard(state, [anInstanceDown()]).types).toEqual(['instance-reported']);
  });
});
