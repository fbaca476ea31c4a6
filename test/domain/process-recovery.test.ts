/** Processes that have stopped on a host that lives: what is switched off, asked for, taken back, and when it is left alone. */
import { describe, expect, it } from 'vitest';
import type { Segment } from '#shared/domain/policy.ts';
import { decideProcess, type ProcessesIn, wordOnHost } from '#shared/domain/process-recovery/decide.ts';
import { evolveProcesses, newProcesses } from '#shared/domain/process-recovery/evolve.ts';
import { isRestartedFirst, lateRestarts } from '#shared/domain/process-recovery/first.ts';
import type {
  ProcessClaim,
  ProcessesState,
  ProcessFact,
  ProcessIncident,
  ProcessOutcome,
  ProcessStatus,
} from '#shared/domain/process-recovery/process.ts';
import { disableReason, isBySalvor } from '#shared/domain/process-recovery/reason.ts';
import { decideProcessReports, matches } from '#shared/domain/process-recovery/reports.ts';
import type { ProcessSight } from '#shared/domain/process-recovery/sight.ts';
import { aPolicy, HOST_KEY, INCIDENT_ID, NOW_MS, type SegmentInput, seconds } from '#test/support/builders.ts';
import { aProcessEvent } from '#test/support/instances.ts';

type Recovery = NonNullable<SegmentInput['processRecovery']>;
const REASON = 'salvor: process libvirtd down';

const aClaim = (over: Partial<ProcessClaim> = {}): ProcessClaim => ({
  reporter: '/monitor/systemd',
  sinceMs: NOW_MS - seconds(60),
  saidMs: NOW_MS - seconds(60),
  restarts: 0,
  restartedAtMs: 0,
  ...over,
});

/** libvirtd of `compute-1` stopped a minute ago. */
const aState = (status: ProcessStatus, over: Partial<ProcessIncident> = {}): ProcessesIn => ({
  ...newProcesses(HOST_KEY),
  incident: {
    id: INCIDENT_ID,
    segment: 'az1',
    host: 'compute-1',
    openedAtMs: NOW_MS - seconds(60),
    tick: 2,
    dueAtMs: NOW_MS,
    down: { libvirtd: aClaim() },
    ran: {},
    wellSinceMs: null,
    heldBy: null,
    failures: 0,
    escalatedAtMs: null,
    ...(status === 'watching' ? { status } : { status, reason: REASON }),
    ...over,
  } as ProcessIncident,
});

const aSight = (
  service: Partial<NonNullable<ProcessSight['service']>> = {},
  over: Partial<ProcessSight> = {},
): ProcessSight & { readonly service: NonNullable<ProcessSight['service']> } => ({
  segments: ['az1'],
  hostIncident: null,
  halted: null,
  ...over,
  service: {
    status: 'enabled',
    disabledReason: null,
    state: 'up',
    forcedDown: false,
    lastReportAtMs: NOW_MS,
    ...service,
  },
});
const OFF = { status: 'disabled', disabledReason: REASON } as const;

function decided(
  state: ProcessesIn,
  sight: Parameters<typeof decideProcess>[1],
  recovery: Recovery | null = {},
  segment: Partial<SegmentInput> = {},
) {
  const policy = aPolicy({}, { ...(recovery === null ? {} : { processRecovery: recovery }), ...segment });
  return decideProcess(state, sight, policy.segments[0] as Segment, NOW_MS, 0.5);
}

const inShort = ([fact]: readonly ProcessFact[]): string => {
  if (fact?.type === 'process-incident-closed') return `${fact.outcome}: ${fact.because}`;
  return fact?.type === 'process-held' ? `waits: ${fact.because}` : (fact?.type ?? 'nothing');
};

