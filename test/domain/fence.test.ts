import { describe, expect, it } from 'vitest';
import { bindingFault } from '#shared/domain/device-binding.ts';
import { evolveHost } from '#shared/domain/evolve-host.ts';
import { decideAfterPowerOff, decideFencing } from '#shared/domain/fence.ts';
import type { TimedReading } from '#shared/domain/fence-levels.ts';
import { gatherEvidence, type Readings } from '#shared/domain/gates/gather.ts';
import { NO_GUARD, withStop } from '#shared/domain/guards.ts';
import type { Fencing, HostFact, HostState } from '#shared/domain/host.ts';
import type { PowerOffAnswer, PowerReading } from '#shared/ports.ts';
import {
  aClaim,
  aHostIn,
  anIncident,
  aPolicy,
  aProof,
  aSegment,
  aService,
  NOW_MS,
  seconds,
  uuid,
} from '#test/support/builders.ts';
import { someReadings } from '#test/support/readings.ts';

const SYSTEM = uuid(4, 1);
const segment = aSegment();

const aReading = (power: PowerReading['power'], overrides: Partial<TimedReading> = {}): TimedReading => ({
  power,
  systemUuid: power === 'unknown' ? null : SYSTEM,
  detail: `PowerState ${power}`,
  durationMs: 12,
  askedAtMs: NOW_MS - 12,
  ...overrides,
});

const decide = (incident: Fencing, reading: TimedReading, fault: string | null, readings: Readings) =>
  decideFencing(incident, reading, fault, gatherEvidence(readings), readings, 0.5);

function fence(
  incident: Fencing,
  reading: TimedReading,
  {
    fault = null,
    claims = { '/monitor/a': aClaim('down') },
    ...input
  }: Partial<Readings> & {
    readonly fault?: string | null;
    readonly claims?: HostState['claims'];
  } = {},
) {
  const host = { ...aHostIn('fencing'), incident, claims };
  return decide(incident, reading, fault, someReadings({ host, ...input }));
}
const last = ({ facts }: { readonly facts: readonly HostFact[] }) => facts.at(-1);

const untouched = anIncident('fencing');
const poweredOffBefore = anIncident('fencing', { powerOffs: 1, failures: 1 });
const provenBefore = anIncident('fencing', {
  powerOffs: 1,
  earlierProof: aProof({ readAtMs: NOW_MS - seconds(60), offSinceMs: NOW_MS - seconds(60) }),
});
const inMaintenance = () => ({ ...someReadings().live, service: aService({ status: 'disabled', state: 'down' }) });
const stoppedGuard = withStop(NO_GUARD, { reason: 'a device lied', incidentId: uuid(1, 5), atMs: 1 });
const disarmedGuard = { ...NO_GUARD, disarmed: { by: 'ann', reason: 'network test', atMs: NOW_MS, untilMs: null } };

