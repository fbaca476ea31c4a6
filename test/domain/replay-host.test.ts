import { describe, expect, it } from 'vitest';
import type { HostBasis } from '#shared/domain/basis.ts';
import { gatherEvidence } from '#shared/domain/gates/gather.ts';
import type { HostFact, HostState } from '#shared/domain/host.ts';
import { CannotDecide, decideHostAgain, evidenceIn } from '#shared/domain/replay/host.ts';
import type { ReplayedTasks } from '#shared/domain/replay/tasks.ts';
import { headsOf } from '#shared/domain/verify.ts';
import {
  aClaim,
  aHost,
  aHostIn,
  aPolicy,
  aProof,
  aTask,
  NOW_MS,
  SERVICE_ID,
  seconds,
  uuid,
} from '#test/support/builders.ts';
import { FACTS } from '#test/support/host-facts.ts';
import { someReadings } from '#test/support/readings.ts';

const SYSTEM = uuid(4, 1);
const at = { atMs: NOW_MS };
const chance = { ...at, random: 0.5 };
const asked = { ...chance, askedAtMs: NOW_MS - 12 };
const unbound = { boundTo: null, boundSystem: null };

interface Story {
  readonly facts?: readonly HostFact[];
  readonly tasks?: ReplayedTasks;
  readonly policy?: Parameters<typeof aPolicy>;
}

/** Decided again, on the basis and the facts that were recorded. */
function again(host: HostState, basis: HostBasis | undefined, { facts = [], tasks, policy = [] }: Story = {}) {
  const recorded = basis && { ...basis, version: 1, policy: 'p' };
  const decision = { stream: 's', seq: 5, ...at, version: 1, basis: recorded, facts: facts as never };
  return decideHostAgain(host, decision, aPolicy(...policy), tasks);
}
const aReading = (power: 'on' | 'off' | 'unknown', systemUuid: string | null = SYSTEM): HostFact => ({
  type: 'power-read',
  power,
  systemUuid,
  detail: `PowerState ${power}`,
  durationMs: 12,
});
const tasksOf = (...tasks: readonly ReturnType<typeof aTask>[]): ReplayedTasks => ({
  decisions: [],
  before: ({ seq }) => (seq === 5 ? tasks : []),
  atEnd: () => tasks,
});

describe('what cannot be decided again', () => {
  it.each<[string, HostState, HostBasis | undefined, readonly HostFact[], string]>([
    [
      'without a basis',
      aHostIn('fencing'),
      undefined,
      [],
      'an older salvor recorded it, without what it was decided on',
    ],
    ['without an incident', aHost(), { by: 'end', ...at }, [], 'no incident is open'],
    ['in another status', aHostIn('fencing'), { by: 'gates', ...at }, [], 'the incident is fencing'],
    [
      'a hold without evidence',
      aHostIn('held'),
      { by: 'gates', ...at },
      [],
      'what the gates were asked of is not recorded',
    ],
    [
      'a hold without gates',
      aHostIn('held'),
      { by: 'gates', ...at },
      [{ ...FACTS.held, gates: [], evidence: null }],
      'what the gates were asked of is not recorded',
    ],
    [
      'an outage without its reason',
      aHostIn('fencing'),
      { by: 'no-reading', ...chance },
      [],
      'the reason is not recorded',
    ],
    [
      'an outage without its reason',
      aHostIn('forcing-down'),
      { by: 'forcing-down', ...chance },
      [],
      'the reason is not recorded',
    ],
    [
      'a pause without its reason',
      aHostIn('planning'),
      { by: 'halt', ...at, inFlight: false },
      [],
      'the reason is not recorded',
    ],
    [
      'a reading without its fact',
      aHostIn('fencing'),
      { by: 'power', ...asked, ...unbound, evidence: null },
      [],
      'the reading of the power is not recorded',
    ],
    [
      'a power-off without its answer',
      aHostIn('fencing'),
      { by: 'read-back', ...asked, current: true },
      [aReading('off')],
      'the answer to the power-off is not recorded',
    ],
    [
      'a command without its fact',
      aHostIn('held'),
      { by: 'operator', ...at, askedAtMs: NOW_MS, hasTasks: false },
      [],
      "the operator's word is not recorded",
    ],
    ['a tick', aHostIn('held'), { by: 'timer', ...at }, [], 'nothing of a host is decided by timer'],
  ])('%s says so', (_, host, basis, facts, why) => {
    expect(() => again(host, basis, { facts })).toThrow(new CannotDecide(why));
  });

  it('what would have been tried out says so', () => {
    const host = aHostIn('suspected');
    const evidence = gatherEvidence(someReadings({ host }));
    const facts = [{ ...FACTS.confirmed, evidence }];
    expect(() => again(host, { by: 'gates', ...at }, { facts })).toThrow(
      new CannotDecide('what would have been tried out, with every other gate open, is not in the log'),
    );
  });

  it('in a segment that the policy does not have says so', () => {
    const story: Story = { policy: [{}, { name: 'az2' }] };
    expect(() => again(aHostIn('held'), { by: 'gates', ...at }, story)).toThrow('the policy has no segment az1');
  });
});