describe('while a process is down', () => {
  it.each<[string, ProcessStatus, ProcessSight, string]>([
    ['the scheduling is switched off', 'watching', aSight(), 'disable-intended'],
    ['what salvor disabled before is taken on', 'watching', aSight(OFF), 'scheduling-off'],
    [
      'what Nova disabled by itself is left at that',
      'watching',
      aSight({ status: 'disabled', disabledReason: 'AUTO: no libvirt' }),
      'process-looked',
    ],
    [
      'maintenance is left alone',
      'watching',
      aSight({ status: 'disabled', disabledReason: 'new disks' }),
      'waits: its service is disabled (new disks): maintenance',
    ],
    ['it is off by now', 'disabling', aSight(OFF), 'scheduling-off'],
    ['it is not off', 'disabling', aSight(), 'service-change-failed'],
    [
      'somebody else has switched it off',
      'disabling',
      aSight({ status: 'disabled', disabledReason: 'mine' }),
      'left: somebody has disabled it (mine)',
    ],
    ['it stays off', 'disabled', aSight(OFF), 'process-looked'],
    ['somebody has switched it on', 'disabled', aSight(), 'left: somebody has enabled it'],
    [
      'somebody has given another reason',
      'disabled',
      aSight({ status: 'disabled', disabledReason: 'mine' }),
      'left: it is disabled for another reason now: mine',
    ],
    ['one stops again before it is on', 'enabling', aSight(OFF), 'processes-down-again'],
  ])('%s', (_name, status, sight, what) => {
    expect(inShort(decided(aState(status), sight))).toBe(what);
  });

  it.each<[string, Partial<ProcessSight>, string]>([
    ['the host is suspected', { hostIncident: 'suspected' }, 'waits: the host has an incident, which is suspected'],
    ['salvor is switched off', { halted: 'by ann' }, 'waits: by ann'],
    ['it is of another segment', { segments: ['az2'] }, 'left: segments that hold it now: az2'],
    ['it is of none', { segments: [] }, 'left: segments that hold it now: none'],
  ])('nothing is asked: %s', (_name, over, what) => {
    expect(inShort(decided(aState('watching'), aSight({}, over)))).toBe(what);
  });

  it('nothing is asked of a host that is forced down, nor is it said to be down', () => {
    const state = aState('disabled', { openedAtMs: NOW_MS - seconds(900) });
    const recovery = { restart: ['libvirtd'], worker: 'edge-1', escalateAfterSeconds: 300 };
    expect(inShort(decided(state, aSight({ ...OFF, forcedDown: true }), recovery))).toBe(
      'waits: Nova has it forced down',
    );
  });

  it('nothing is known while Nova is away, nor of a service that is gone', () => {
    expect(inShort(decided(aState('disabled'), { outage: 'Nova is away' }))).toBe('waits: Nova is away');
    expect(inShort(decided(aState('disabled', { heldBy: 'Nova is away' }), { outage: 'Nova is away' }))).toBe(
      'process-looked',
    );
    expect(inShort(decided(aState('disabled'), { ...aSight(), service: null }))).toMatch(/^left: Nova knows no/);
  });

  it('the policy may say otherwise by now', () => {
    expect(inShort(decided(aState('disabled'), aSight(OFF), null))).toBe(
      'left: the policy does not recover processes any more; its service stays disabled',
    );
    expect(inShort(decided(aState('watching'), aSight(), { disable: ['nova-compute'] }))).toBe('process-looked');
    expect(inShort(decided(aState('watching'), aSight(), {}, { mode: 'shadow' }))).toMatch(/^shadow: /);
  });

  it('is looked at less often after ten minutes', () => {
    const next = (openedAgo: number) =>
      decided(aState('disabled', { openedAtMs: NOW_MS - seconds(openedAgo) }), aSight(OFF))[0];
    expect(next(599)).toMatchObject({ nextLookAtMs: NOW_MS + seconds(10) });
    expect(next(600)).toMatchObject({ nextLookAtMs: NOW_MS + seconds(60) });
  });

  it('is not looked at before its time', () => {
    const state = aState('disabled', { dueAtMs: NOW_MS + seconds(30) });
    expect(decided(state, aSight(OFF))).toEqual([{ type: 'process-looked', nextLookAtMs: NOW_MS + seconds(30) }]);
  });
});