describe('a host that is off', () => {
  it('is proven off, from when its device was asked, without a power-off', () => {
    const decision = fence(untouched, aReading('off'));
    expect(decision.do).toBe('commit');
    expect(decision.facts).toMatchObject([{ type: 'power-read', power: 'off', systemUuid: SYSTEM }, {}]);
    expect(last(decision)).toEqual({
      type: 'proof-made',
      atMs: NOW_MS,
      proof: {
        kind: 'power-off-read-back',
        systemUuid: SYSTEM,
        readAtMs: NOW_MS - 12,
        offSinceMs: NOW_MS - 12,
        detail: 'PowerState off',
      },
    });
  });

  it('is left alone when it was seen up after it was reported down, and nothing was done to it', () => {
    const claims = { '/monitor/a': aClaim('down', NOW_MS - 2), '/monitor/b': aClaim('up', NOW_MS - 1) };
    expect(last(fence(untouched, aReading('off'), { claims }))).toMatchObject({
      type: 'incident-closed',
      outcome: 'stood-down',
    });
  });

  it('stops everything when it is reported up since its device first said off', () => {
    const claims = { '/monitor/b': aClaim('up', NOW_MS - seconds(54)) };
    expect(last(fence(provenBefore, aReading('off'), { claims }))).toMatchObject({ type: 'stopped' });
  });

  it('is proven again when it is reported up from about when the device first said off: clocks differ', () => {
    const claims = { '/monitor/b': aClaim('up', NOW_MS - seconds(55)) };
    expect(last(fence(provenBefore, aReading('off'), { claims }))).toMatchObject({
      type: 'proof-made',
      proof: { offSinceMs: NOW_MS - seconds(60), readAtMs: NOW_MS - 12 },
    });
  });

  it('and speaks again and again stops everything, also if its proof is renewed each time it spoke', () => {
    let host: HostState = { ...aHostIn('fencing'), incident: untouched };
    const statuses: (string | undefined)[] = [];
    for (let after = 0; after <= 12 && host.incident?.status !== 'stopped'; after += 4) {
      const nowMs = NOW_MS + seconds(after);
      if (host.incident?.status === 'forcing-down') {
        const claims = { ...host.claims, '/host/itself': aClaim('up', nowMs - 1) };
        host = evolveHost({ ...host, claims }, { type: 'proof-voided', because: 'reported up', atMs: nowMs });
      }
      if (host.incident?.status !== 'fencing') break;
      const reading = aReading('off', { askedAtMs: nowMs });
      host = decide(host.incident, reading, null, someReadings({ host, nowMs })).facts.reduce(evolveHost, host);
      statuses.push(host.incident?.status);
    }
    expect(statuses).toEqual(['forcing-down', 'forcing-down', 'stopped']);
  });
});

