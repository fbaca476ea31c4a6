import { describe, expect, it } from 'vitest';
import type { HostBasis } from '#shared/domain/basis.ts';
import { gatherEvidence } from '#shared/domain/gates/gather.ts';
import type { HostFact, HostState } from '#shared/domain/host.ts';
import { CannotDecide } from '#shared/domain/replay/cannot-decide.ts';
import { evidenceIn } from '#shared/domain/replay/host.ts';
import { aClaim, aHost, aHostIn, NOW_MS, seconds, uuid } from '#test/support/builders.ts';
import { at, chance, decideAgain, type Story } from '#test/support/decide-again.ts';
import { FACTS } from '#test/support/host-facts.ts';
import { someReadings } from '#test/support/readings.ts';

const SYSTEM = uuid(4, 1);
const asked = { ...chance, askedAtMs: NOW_MS - 12 };
const unbound = { boundTo: null, boundSystem: null };
const aReading = (power: 'on' | 'off' | 'unknown', systemUuid: string | null = SYSTEM): HostFact => ({
  type: 'power-read',
  power,
  systemUuid,
  detail: `PowerState ${power}`,
  durationMs: 12,
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
      'a pause in another status',
      aHostIn('held'),
      { by: 'halt', ...at, inFlight: false },
      [FACTS.paused],
      'the incident is held',
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
    expect(() => decideAgain(host, basis, { facts })).toThrow(new CannotDecide(why));
  });

  it('what would have been tried out says so', () => {
    const host = aHostIn('suspected');
    const evidence = gatherEvidence(someReadings({ host }));
    const facts = [{ ...FACTS.confirmed, evidence }];
    expect(() => decideAgain(host, { by: 'gates', ...at }, { facts })).toThrow(
      new CannotDecide('what would have been tried out, with every other gate open, is not in the log'),
    );
  });

  it('in a segment that the policy does not have says so', () => {
    const story: Story = { policy: [{}, { name: 'az2' }] };
    expect(() => decideAgain(aHostIn('held'), { by: 'gates', ...at }, story)).toThrow('the policy has no segment az1');
  });
});

describe('decided again', () => {
  it('an answer that came behind the end is taken as it is', () => {
    expect(decideAgain(aHost(), { by: 'late-answer', ...at }, { facts: [FACTS['power-off-answered']] })).toEqual([
      FACTS['power-off-answered'],
    ]);
  });

  it('an outage of Nova holds the host, for the reason on record', () => {
    const held = {
      ...FACTS.held,
      gates: [{ gate: 'nova-answers', open: false, because: '503' }],
      evidence: null,
    } as const;
    expect(decideAgain(aHostIn('suspected'), { by: 'gates', ...at }, { facts: [held] })).toEqual([
      { ...held, nextLookAtMs: NOW_MS + seconds(2) },
    ]);
  });

  it('a device that could not be asked fails for the reason on record', () => {
    const facts = [{ ...FACTS['fence-failed'], because: 'no secret bmc' }];
    expect(decideAgain(aHostIn('fencing'), { by: 'no-reading', ...chance }, { facts })).toEqual([
      { type: 'fence-failed', because: 'no secret bmc', retryAtMs: NOW_MS + 3750 },
    ]);
  });

  it('a device that was read while Nova did not answer fails with its reading', () => {
    const facts = [aReading('on', null), { ...FACTS['fence-failed'], because: 'Nova does not answer' }];
    expect(decideAgain(aHostIn('fencing'), { by: 'no-reading', ...chance }, { facts })).toEqual([
      aReading('on', null),
      { type: 'fence-failed', because: 'Nova does not answer', retryAtMs: NOW_MS + 3750 },
    ]);
  });

  it('a device without a reading is judged although nothing was asked of the gates', () => {
    const basis = { by: 'power', ...asked, ...unbound, evidence: null } as const;
    expect(decideAgain(aHostIn('fencing'), basis, { facts: [aReading('unknown', null)] })).toMatchObject([
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
    expect(decideAgain(aHostIn('fencing'), basis, story)[1]).toEqual({
      type: 'stopped',
      because: `not the fence device of compute-1: its system UUID is ${SYSTEM}, the policy says ${uuid(4, 2)}`,
      atMs: NOW_MS,
    });
  });

  it('a device that the policy names no more is judged by what it is bound to', () => {
    const basis = { by: 'power', ...asked, ...unbound, evidence: null } as const;
    const story: Story = { facts: [aReading('off')], policy: [{ fenceDevices: {} }] };
    const evidence = { ...FACTS.confirmed.evidence, claims: aHostIn('fencing').claims };
    expect(decideAgain(aHostIn('fencing'), { ...basis, evidence }, story)[1]).toMatchObject({
      type: 'held',
      gates: expect.arrayContaining([
        {
          gate: 'fence-device',
          open: false,
          because: expect.stringContaining('the policy names no fence device for it'),
        },
      ]),
    });
  });

  it('a system is told from the one that was powered off, if that is on record', () => {
    const host = aHostIn('fencing', { powerOffs: 1 });
    const facts = [FACTS['power-off-answered'], aReading('off')];
    const readBack = (systemUuid?: string) =>
      decideAgain(host, { by: 'read-back', ...asked, current: true, ...(systemUuid && { systemUuid }) }, { facts })[2]
        ?.type;
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
    expect(decideAgain(host, basis, { facts: [aReading('on')] })[1]).toMatchObject({
      type: 'held',
      evidence: basis.evidence,
    });
  });

  it('a power-off that was answered behind another step is only recorded', () => {
    const basis = { by: 'read-back', ...asked, current: false } as const;
    const answered = { ...FACTS['power-off-answered'], attempt: 3 };
    expect(decideAgain(aHostIn('planning'), basis, { facts: [answered] })).toEqual([answered]);
  });

  it('a proof is void by the claims of then', () => {
    const host = { ...aHostIn('fencing', { powerOffs: 1 }), claims: { '/monitor/b': aClaim('up', NOW_MS) } };
    const facts = [FACTS['power-off-answered'], aReading('off')];
    const decided = decideAgain(host, { by: 'read-back', ...asked, current: true }, { facts });
    expect(decided.map(({ type }) => type)).toEqual(['power-off-answered', 'power-read', 'proof-made', 'proof-voided']);
    expect(decided[2]).toMatchObject({ proof: { readAtMs: NOW_MS - 12, systemUuid: SYSTEM } });
  });
});