describe('the edge', () => {
  const recovery = { restart: ['libvirtd'], worker: 'edge-1', restartAttempts: 2, restartEverySeconds: 60 };
  const restarted = (restarts: number, agoSeconds: number) => ({
    libvirtd: aClaim({ restarts, restartedAtMs: NOW_MS - seconds(agoSeconds) }),
  });

  it.each([
    ['is asked for a restart', {}, 'restart-intended'],
    ['is given time for it', { down: restarted(1, 59) }, 'process-looked'],
    ['is asked again', { down: restarted(1, 60) }, 'restart-intended'],
    ['is not asked for ever', { down: restarted(2, 600) }, 'process-looked'],
    ['is not asked for what it shall not start', { down: { 'ceilometer-agent': aClaim() } }, 'process-looked'],
  ])('%s', (_name, over, what) => {
    expect(inShort(decided(aState('disabled', over), aSight(OFF), recovery))).toBe(what);
  });

  it('is asked with its attempts counted', () => {
    expect(decided(aState('disabled', { down: restarted(1, 60) }), aSight(OFF), recovery)[0]).toMatchObject({
      process: 'libvirtd',
      attempt: 2,
    });
  });

  it.each([
    ['restarted', {}, []],
    ['failed', {}, ['libvirtd']],
    ['unknown', {}, ['libvirtd']],
    ['restarted', { saidMs: NOW_MS }, ['libvirtd']],
  ] as const)('answers %s, and what was said meanwhile counts (%j)', (answer, over, down) => {
    const claim = aClaim({ restarts: 1, restartedAtMs: NOW_MS - seconds(1), ...over });
    const before = aState('disabled', { down: { libvirtd: claim } });
    const fact = {
      type: 'restart-answered',
      process: 'libvirtd',
      detail: '',
      atMs: NOW_MS,
      nextLookAtMs: NOW_MS,
    } as const;
    const { incident } = evolveProcesses(before, { ...fact, answer });
    expect(Object.keys(incident?.down ?? {})).toEqual(down);
    expect(incident?.tick).toBe(3);
  });

  it('is not asked in a shadow segment, nor while the host is suspected', () => {
    const state = aState('watching', { down: { libvirtd: aClaim() } });
    const only = { ...recovery, disable: [] };
    expect(inShort(decided(state, aSight(), only))).toBe('restart-intended');
    expect(inShort(decided(state, aSight(), only, { mode: 'shadow' }))).toBe('process-looked');
    expect(inShort(decided(state, aSight({}, { hostIncident: 'suspected' }), only))).toMatch(/^waits: /);
  });
});