describe('a host that is on', () => {
  it('is powered off once the intent is committed, with what the gates said', () => {
    const decision = fence(untouched, aReading('on'));
    expect(decision).toMatchObject({ do: 'power-off', attempt: 1 });
    expect(last(decision)).toMatchObject({ type: 'power-off-intended', attempt: 1, dueAtMs: NOW_MS + seconds(30) });
    expect(last(decision)).toHaveProperty('checks.length', 7);
  });

  it('is left alone when it was seen up meanwhile', () => {
    const claims = { '/monitor/a': aClaim('down', NOW_MS - 2), '/monitor/b': aClaim('up', NOW_MS - 1) };
    const decision = fence(untouched, aReading('on'), { claims });
    expect(decision.do).toBe('commit');
    expect(last(decision)).toMatchObject({ type: 'incident-closed', outcome: 'stood-down' });
  });

  it('is still powered off when nobody has repeated for hours that it is down: its device was out of reach', () => {
    const claims = { '/monitor/a': aClaim('down', NOW_MS - seconds(7200)) };
    expect(fence(untouched, aReading('on'), { claims }).do).toBe('power-off');
  });

  it.each([
    ['in maintenance', { live: inMaintenance() }],
    ['no longer protected', { live: { ...inMaintenance(), service: aService({ state: 'down' }), segments: [] } }],
    ['in a segment that is stopped', { segmentGuard: stoppedGuard }],
    ['seen up by Nova, though no reporter says so', { live: { ...inMaintenance(), service: aService() } }],
    ['in a segment that is disarmed', { segmentGuard: disarmedGuard }],
    ['somewhere, and all of salvor is disarmed', { globalGuard: disarmedGuard }],
  ])('is held when it is %s by now', (_, input) => {
    const decision = fence(untouched, aReading('on'), input);
    expect(decision.do).toBe('commit');
    expect(last(decision)).toMatchObject({ type: 'held' });
  });

  it('is held when it is found off while somebody has taken it into maintenance', () => {
    const service = aService({ status: 'disabled', state: 'down' });
    const live = { ...someReadings().live, service };
    expect(last(fence(untouched, aReading('off'), { live }))).toMatchObject({ type: 'held' });
  });

  it('by a slow agent says with the intent until when that may cut its power, by a fast device nothing', () => {
    const agent = { driver: 'agent', agent: 'fence_ilo_ssh', worker: 'rack-a', credentials: 'bmc' } as const;
    const by = (timeoutSeconds: number) => {
      const device = { ...agent, parameters: { ip: 'ilo-1' }, timeoutSeconds };
      return last(
        fence(untouched, aReading('on'), {
          policy: aPolicy({ fenceDevices: { 'compute-1': device } }, { fencing: { proofMaxAgeSeconds: 480 } }),
        }),
      );
    };
    // It leaves within 30 s, is begun within 10 s, and its answer is 5 s on its way.
    expect(by(120)).toMatchObject({ type: 'power-off-intended', mayRunUntilMs: NOW_MS + seconds(165) });
    expect(by(16)).toMatchObject({ type: 'power-off-intended', mayRunUntilMs: NOW_MS + seconds(61) });
    expect(by(15)).toMatchObject({ type: 'power-off-intended' });
    expect(by(15)).not.toHaveProperty('mayRunUntilMs');
  });

  it('after a power-off is powered off again, and the attempts are counted', () => {
    expect(fence(poweredOffBefore, aReading('on'))).toMatchObject({ do: 'power-off', attempt: 2 });
  });

  it('after evacuations may have begun is powered off again, though somebody reports it up', () => {
    const claims = { '/monitor/b': aClaim('up', NOW_MS) };
    const evacuating = { ...provenBefore, evacuatingSinceMs: NOW_MS - 1000 };
    expect(fence(evacuating, aReading('on'), { claims })).toMatchObject({ do: 'power-off', attempt: 2 });
  });

  it('that came back before any evacuation could leave is left alone, however often it was asked to power off', () => {
    const claims = { '/monitor/a': aClaim('down', NOW_MS - 60_000), '/monitor/b': aClaim('up', NOW_MS) };
    for (const incident of [poweredOffBefore, provenBefore])
      expect(last(fence(incident, aReading('on'), { claims }))).toMatchObject({
        type: 'incident-closed',
        outcome: 'stood-down',
      });
  });

  it.each([
    [{ segmentGuard: stoppedGuard }, 'the segment is stopped: a device lied'],
    [{ segmentGuard: disarmedGuard }, 'the segment is disarmed by ann since 2026-11-21T12:00:00.000Z: network test'],
    [{ globalGuard: disarmedGuard }, 'salvor is disarmed by ann since 2026-11-21T12:00:00.000Z: network test'],
  ])('whose evacuations have begun is not powered off again while %j', (guards, because) => {
    const evacuating = { ...poweredOffBefore, evacuatingSinceMs: NOW_MS - 1000 };
    const decision = fence(evacuating, aReading('on'), guards);
    expect(decision).toMatchObject({ do: 'commit', facts: [{ type: 'power-read' }, { type: 'paused', because }] });
    const again = fence({ ...evacuating, pausedBy: because }, aReading('on'), guards);
    expect(again).toMatchObject({ do: 'commit', facts: [{ type: 'still-paused' }] });
  });

  it('whose evacuations have begun is proven off while salvor is disarmed: a reading changes nothing', () => {
    const evacuating = { ...poweredOffBefore, evacuatingSinceMs: NOW_MS - 1000 };
    expect(last(fence(evacuating, aReading('off'), { globalGuard: disarmedGuard }))).toMatchObject({
      type: 'proof-made',
    });
  });
});