describe('decided again', () => {
  it('an answer that came behind the end is taken as it is', () => {
    expect(again(aHost(), { by: 'late-answer', ...at }, { facts: [FACTS['power-off-answered']] })).toEqual([
      FACTS['power-off-answered'],
    ]);
  });

  it('an outage of Nova holds the host, for the reason on record', () => {
    const held = {
      ...FACTS.held,
      gates: [{ gate: 'nova-answers', open: false, because: '503' }],
      evidence: null,
    } as const;
    expect(again(aHostIn('suspected'), { by: 'gates', ...at }, { facts: [held] })).toEqual([
      { ...held, nextLookAtMs: NOW_MS + seconds(2) },
    ]);
  });

  it('a device that could not be asked fails for the reason on record', () => {
    const facts = [{ ...FACTS['fence-failed'], because: 'no secret bmc' }];
    expect(again(aHostIn('fencing'), { by: 'no-reading', ...chance }, { facts })).toEqual([
      { type: 'fence-failed', because: 'no secret bmc', retryAtMs: NOW_MS + 3750 },
    ]);
  });

  it('a device without a reading is judged although nothing was asked of the gates', () => {
    const basis = { by: 'power', ...asked, ...unbound, evidence: null } as const;
    expect(again(aHostIn('fencing'), basis, { facts: [aReading('unknown', null)] })).toMatchObject([
      { type: 'power-read' },
      { type: 'fence-failed', because: 'no power state: PowerState unknown' },
    ]);
  });

  it('a device is told from another by what the policy says of it', () => {
    const device = {
      driver: 'redfish',
      url: 'https://bmc.test/1',
      credentials: 'bmc',
      systemUuid: uuid(4, 2),
    } as const;
    const basis = { by: 'power', ...asked, ...unbound, evidence: null } as const;
    const story: Story = { facts: [aReading('off')], policy: [{ fenceDevices: { 'compute-1': device } }] };
    expect(again(aHostIn('fencing'), basis, story)[1]).toEqual({
      type: 'stopped',
      because: `not the fence device of compute-1: its system UUID is ${SYSTEM}, the policy says ${uuid(4, 2)}`,
      atMs: NOW_MS,
    });
  });

  it('a device that the policy names no more is judged by what it is bound to', () => {
    const basis = { by: 'power', ...asked, ...unbound, evidence: null } as const;
    const story: Story = { facts: [aReading('off')], policy: [{ fenceDevices: {} }] };
    const evidence = { ...FACTS.confirmed.evidence, claims: aHostIn('fencing').claims };
    expect(again(aHostIn('fencing'), { ...basis, evidence }, story)[1]).toMatchObject({
      type: 'held',
      gates: expect.arrayContaining([
        { gate: 'fence-device', open: false, because: 'the policy names no fence device for it' },
      ]),
    });
  });

  it('a system is told from the one that was powered off, if that is on record', () => {
    const host = aHostIn('fencing', { powerOffs: 1 });
    const facts = [FACTS['power-off-answered'], aReading('off')];
    const readBack = (systemUuid?: string) =>
      again(host, { by: 'read-back', ...asked, current: true, ...(systemUuid && { systemUuid }) }, { facts })[2]?.type;
    expect(readBack()).toBe('proof-made');
    expect(readBack(SYSTEM)).toBe('proof-made');
    expect(readBack(uuid(4, 2))).not.toBe('proof-made');
  });

  it('evidence is taken from the fact that carries it', () => {
    expect(evidenceIn([FACTS['power-read'], FACTS['incident-closed'], FACTS.held])).toBe(FACTS.held.evidence);
    expect(evidenceIn([FACTS['power-read']])).toBeNull();
  });

  it('the gates are asked again of the evidence that was recorded apart', () => {
    const { evidence } = FACTS.confirmed;
    const host = aHostIn('fencing');
    const basis = { by: 'power', ...asked, ...unbound, evidence: { ...evidence, claims: host.claims } } as const;
    expect(again(host, basis, { facts: [aReading('on')] })[1]).toMatchObject({
      type: 'held',
      evidence: basis.evidence,
    });
  });

  it('a power-off that was answered behind another step is only recorded', () => {
    const basis = { by: 'read-back', ...asked, current: false } as const;
    const answered = { ...FACTS['power-off-answered'], attempt: 3 };
    expect(again(aHostIn('planning'), basis, { facts: [answered] })).toEqual([answered]);
  });

  it('a proof is void by the claims of then', () => {
    const host = { ...aHostIn('fencing', { powerOffs: 1 }), claims: { '/monitor/b': aClaim('up', NOW_MS) } };
    const facts = [FACTS['power-off-answered'], aReading('off')];
    const decided = again(host, { by: 'read-back', ...asked, current: true }, { facts });
    expect(decided.map(({ type }) => type)).toEqual(['power-off-answered', 'power-read', 'proof-made', 'proof-voided']);
    expect(decided[2]).toMatchObject({ proof: { readAtMs: NOW_MS - 12, systemUuid: SYSTEM } });
  });
});

