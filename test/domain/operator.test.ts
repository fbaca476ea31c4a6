import { describe, expect, it } from 'vitest';
import type { OperatorCommand } from '#events/operator-command.ts';
import { evolveHost } from '#shared/domain/evolve-host.ts';
import { NO_GUARD } from '#shared/domain/guards.ts';
import type { HostState } from '#shared/domain/host.ts';
import { decideOnIncident, decideSwitch, type OnIncident } from '#shared/domain/operator.ts';
import { aHost, aHostIn, aPolicy, aProof, aSegment, iso, NOW_MS, seconds, uuid } from '#test/support/builders.ts';
import { aCommand } from '#test/support/operator.ts';

const ago = (count: number): string => iso(NOW_MS - seconds(count));

describe('a disarm', () => {
  it('holds until it is armed, or for its time', () => {
    const disarmed = { by: 'ann', reason: 'network test', atMs: NOW_MS };
    expect(decideSwitch(aCommand('disarm'), NO_GUARD, NOW_MS, aPolicy())).toEqual({
      guard: { ...NO_GUARD, disarmed: { ...disarmed, untilMs: null }, switchedAtMs: NOW_MS },
      said: 'disarmed until it is armed',
    });
    expect(decideSwitch(aCommand('disarm', { forSeconds: 60 }), NO_GUARD, NOW_MS, aPolicy())).toEqual({
      guard: { ...NO_GUARD, disarmed: { ...disarmed, untilMs: NOW_MS + seconds(60) }, switchedAtMs: NOW_MS },
      said: 'disarmed until 2026-11-21T12:01:00.000Z',
    });
  });

  it('is obeyed however late it comes, with its time from when it was asked for', () => {
    const command = aCommand('disarm', { time: ago(9000), forSeconds: 10_000 });
    const untilMs = NOW_MS + seconds(1000);
    expect(decideSwitch(command, NO_GUARD, NOW_MS, aPolicy())).toMatchObject({ guard: { disarmed: { untilMs } } });
  });

  it('must say for how long where the policy asks for it', () => {
    const strict = aPolicy({ switches: { requireExpiry: true } });
    expect(decideSwitch(aCommand('disarm'), NO_GUARD, NOW_MS, strict)).toEqual({
      refused: 'the policy asks for an expiry (switches.requireExpiry): say for how long, with --for',
    });
    expect(decideSwitch(aCommand('disarm', { forSeconds: 60 }), NO_GUARD, NOW_MS, strict)).toHaveProperty('guard');
    expect(decideSwitch(aCommand('arm'), NO_GUARD, NOW_MS, strict)).toHaveProperty('guard');
  });

  it('is not put into the future by a clock that is ahead', () => {
    const command = aCommand('disarm', { time: iso(NOW_MS + seconds(500)) });
    expect(decideSwitch(command, NO_GUARD, NOW_MS, aPolicy())).toMatchObject({ guard: { switchedAtMs: NOW_MS } });
  });
});

describe('an arm', () => {
  const disarmed = { by: 'ann', reason: '', atMs: NOW_MS - 1, untilMs: null };
  const off = { ...NO_GUARD, disarmed, switchedAtMs: NOW_MS - 1 };

  it('lets it go on', () => {
    const guard = { ...NO_GUARD, switchedAtMs: NOW_MS };
    expect(decideSwitch(aCommand('arm'), off, NOW_MS, aPolicy())).toEqual({ guard, said: 'armed' });
    expect(decideSwitch(aCommand('arm'), NO_GUARD, NOW_MS, aPolicy())).toMatchObject({ said: 'it was armed already' });
  });

  it('that comes later than 15 minutes is refused', () => {
    expect(decideSwitch(aCommand('arm', { time: ago(900) }), NO_GUARD, NOW_MS, aPolicy())).toHaveProperty('guard');
    expect(
      decideSwitch(aCommand('arm', { time: iso(NOW_MS - seconds(900) - 1) }), NO_GUARD, NOW_MS, aPolicy()),
    ).toEqual({
      refused: 'it was asked for 900 s ago, and counts for 900 s: ask again',
    });
  });
});

it.each(['disarm', 'arm'] as const)('a %s that the switch was moved after is refused', (type) => {
  const refused = { refused: 'somebody has switched it since, at 2026-11-21T12:00:00.000Z' };
  const guard = { ...NO_GUARD, switchedAtMs: NOW_MS };
  expect(decideSwitch(aCommand(type, { time: ago(1) }), guard, NOW_MS, aPolicy())).toEqual(refused);
  expect(decideSwitch(aCommand(type), guard, NOW_MS, aPolicy())).toHaveProperty('guard');
});

const decide = (command: OnIncident, host: HostState | undefined, hasTasks = false) =>
  decideOnIncident(command, host, hasTasks, aSegment(), NOW_MS);