describe('a device', () => {
  it('that does not tell the power proves nothing, and is asked again later and later', () => {
    const pauses = [0, 1, 2, 30].map((failures) => {
      const fact = last(fence(anIncident('fencing', { failures }), aReading('unknown')));
      return fact?.type === 'fence-failed' ? fact.retryAtMs - NOW_MS : 0;
    });
    expect(pauses).toEqual([3750, 7500, 15_000, 225_000]);
  });

  it('that is being asked still is looked after soon, however long the host has waited', () => {
    const retryMs = (failures: number, read: Partial<TimedReading>) => {
      const fact = last(fence(anIncident('fencing', { failures }), aReading('unknown', read)));
      return fact?.type === 'fence-failed' ? fact.retryAtMs - NOW_MS : undefined;
    };
    expect(retryMs(30, { pending: true })).toBe(seconds(10));
    expect(retryMs(0, { pending: true })).toBe(3750);
    const { facts } = fence(untouched, aReading('unknown', { pending: true }));
    expect(facts[0]).toMatchObject({ type: 'power-read', pending: true });
  });

  describe('whose off was asked for in an earlier step', () => {
    const readAt = (askedAtMs: number, upMs: number, askedEarlier?: true) =>
      fence(poweredOffBefore, aReading('off', { askedAtMs, ...(askedEarlier && { askedEarlier }) }), {
        claims: { '/monitor/a': aClaim('down'), '/monitor/b': aClaim('up', upMs) },
      });
    const { openedAtMs, confirmedAtMs } = poweredOffBefore;

    it.each([
      ['before the incident was opened', openedAtMs - 1, 0, 'its power was asked for before the incident was opened'],
      [
        'before the host was reported up',
        NOW_MS - seconds(31),
        NOW_MS - seconds(30),
        'the host was reported up since its power was asked for',
      ],
    ])('proves nothing %s: it is asked anew, at once', (_, askedAtMs, upMs, because) => {
      expect(last(readAt(askedAtMs, upMs))).toMatchObject({ type: 'fence-failed', because, retryAtMs: NOW_MS });
    });

    it.each([
      ['before the host was confirmed down', confirmedAtMs - 1, 0, 'the host was confirmed down'],
      ['before the host was reported up a moment ago', NOW_MS - 2, NOW_MS - 1, 'the host was reported up since'],
    ])('and was kept, proves nothing %s', (_, askedAtMs, upMs, because) => {
      expect(confirmedAtMs).toBeGreaterThan(openedAtMs);
      expect(last(readAt(askedAtMs, upMs, true))).toMatchObject({
        type: 'fence-failed',
        because: expect.stringContaining(because),
        retryAtMs: NOW_MS,
      });
    });

    it('and was kept, is a proof since the host was confirmed down, of then', () => {
      const decision = fence(poweredOffBefore, aReading('off', { askedAtMs: confirmedAtMs, askedEarlier: true }));
      expect(decision.facts).toMatchObject([
        { type: 'power-read', askedAtMs: confirmedAtMs },
        { type: 'proof-made', proof: { readAtMs: confirmedAtMs } },
      ]);
    });

    it('renews a proof, however long ago the host was confirmed down', () => {
      const askedAtMs = NOW_MS - seconds(50);
      const before = { ...provenBefore, openedAtMs: 0, confirmedAtMs: NOW_MS - seconds(900) };
      const renewed = fence(before, aReading('off', { askedAtMs, askedEarlier: true }));
      expect(last(renewed)).toMatchObject({ type: 'proof-made', proof: { readAtMs: askedAtMs } });
    });

    it('proves nothing by a level whose answer was kept, after another one was switched off', () => {
      const accepted: PowerOffAnswer = { kind: 'accepted', detail: '204', durationMs: 5 };
      const reading = aReading('off', { askedAtMs: confirmedAtMs - 1, askedEarlier: true });
      const facts = decideAfterPowerOff(poweredOffBefore, accepted, reading, reading, 0, segment, NOW_MS, 0.5);
      expect(facts).toMatchObject([
        { type: 'power-off-answered' },
        { type: 'power-read', power: 'off', askedAtMs: confirmedAtMs - 1 },
        { type: 'fence-failed', because: 'its power was asked for before the host was confirmed down' },
      ]);
    });

    it.each([
      ['since the incident was opened', openedAtMs, openedAtMs - 1],
      ['in this step, as every device is', NOW_MS - seconds(30), NOW_MS - seconds(29)],
    ])('is a proof %s', (_, askedAtMs, upMs) => {
      expect(last(readAt(askedAtMs, upMs))).toMatchObject({ type: 'proof-made', proof: { readAtMs: askedAtMs } });
    });
  });

  it.each(['on', 'off'] as const)('that is not the host’s own stops everything, %s', (power) => {
    const decision = fence(untouched, aReading(power), { fault: 'it is bound to another host' });
    expect(decision.do).toBe('commit');
    expect(last(decision)).toMatchObject({ type: 'stopped', because: expect.stringContaining('not the fence device') });
  });

  it('is the host’s own unless the policy or an earlier contact says otherwise', () => {
    const known = { boundTo: null, boundSystem: null, configured: undefined };
    const bound = { boundTo: 'key-1', boundSystem: SYSTEM, configured: SYSTEM };
    const other = uuid(4, 2);
    expect(bindingFault(aReading('on'), known, 'key-1')).toBeNull();
    expect(bindingFault(aReading('on'), bound, 'key-1')).toBeNull();
    expect(bindingFault(aReading('on'), bound, 'key-2')).toMatch(/bound to another host, key-1/);
    expect(bindingFault(aReading('on'), { ...known, configured: other }, 'key-1')).toMatch(/the policy says/);
    expect(bindingFault(aReading('on', { systemUuid: null }), { ...known, configured: SYSTEM }, 'key-1')).toMatch(
      /not told/,
    );
    // An address that leads to another machine by now, one that is off: no proof about this host.
    for (const told of [other, null])
      expect(bindingFault(aReading('off', { systemUuid: told }), { ...known, boundSystem: SYSTEM }, 'key-1')).toMatch(
        /the host is bound to/,
      );
  });
});