describe('decided again, forcing the service down', () => {
  const forcingDown = (service?: { state: 'up' | 'down'; forcedDown: boolean } | null): HostBasis => ({
    by: 'forcing-down',
    ...chance,
    ...(service === undefined ? {} : { service }),
  });
  const answered = FACTS['force-down-answered'];
  const host = aHostIn('forcing-down');

  it.each<[string, HostState, HostBasis, readonly HostFact[], readonly object[]]>([
    ['is over in another status', aHostIn('planning'), forcingDown(), [answered], [answered]],
    ['is over in another status, and was not asked for', aHostIn('planning'), forcingDown(), [], []],
    [
      'fails for the reason on record while Nova does not answer',
      host,
      forcingDown(),
      [answered, { ...FACTS['force-down-failed'], because: '503' }],
      [answered, { type: 'force-down-failed', because: '503', retryAtMs: NOW_MS + 3750 }],
    ],
    [
      'is asked for while it is not so',
      host,
      forcingDown({ state: 'down', forcedDown: false }),
      [],
      [{ type: 'force-down-intended', serviceId: SERVICE_ID, dueAtMs: NOW_MS + seconds(30) }],
    ],
    [
      'is asked for when Nova knows no such service',
      host,
      forcingDown(null),
      [],
      [{ type: 'force-down-intended', serviceId: SERVICE_ID, dueAtMs: NOW_MS + seconds(30) }],
    ],
    [
      'is not asked for when it is so already',
      host,
      forcingDown({ state: 'down', forcedDown: true }),
      [],
      [{ type: 'forced-down', state: 'down, forced down', atMs: NOW_MS }],
    ],
    [
      'fails when Nova knows no such service afterwards',
      host,
      forcingDown(null),
      [answered],
      [answered, { type: 'force-down-failed', because: 'Nova knows no such service', retryAtMs: NOW_MS + 3750 }],
    ],
  ])('%s', (_, state, basis, facts, decided) => {
    expect(again(state, basis, { facts })).toEqual(decided);
  });
});