describe('a release', () => {
  it('of gates of a held host is for 15 minutes', () => {
    const command = aCommand('release', { gates: ['segment-storm', 'healthy-hosts'] });
    expect(decide(command, aHostIn('held'))).toEqual({
      facts: [
        {
          type: 'released',
          commandId: command.id,
          by: 'ann',
          reason: 'network test',
          gates: ['segment-storm', 'healthy-hosts'],
          atMs: NOW_MS,
          untilMs: NOW_MS + seconds(900),
        },
      ],
      said: 'segment-storm, healthy-hosts released for 900 s',
    });
  });

  it.each(['nova-answers', 'protected', 'in-service', 'segment-not-stopped', 'armed', 'fence-device', 'no-such-gate'])(
    'of %s is refused, and so is all of it',
    (gate) => {
      const refused = `no operator can release ${gate}: remove what closes it`;
      expect(decide(aCommand('release', { gates: ['reporters', gate] }), aHostIn('held'))).toEqual({ refused });
    },
  );

  it('of no gate is refused', () => {
    expect(decide(aCommand('release'), aHostIn('held'))).toEqual({ refused: 'it names no gate to release' });
  });

  it('of a stopped host needs no gate', () => {
    expect(decide(aCommand('release'), aHostIn('stopped'))).toMatchObject({ facts: [{ type: 'released', gates: [] }] });
  });

  it.each(['suspected', 'fencing', 'forcing-down', 'planning', 'evacuating', 'handing-over'] as const)(
    'of one that is %s is refused',
    (status) => {
      const refused = `it is ${status}: only what is held or stopped can be released`;
      expect(decide(aCommand('release', { gates: ['reporters'] }), aHostIn(status))).toEqual({ refused });
    },
  );
});

describe('a dismissal', () => {
  it.each(['suspected', 'held', 'fencing', 'stopped'] as const)('closes an incident that is %s', (status) => {
    const decision = decide(aCommand('dismiss'), aHostIn(status));
    const facts = 'facts' in decision ? decision.facts : [];
    const host = facts.reduce(evolveHost, aHostIn(status));
    expect(host).toMatchObject({ incident: null, lastIncident: { outcome: 'dismissed', knownDown: ['/monitor/a'] } });
    expect(decision).toMatchObject({ said: 'dismissed; nothing was done to the host' });
  });

  it('says in the audit what was done to the host', () => {
    const doneTo = (host: HostState) => {
      const decision = decide(aCommand('dismiss'), host);
      const closed = 'facts' in decision ? decision.facts.at(-1) : undefined;
      return closed?.type === 'incident-closed' ? closed.because : undefined;
    };
    const dismissed = 'dismissed by ann: network test; ';
    expect(doneTo(aHostIn('held'))).toBe(`${dismissed}nothing was done to the host`);
    expect(doneTo(aHostIn('stopped', { proof: aProof() }))).toBe(`${dismissed}Nova may have it forced down`);
    expect(doneTo(aHostIn('stopped', { evacuatingSinceMs: 1 }))).toBe(
      `${dismissed}Nova may have it forced down; instances of it were evacuated`,
    );
  });

  it('that has tasks gives each its outcome first', () => {
    const host = aHostIn('stopped', { proof: aProof(), powerOffs: 1, evacuatingSinceMs: NOW_MS });
    const done =
      'its power was switched off by request of salvor (asked for 1 times); Nova may have it forced down; instances of it were evacuated';
    const decision = decide(aCommand('dismiss'), host, true);
    expect(decision).toMatchObject({
      facts: [{ type: 'dismissed', by: 'ann', done }],
      said: `its instances are handed to a person; ${done}`,
    });
    const facts = 'facts' in decision ? decision.facts : [];
    expect(facts.reduce<HostState>(evolveHost, host).incident).toMatchObject({
      status: 'handing-over',
      dismissed: true,
    });
  });

  it.each([
    ['fencing, and asked to switch off', aHostIn('fencing', { powerOffs: 1 })],
    ['fencing, and was proven off', aHostIn('fencing', { earlierProof: aProof() })],
    ['fencing, and kept off', aHostIn('fencing', { evacuatingSinceMs: NOW_MS })],
    ['forcing-down', aHostIn('forcing-down')],
    ['planning', aHostIn('planning')],
    ['evacuating', aHostIn('evacuating')],
    ['handing-over', aHostIn('handing-over')],
  ])('of one that is %s is refused', (_, host) => {
    expect(decide(aCommand('dismiss'), host)).toEqual({ refused: expect.stringMatching(/goes on to its end/) });
  });
});

describe.each(['release', 'dismiss'] as const)('a %s', (type) => {
  const command = (overrides: Partial<OperatorCommand>) => aCommand(type, overrides as Partial<OnIncident>);

  it.each([
    ['a host that nobody knows', undefined],
    ['a host without an incident', aHost()],
    ['a later incident', aHostIn('held', { id: uuid(1, 9) })],
  ])('of %s is refused', (_, host) => {
    expect(decide(command({}), host)).toEqual({ refused: 'its incident has ended' });
  });

  it('that is older than 15 minutes is refused', () => {
    expect(decide(command({ time: ago(901) }), aHostIn('held'))).toEqual({
      refused: 'it was asked for 901 s ago, and counts for 900 s: ask again',
    });
  });
});