describe('when all run again', () => {
  const well = (agoSeconds: number | null, over: Partial<ProcessIncident> = {}) => ({
    down: {},
    wellSinceMs: agoSeconds === null ? null : NOW_MS - seconds(agoSeconds),
    ...over,
  });

  it.each<[string, ProcessesIn, ProcessSight, string]>([
    ['it is noted', aState('disabled', well(null)), aSight(OFF), 'processes-well'],
    ['it is waited for a while', aState('disabled', well(119)), aSight(OFF), 'process-looked'],
    ['the scheduling is switched on', aState('disabled', well(120)), aSight(OFF), 'enable-intended'],
    ['it is on', aState('enabling', well(130)), aSight(), 'recovered: everything runs again'],
    ['it is not on', aState('enabling', well(130)), aSight(OFF), 'service-change-failed'],
    [
      'somebody has another reason by now',
      aState('enabling', well(130)),
      aSight({ status: 'disabled', disabledReason: 'mine' }),
      'left: it is disabled for another reason now: mine',
    ],
    [
      'not while Nova sees it down',
      aState('disabled', well(120)),
      aSight({ ...OFF, state: 'down' }),
      'waits: Nova does not see the host up',
    ],
    [
      'not while it is forced down',
      aState('disabled', well(120)),
      aSight({ ...OFF, forcedDown: true }),
      'waits: Nova has it forced down',
    ],
    [
      'not while it is suspected',
      aState('disabled', well(120)),
      aSight(OFF, { hostIncident: 'suspected' }),
      'waits: the host has an incident, which is suspected',
    ],
    [
      'what was never disabled is over',
      aState('watching', well(120)),
      aSight(),
      'recovered: no process is said to be down any more',
    ],
    ['what salvor disabled before is taken on', aState('watching', well(120)), aSight(OFF), 'scheduling-off'],
  ])('%s', (_name, state, sight, what) => {
    expect(inShort(decided(state, sight))).toBe(what);
  });

  it('a person enables it, where the policy says so', () => {
    expect(inShort(decided(aState('disabled', well(120)), aSight(OFF), { enable: 'by-hand' }))).toBe(
      'recovered: no process is said to be down any more; it is for a person to enable it',
    );
  });

  it('nova-compute shows it by itself, well after it was said to be down', () => {
    const state = (saidAgo: number) =>
      aState('disabled', { down: { 'nova-compute': aClaim({ saidMs: NOW_MS - seconds(saidAgo) }) } });
    expect(inShort(decided(state(31), aSight(OFF)))).toBe('processes-well');
    expect(inShort(decided(state(30), aSight(OFF)))).toBe('process-looked');
    expect(inShort(decided(state(31), aSight({ ...OFF, state: 'down' })))).toBe('process-looked');
    expect(inShort(decided(state(31), aSight({ ...OFF, lastReportAtMs: null })))).toBe('process-looked');
    expect(decided(state(31), aSight(OFF))).toMatchObject([{ heardAtMs: NOW_MS }]);
  });

  it('salvor’s own disabling, which Nova tells as if it were heard of, does not pass for nova-compute', () => {
    const down = { 'nova-compute': aClaim({ saidMs: NOW_MS - seconds(300) }) };
    const state = (askedAgo: number) => aState('disabled', { down, disabledAtMs: NOW_MS - seconds(askedAgo) });
    expect(inShort(decided(state(30), aSight(OFF)))).toBe('process-looked');
    expect(inShort(decided(state(31), aSight(OFF)))).toBe('processes-well');
  });

  it('nova-compute must be heard of again, and not once: that may be anybody’s change of its service', () => {
    const down = { 'nova-compute': aClaim({ saidMs: NOW_MS - seconds(900) }) };
    const state = (heardAgo: number) => aState('disabled', well(120, { down, heardAtMs: NOW_MS - seconds(heardAgo) }));
    expect(inShort(decided(state(0), aSight(OFF)))).toBe('process-looked');
    expect(inShort(decided(state(10), aSight(OFF)))).toBe('enable-intended');
  });

  it('when it was disabled stays known, from the request to its answer and on', () => {
    const at = (agoSeconds: number) => NOW_MS - seconds(agoSeconds);
    const { incident } = (
      [
        { type: 'disable-intended', reason: REASON, atMs: at(60), dueAtMs: at(0) },
        {
          ...{ type: 'disable-answered', answer: 'accepted', detail: '', requestId: null, durationMs: 20_000 },
          atMs: at(40),
        },
        { type: 'scheduling-off', reason: REASON, atMs: at(39), nextLookAtMs: at(30) },
        { type: 'processes-well', because: '', heardAtMs: at(5), atMs: at(4), nextLookAtMs: at(0) },
      ] as const satisfies readonly ProcessFact[]
    ).reduce<ProcessesState>(evolveProcesses, aState('watching'));
    expect(incident).toMatchObject({ disabledAtMs: at(40), heardAtMs: at(5), status: 'disabled' });
  });
});