describe('after a power-off', () => {
  const accepted: PowerOffAnswer = { kind: 'accepted', detail: '204', durationMs: 5 };
  const answered = (
    answer: PowerOffAnswer,
    power: PowerReading['power'],
    { upMs = 0, asked = SYSTEM, told = aReading(power).systemUuid }: AfterPowerOff = {},
  ) => {
    const reading = aReading(power, { systemUuid: told });
    return decideAfterPowerOff(poweredOffBefore, answer, { systemUuid: asked }, reading, upMs, segment, NOW_MS, 0.5);
  };
  interface AfterPowerOff {
    readonly upMs?: number;
    readonly asked?: string | null;
    readonly told?: string | null;
  }

  it.each(['accepted', 'refused', 'unknown'] as const)('that was %s, off is a proof', (kind) => {
    expect(answered({ ...accepted, kind }, 'off')).toMatchObject([
      { type: 'power-off-answered', answer: kind, attempt: 1 },
      { type: 'power-read', power: 'off' },
      { type: 'proof-made', proof: { readAtMs: NOW_MS - 12, offSinceMs: NOW_MS - 12 } },
    ]);
  });

  it('off is no proof for long when the host was reported up while its power was read', () => {
    const { askedAtMs } = aReading('off');
    expect(answered(accepted, 'off', { upMs: askedAtMs - seconds(5) }).at(-1)).toMatchObject({ type: 'proof-made' });
    expect(answered(accepted, 'off', { upMs: askedAtMs - seconds(5) + 1 }).slice(-2)).toMatchObject([
      { type: 'proof-made' },
      { type: 'proof-voided', because: expect.stringContaining('reported up'), atMs: NOW_MS },
    ]);
  });

  it.each([
    ['accepted', 'on', /still on after a power-off that was accepted/],
    ['unknown', 'unknown', /still unknown after a power-off that was unknown/],
    ['refused', 'on', /it was not powered off: 204/],
  ] as const)('that was %s, %s is no proof', (kind, power, because) => {
    expect(answered({ ...accepted, kind }, power)).toMatchObject([
      { type: 'power-off-answered' },
      { type: 'power-read', power },
      { type: 'fence-failed', because: expect.stringMatching(because), retryAtMs: NOW_MS + 7500 },
    ]);
  });

  describe('of a level with attempts', () => {
    const words = (...powers: PowerReading['power'][]) =>
      powers.map((power) => [{ driver: 'redfish', power, systemUuid: SYSTEM } as const]);
    const outcome = (
      kind: PowerOffAnswer['kind'],
      read: Partial<TimedReading>,
      { attempts = 3, ...of }: { attempts?: number; level?: number; tries?: number } = {},
    ) => {
      const reading = aReading('on', read);
      const before = { ...poweredOffBefore, ...of };
      const answer = { ...accepted, kind };
      return decideAfterPowerOff(before, answer, reading, reading, 0, segment, NOW_MS, 0.5, attempts).at(-1);
    };

    it.each(['accepted', 'unknown'] as const)(
      'one that was %s is asked for again at once while it reads on',
      (kind) => {
        expect(outcome(kind, {})).toEqual({
          type: 'fence-failed',
          because: expect.stringContaining('still on'),
          retryAtMs: NOW_MS,
          tries: 1,
        });
        expect(outcome(kind, {}, { tries: 1 })).toMatchObject({ retryAtMs: NOW_MS, tries: 2 });
      },
    );

    it('what is being asked still is looked after soon', () => {
      const unsettled = outcome('unknown', { power: 'unknown', pending: true }, {});
      expect(unsettled).toMatchObject({ type: 'fence-failed', retryAtMs: NOW_MS + 7500 });
      const before = { ...poweredOffBefore, failures: 9 };
      const reading = aReading('unknown', { pending: true });
      const facts = decideAfterPowerOff(before, accepted, reading, reading, 0, segment, NOW_MS, 0.5);
      expect(facts.at(-1)).toMatchObject({ type: 'fence-failed', retryAtMs: NOW_MS + seconds(10) });
    });

    it('the last one is followed by a pause, and then by as many again', () => {
      const last = outcome('accepted', {}, { tries: 2 });
      expect(last).toMatchObject({ type: 'fence-failed', retryAtMs: NOW_MS + 7500 });
      expect(last).not.toHaveProperty('tries');
    });

    it('the last one is followed by the next level, at once', () => {
      const levels = words('on', 'on');
      expect(outcome('accepted', { levels }, { level: 0, tries: 1 })).toMatchObject({ level: 0, tries: 2 });
      const next = outcome('accepted', { levels }, { level: 0, tries: 2 });
      expect(next).toMatchObject({ retryAtMs: NOW_MS, level: 1 });
      expect(next).not.toHaveProperty('tries');
    });

    it.each<[what: string, ...Parameters<typeof outcome>]>([
      ['one that was refused: accounts lock', 'refused', {}],
      ['one of which no reading tells what became of it', 'unknown', { power: 'unknown' }],
      ['one of which only another level tells', 'unknown', { levels: words('unknown', 'on') }, { level: 0 }],
      ['one whose level is off, against another level', 'accepted', { levels: words('off', 'on') }, { level: 0 }],
    ])('no second request follows %s', (_, kind, read, of) => {
      expect(outcome(kind, read, of)).not.toHaveProperty('tries');
    });
  });

  const another = uuid(4, 2);
  it.each([
    [SYSTEM, another, `the power of ${SYSTEM} was to be read back, and ${another} answered`],
    [SYSTEM, null, `the power of ${SYSTEM} was to be read back, and one without answered`],
    [null, another, `the power of a system without UUID was to be read back, and ${another} answered`],
  ])('off of another system is no proof: %s, then %s', (asked, told, because) => {
    for (const power of ['off', 'on'] as const)
      expect(answered(accepted, power, { asked, told }).slice(1)).toMatchObject([
        { type: 'power-read', power, systemUuid: told },
        { type: 'fence-failed', because, retryAtMs: NOW_MS + 7500 },
      ]);
  });

  it('off is a proof where no system tells its UUID', () => {
    expect(answered(accepted, 'off', { asked: null, told: null }).at(-1)).toMatchObject({ type: 'proof-made' });
  });
});