describe('decided again, the evacuations', () => {
  it('are planned from the tasks that there were then', () => {
    const tasks = tasksOf(aTask('waiting'), aTask('ended'));
    const counts = { instances: 2, toEvacuate: 1, leftAlone: 1 };
    expect(again(aHostIn('planning'), { by: 'plan', ...at }, { tasks })).toEqual([
      { type: 'planned', ...counts, ...at },
    ]);
    expect(again(aHostIn('planning'), { by: 'plan', ...at })).toMatchObject([{ instances: 0 }]);
  });

  it('could not be planned for the reason on record', () => {
    const facts = [{ ...FACTS['planning-failed'], because: '503' }];
    expect(again(aHostIn('planning'), { by: 'plan', ...at }, { facts })).toEqual([
      { type: 'planning-failed', because: '503', retryAtMs: NOW_MS + seconds(5) },
    ]);
  });

  it('go on or not by what Nova said of the service', () => {
    const old = aHostIn('evacuating', { proof: aProof({ readAtMs: NOW_MS - seconds(100) }) });
    const basis = { by: 'proof', ...at, service: { forcedDown: true }, waiting: 0 } as const;
    expect(again(old, basis)).toEqual([]);
    expect(again(old, { ...basis, waiting: 1 })).toMatchObject([
      { because: 'the proof is 100 s old: the power is read again' },
    ]);
    expect(again(old, { ...basis, service: null })).toMatchObject([
      { because: 'Nova no longer knows the compute service' },
    ]);
  });

  it.each([
    [aHostIn('evacuating'), 'recovered'],
    [aHostIn('handing-over'), 'recovered'],
    [aHostIn('handing-over', { dismissed: true }), 'dismissed'],
  ] as const)('end with the tasks as they ended', (host, outcome) => {
    const ended = aTask('ended');
    expect(again(host, { by: 'end', ...at }, { tasks: tasksOf(ended) })).toMatchObject([
      { type: 'incident-closed', outcome, counts: { recovered: 1 }, taskHeads: headsOf([ended]) },
    ]);
  });

  it('end without tasks where there were none', () => {
    expect(again(aHostIn('evacuating'), { by: 'end', ...at })).toMatchObject([
      { because: 'no instances were on the host', taskHeads: headsOf([]) },
    ]);
  });

  it.each([
    [true, seconds(2)],
    [false, seconds(10)],
  ])('that are in flight, %s, tell how soon a pause looks again', (inFlight, pauseMs) => {
    const facts = [{ ...FACTS.paused, because: 'disarmed by ann' }];
    expect(again(aHostIn('evacuating'), { by: 'halt', ...at, inFlight }, { facts })).toEqual([
      { type: 'paused', because: 'disarmed by ann', ...at, nextLookAtMs: NOW_MS + pauseMs },
    ]);
  });

  it('pause anew for the same reason: that they went on in between is not on record', () => {
    const because = 'disarmed by ann';
    const host = aHostIn('evacuating', { pausedBy: because });
    const facts = [{ ...FACTS.paused, because }];
    expect(again(host, { by: 'halt', ...at, inFlight: false }, { facts })).toMatchObject([{ type: 'paused', because }]);
  });

  it.each(['fencing', 'forcing-down', 'planning', 'evacuating'] as const)('are not begun in a pause: %s', (status) => {
    const facts = [{ ...FACTS.paused, because: 'disarmed by ann' }];
    expect(again(aHostIn(status), { by: 'halt', ...at, inFlight: false }, { facts })).toMatchObject([
      { type: 'paused', because: 'disarmed by ann' },
    ]);
  });

  it('are handed over when their time is over, and not before', () => {
    const since = (evacuatingSinceMs: number) =>
      again(aHostIn('evacuating', { evacuatingSinceMs }), { by: 'deadline', ...at });
    expect(since(NOW_MS - seconds(6 * 3600) + 1)).toEqual([]);
    expect(since(NOW_MS - seconds(6 * 3600))).toMatchObject([{ type: 'deadline-passed' }]);
  });
});

describe('decided again, the word of an operator', () => {
  const basis = (askedAtMs: number, hasTasks = false) => ({ by: 'operator', ...at, askedAtMs, hasTasks }) as const;
  const released = { ...FACTS.released, gates: ['reporters'] } as const;

  it('releases the gates that it named', () => {
    expect(again(aHostIn('held'), basis(NOW_MS), { facts: [released] })).toEqual([released]);
  });

  it.each([
    [false, ['dismissed', 'incident-closed']],
    [true, ['dismissed']],
  ])('dismisses the incident, with tasks: %s', (hasTasks, types) => {
    const decided = again(aHostIn('held'), basis(NOW_MS, hasTasks), { facts: [FACTS.dismissed] });
    expect(decided.map(({ type }) => type)).toEqual(types);
    expect(decided[0]).toMatchObject({ commandId: FACTS.dismissed.commandId, by: 'ann', reason: 'looked at it' });
  });

  it('is refused when it was too old', () => {
    expect(again(aHostIn('held'), basis(NOW_MS - seconds(901)), { facts: [released] })).toEqual([]);
  });
});