describe('escalation', () => {
  const long = { openedAtMs: NOW_MS - seconds(300) };
  const recovery = { escalateAfterSeconds: 300 };

  it.each([
    ['never, unless the policy says so', long, {}, 'process-looked'],
    ['after its time', long, recovery, 'escalated'],
    ['not before', { openedAtMs: NOW_MS - seconds(299) }, recovery, 'process-looked'],
    ['once', { ...long, escalatedAtMs: NOW_MS - seconds(60) }, recovery, 'process-looked'],
    [
      'not for what does not matter',
      { ...long, down: { 'x-agent': aClaim() } },
      { ...recovery, restart: ['x-*'], worker: 'edge-1', restartAttempts: 1 },
      'restart-intended',
    ],
  ])('%s', (_name, over, given, what) => {
    expect(inShort(decided(aState('disabled', over), aSight(OFF), given))).toBe(what);
  });

  const escalated = (over: Partial<ProcessIncident> = {}) => aState('disabled', { escalatedAtMs: NOW_MS, ...over });
  const closed = (outcome: ProcessOutcome): ProcessesState => ({
    ...newProcesses(HOST_KEY),
    lastIncident: { id: INCIDENT_ID, endedAtMs: NOW_MS, outcome, down: [] },
  });
  it.each<[string, ProcessesState, ProcessesState, Parameters<typeof wordOnHost>[2], 'down' | 'up' | undefined]>([
    ['says nothing before it', aState('disabled'), aState('disabled'), aSight(OFF), undefined],
    ['says that the host is down', aState('disabled'), escalated(), aSight(OFF), 'down'],
    ['says it again while it lasts', escalated(), escalated(), aSight(OFF), 'down'],
    ['says it also while Nova is away', escalated(), escalated(), { outage: 'away' }, 'down'],
    ['says it of a host that is held', escalated(), escalated(), aSight(OFF, { hostIncident: 'held' }), 'down'],
    [
      'not of one that is being recovered',
      escalated(),
      escalated(),
      aSight(OFF, { hostIncident: 'fencing' }),
      undefined,
    ],
    ['not of one that is forced down', escalated(), escalated(), aSight({ ...OFF, forcedDown: true }), undefined],
    ['says that it is up when all run', escalated(), escalated({ down: {}, wellSinceMs: NOW_MS }), aSight(OFF), 'up'],
    [
      'once',
      escalated({ down: {}, wellSinceMs: NOW_MS }),
      escalated({ down: {}, wellSinceMs: NOW_MS }),
      aSight(OFF),
      undefined,
    ],
    ['not of what is left', escalated(), closed('left'), aSight(), undefined],
    ['says that it is up at a good end', escalated(), closed('recovered'), aSight(), 'up'],
  ])('%s', (_name, before, after, sight, says) => {
    expect(wordOnHost(before, after, sight)?.says).toBe(says);
  });
});

describe('reports', () => {
  function heard(
    state: ProcessesState,
    says: 'down' | 'up',
    process: string,
    { atMs = NOW_MS, recovery = {} as Recovery | null } = {},
  ) {
    const policy = aPolicy({}, recovery === null ? {} : { processRecovery: recovery });
    const event = aProcessEvent(says, process, { atMs });
    const input = {
      events: [{ event, reporter: event.source }],
      host: 'compute-1',
      segment: policy.segments[0],
      newIncidentId: INCIDENT_ID,
    };
    const facts = decideProcessReports(state, input, policy, Math.max(atMs, NOW_MS));
    return { types: facts.map(({ type }) => type).join(', '), after: facts.reduce(evolveProcesses, state) };
  }
  const fresh = newProcesses(HOST_KEY);

  it.each([
    ['nova-compute', 'down', true],
    ['nova-compute.service', 'down', true],
    ['libvirtd', 'down', true],
    ['virtqemud.socket', 'down', true],
    ['neutron-openvswitch-agent', 'down', true],
    ['ovn-controller', 'down', true],
    ['ceilometer-agent-compute', 'down', false],
    ['libvirtd', 'up', false],
  ] as const)('%s %s', (process, says, opens) => {
    const { types, after } = heard(fresh, says, process);
    expect(types).toBe(opens ? 'process-incident-opened, process-reported' : '');
    if (opens) expect(Object.keys(after.incident?.down ?? {})).toEqual([process]);
  });

  it('are recorded only without a policy, and of what is restarted only open an incident too', () => {
    expect(heard(fresh, 'down', 'libvirtd', { recovery: null }).types).toBe('');
    const recovery = { disable: [], restart: ['ceilometer-*'], worker: 'edge-1' };
    expect(heard(fresh, 'down', 'ceilometer-agent', { recovery }).types).toContain('opened');
  });

  it('say nothing new for a minute, and an up that is older than a down says nothing', () => {
    const { after } = heard(fresh, 'down', 'libvirtd');
    expect(heard(after, 'down', 'libvirtd', { atMs: NOW_MS + seconds(59) }).types).toBe('');
    expect(heard(after, 'down', 'libvirtd', { atMs: NOW_MS + seconds(60) }).types).toBe('process-reported');
    expect(heard(after, 'up', 'libvirtd', { atMs: NOW_MS - 1 }).types).toBe('');
    expect(heard(after, 'up', 'nova-compute').types).toBe('');
    const up = heard(after, 'up', 'libvirtd', { atMs: NOW_MS + 1 }).after;
    expect(up.incident?.down).toEqual({});
    expect(heard(up, 'down', 'libvirtd', { atMs: NOW_MS + 1 }).types).toBe('');
    expect(heard(up, 'down', 'libvirtd', { atMs: NOW_MS + 2 }).types).toBe('process-reported');
  });

  it('of what a person has in hand are not heard for an hour', () => {
    const left = (agoSeconds: number, outcome: ProcessOutcome, down: readonly string[]): ProcessesState => ({
      ...fresh,
      lastIncident: { id: INCIDENT_ID, endedAtMs: NOW_MS - seconds(agoSeconds), outcome, down },
    });
    expect(heard(left(3599, 'left', ['libvirtd']), 'down', 'libvirtd').types).toBe('');
    expect(heard(left(3600, 'left', ['libvirtd']), 'down', 'libvirtd').types).toContain('opened');
    expect(heard(left(10, 'left', []), 'down', 'libvirtd').types).toContain('opened');
    expect(heard(left(10, 'recovered', []), 'down', 'libvirtd').types).toContain('opened');
    expect(heard(left(0, 'recovered', []), 'down', 'libvirtd').types).toBe('');
  });
});

describe('the reason in Nova', () => {
  it('names what is down, within what Nova takes, and is known again', () => {
    expect(disableReason(['libvirtd', 'nova-compute'])).toBe('salvor: process libvirtd, nova-compute down');
    expect(
      disableReason(Array.from({ length: 30 }, (_, index) => `process-number-${index}`)).length,
    ).toBeLessThanOrEqual(255);
    expect(isBySalvor(disableReason(['libvirtd']))).toBe(true);
    for (const other of [null, '', 'salvor', 'AUTO: x', 'my salvor: process x']) expect(isBySalvor(other)).toBe(false);
  });
});

describe('Nova’s silence about a host is no news', () => {
  const recovery = { restart: ['nova-compute*'], worker: 'edge-1' };
  const segmentWith = (segment: Partial<SegmentInput>): Segment => {
    const [made] = aPolicy({}, { processRecovery: recovery, ...segment }).segments;
    if (made === undefined) throw new Error('no segment');
    return made;
  };
  const of = (over: Partial<ProcessIncident> = {}, segment: Partial<SegmentInput> = {}) =>
    isRestartedFirst(aState('disabled', { down: { 'nova-compute': aClaim() }, ...over }), segmentWith(segment), NOW_MS);

  it('while nova-compute is being started again', () => {
    expect(of()).toBe(true);
    expect(of({ down: { libvirtd: aClaim() } })).toBe(false);
    expect(isRestartedFirst(newProcesses(HOST_KEY), segmentWith({}), NOW_MS)).toBe(false);
  });

  it('while restarts take longer than by default, up to ten minutes', () => {
    const patient = { processRecovery: { ...recovery, restartAttempts: 20, restartEverySeconds: 3600 } };
    expect(of({ openedAtMs: NOW_MS - seconds(599) }, patient)).toBe(true);
    expect(of({ openedAtMs: NOW_MS - seconds(239) })).toBe(true);
  });

  it('is noted of a policy whose restarts take longer', () => {
    const noteOf = (given: SegmentInput['processRecovery']) =>
      lateRestarts(segmentWith({ processRecovery: given }).processRecovery);
    expect(noteOf({ ...recovery, restartAttempts: 9 })).toBeUndefined();
    expect(noteOf({ ...recovery, restartAttempts: 10 })).toContain('for 660 s');
    expect(noteOf({ ...recovery, restart: ['libvirtd'], restartAttempts: 10 })).toBeUndefined();
    expect(noteOf(undefined)).toBeUndefined();
  });

  it.each<[string, Partial<ProcessIncident>, Partial<SegmentInput>]>([
    ['all restarts have had their time', { openedAtMs: NOW_MS - seconds(240) }, {}],
    [
      'ten minutes are over, whatever the policy says',
      { openedAtMs: NOW_MS - seconds(600) },
      { processRecovery: { ...recovery, restartAttempts: 20, restartEverySeconds: 3600 } },
    ],
    ['something keeps them', { heldBy: 'the host has an incident' }, {}],
    ['it was said that the host is down for it', { escalatedAtMs: NOW_MS }, {}],
    ['the policy starts nothing', {}, { processRecovery: {} }],
    ['the policy recovers no processes', {}, { processRecovery: undefined }],
    ['the segment is in shadow', {}, { mode: 'shadow' }],
  ])('but is once %s', (_, over, segment) => {
    expect(of(over, segment)).toBe(false);
  });
});

describe('which processes', () => {
  const recoveryOf = (given: Recovery) => aPolicy({}, { processRecovery: given }).segments[0]?.processRecovery;

  it('a worker is asked for all that a host needs, and for ceilometer, which keeps no host from taking instances', () => {
    const { disable = [], restart = [] } = recoveryOf({ worker: 'edge-1' }) ?? {};
    for (const name of ['nova-compute', 'libvirtd', 'virtqemud.service', 'neutron-openvswitch-agent', 'ovn-controller'])
      expect([matches(name, disable), matches(name, restart)]).toEqual([true, true]);
    for (const name of ['ceilometer-agent-compute', 'openstack-ceilometer-compute', '/usr/bin/ceilometer-polling'])
      expect([matches(name, disable), matches(name, restart)]).toEqual([false, true]);
  });

  it('nothing is started without a worker, and only what is given with one', () => {
    expect(recoveryOf({})?.restart).toEqual([]);
    expect(recoveryOf({ worker: 'edge-1', restart: ['libvirtd'] })?.restart).toEqual(['libvirtd']);
    expect(() => recoveryOf({ restart: ['libvirtd'] })).toThrow('is needed where anything is to be restarted');
  });

  it('ceilometer’s agent switches a host’s scheduling off where the policy names it', () => {
    const state = aState('watching', { down: { 'ceilometer-agent-compute': aClaim() } });
    expect(inShort(decided(state, aSight()))).toBe('process-looked');
    expect(inShort(decided(state, aSight(), { worker: 'edge-1' }))).toBe('restart-intended');
    expect(inShort(decided(state, aSight(), { disable: ['*ceilometer*'] }))).toBe('disable-intended');
  });
});
