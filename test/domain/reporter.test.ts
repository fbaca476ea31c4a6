import { describe, expect, it } from 'vitest';
import { policySchema } from '#shared/domain/policy.ts';
import { keystoneReporter, outOfScope, outOfSegments, rateOf, senderOf } from '#shared/domain/reporter.ts';
import { anEvent, aPolicy } from '#test/support/builders.ts';

const ROLE = 'AROAEXAMPLEMONITOR';
const HOSTS = 'AROAEXAMPLEHOSTS';
const policy = aPolicy({
  segments: [
    { name: 'az1', hosts: { names: ['compute-1'] } },
    { name: 'az2', hosts: { names: ['compute-2'] } },
  ],
  reporters: {
    monitor: { awsPrincipals: [ROLE, 'AIDAEXAMPLEUSER'], hosts: ['compute-*'], events: ['host.down', 'host.up'] },
    agents: { awsPrincipals: [HOSTS], self: true, maxEventsPerMinute: 60 },
    forwarder: { awsPrincipals: ['AROAEXAMPLERELAY:salvor'], relay: true },
    az2: { token: 'az2', segments: ['az2'] },
  },
});
const own = { principals: ['AROAEXAMPLEINGEST'] };
const of = (senderId: string | undefined, event: object = {}) =>
  senderOf(senderId, { ...anEvent({ source: '/self/chosen' }), ...event }, own, policy);

describe('the reporter of a message', () => {
  it.each([
    [`${ROLE}:any-session`, 'monitor', 'any-session'],
    ['AIDAEXAMPLEUSER', 'monitor', null],
    [`${HOSTS}:compute-1`, 'agents', 'compute-1'],
    ['AROAEXAMPLERELAY:other', 'aws:AROAEXAMPLERELAY', null],
    ['AIDAEXAMPLEOTHER', 'aws:AIDAEXAMPLEOTHER', null],
    [undefined, 'aws:', null],
  ])('from %s is %s', (senderId, name, host) => {
    expect(of(senderId)).toEqual({ name, host });
  });

  it('is that of its session before that of its role, whatever the order', () => {
    const role = { awsPrincipals: ['AROAEXAMPLEROLE'] };
    const session = { awsPrincipals: ['AROAEXAMPLEROLE:one'], hosts: ['compute-1'] };
    for (const reporters of [
      { role, session },
      { session, role },
    ]) {
      const both = aPolicy({ reporters });
      expect(senderOf('AROAEXAMPLEROLE:one', anEvent(), own, both).name).toBe('session');
      expect(senderOf('AROAEXAMPLEROLE:other', anEvent(), own, both).name).toBe('role');
    }
  });

  it('that a relay sends is what it says, and the relay answers for it', () => {
    expect(of('AROAEXAMPLERELAY:salvor')).toEqual({ name: '/self/chosen', host: 'salvor', relay: 'forwarder' });
    expect(of(`${ROLE}:session`, { relay: 'forwarder' })).not.toHaveProperty('relay');
    expect(of('AROAEXAMPLEINGEST:salvor-http-ingest', { relay: 'forwarder' })).toHaveProperty('relay', 'forwarder');
  });

  it('is what the message says only of salvor itself and of a relay', () => {
    const event = { reporter: 'az2' };
    expect(of('AROAEXAMPLEINGEST:salvor-http-ingest', event).name).toBe('az2');
    expect(of('AROAEXAMPLERELAY:salvor', event).name).toBe('az2');
    expect(of(`${ROLE}:session`, event).name).toBe('monitor');
    expect(of('AIDAEXAMPLEOTHER', event).name).toBe('aws:AIDAEXAMPLEOTHER');
    expect(senderOf('000000000000', anEvent({ source: '/a' }), 'everybody', policy).name).toBe('/a');
  });

  it('is the host that it speaks of where salvor itself has let it in', () => {
    const ofHost = { name: 'agents', host: 'compute-1', letIn: true };
    expect(of('AROAEXAMPLEINGEST:salvor-http-ingest', { reporter: 'agents' })).toEqual(ofHost);
    expect(senderOf(undefined, { ...anEvent(), reporter: 'agents' }, 'everybody', policy)).toEqual(ofHost);
  });
});

describe('the reporter that a Keystone user is', () => {
  const policyOf = aPolicy({
    reporters: {
      each: { keystoneUsers: ['masakari-{host}@Default'], self: true },
      one: { keystoneUsers: ['masakari-central@Default'] },
    },
  });
  it.each([
    [['masakari-compute-1@Default', 'u1@default'], { name: 'each', host: 'compute-1' }],
    [['masakari-central@Default'], { name: 'one', host: null }],
    [['masakari-@Default'], undefined],
    [['masakari-compute-1@Other'], undefined],
    [['admin@Default'], undefined],
  ])('%s is %s', (users, reporter) => {
    expect(keystoneReporter(users, policyOf)).toEqual(reporter);
  });

  it('is one host only, by the template that says most of its name, whatever the order', () => {
    const wide = { keystoneUsers: ['masakari-{host}@Default'], self: true };
    const rack = { keystoneUsers: ['masakari-rack-{host}@Default'], self: true };
    for (const reporters of [
      { wide, rack },
      { rack, wide },
    ]) {
      const both = aPolicy({ reporters });
      expect(keystoneReporter(['masakari-rack-c1@Default'], both)).toEqual({ name: 'rack', host: 'c1' });
      expect(keystoneReporter(['masakari-c1@Default'], both)).toEqual({ name: 'wide', host: 'c1' });
    }
  });

  it('may have limits without an identity where it exists by itself', () => {
    expect(aPolicy({ reporters: { masakari: { hosts: ['compute-*'] } } }).reporters?.masakari?.hosts).toEqual([
      'compute-*',
    ]);
  });
});

describe('what a relay may say', () => {
  const rules = { hosts: ['compute-2'], events: ['host.heartbeat' as const], maxEventsPerMinute: 7 };
  const policyOf = aPolicy({
    reporters: { relay: { awsPrincipals: ['AROAEXAMPLERELAY'], relay: true, ...rules }, monitor: { token: 'm' } },
  });
  const through = (name: string) => ({ name, host: null, relay: 'relay' });
  const beat = anEvent({ type: 'host.heartbeat', data: { host: 'compute-2' } });

  it('is what the policy lets the relay say, whatever name it gives', () => {
    expect(outOfScope(through('/a'), beat, policyOf)).toBeUndefined();
    expect(outOfScope(through('/a'), anEvent({ data: { host: 'compute-2' } }), policyOf)).toBe(
      'it may not say host.down',
    );
    const other = anEvent({ type: 'host.heartbeat' });
    expect(outOfScope(through('/a'), other, policyOf)).toBe('it may speak of compute-2 only');
  });

  it.each(['monitor', 'nova', 'heartbeat', 'masakari', 'aws:AIDAEXAMPLEOTHER'])('is not said as %s', (name) => {
    expect(outOfScope(through(name), beat, policyOf)).toBe('it may not speak in the name of another reporter');
    expect(outOfScope(through('relay'), beat, policyOf)).toBeUndefined();
  });

  it('is counted together, and its segments are the relay’s', () => {
    expect(rateOf(through('/a'), policyOf)).toEqual({ key: 'relay', perMinute: 7 });
    const az2 = aPolicy({
      segments: [
        { name: 'az1', hosts: { names: ['compute-1'] } },
        { name: 'az2', hosts: { names: ['compute-2'] } },
      ],
      reporters: { relay: { awsPrincipals: ['AROAEXAMPLERELAY'], relay: true, segments: ['az2'] } },
    });
    expect(outOfSegments(through('/a'), 'az1', az2)).toBe('it may speak of hosts in az2 only');
  });
});

describe('what a reporter may say', () => {
  const by = (name: string, host: string | null = null) => ({ name, host });
  it.each([
    ['a host that it may speak of', by('monitor'), anEvent(), undefined],
    ['another host', by('monitor'), anEvent({ data: { host: 'control-1' } }), 'it may speak of compute-* only'],
    ['another type', by('monitor'), anEvent({ type: 'host.heartbeat' }), 'it may not say host.heartbeat'],
    ['itself', by('agents', 'compute-1'), anEvent(), undefined],
    ['its neighbour', by('agents', 'compute-2'), anEvent(), 'it may speak of itself only'],
    ['a host, without being one', by('agents'), anEvent(), 'it may speak of itself only'],
    ['anything, where nothing is said of it', by('/monitor/a'), anEvent(), undefined],
    ['anything, with a name of every object', by('constructor'), anEvent(), undefined],
  ])('of %s', (_, reporter, event, because) => {
    expect(outOfScope(reporter, event, policy)).toBe(because);
  });

  it('of the segments that it has', () => {
    expect(outOfSegments(by('az2'), 'az2', policy)).toBeUndefined();
    expect(outOfSegments(by('az2'), 'az1', policy)).toBe('it may speak of hosts in az2 only');
    expect(outOfSegments(by('az2'), null, policy)).toBe('it may speak of hosts in az2 only');
    expect(outOfSegments(by('monitor'), null, policy)).toBeUndefined();
    expect(outOfSegments(by('/monitor/a'), 'az1', policy)).toBeUndefined();
  });

  it('is counted for each host that speaks of itself, and for all others together', () => {
    expect(rateOf(by('agents', 'compute-1'), policy)).toEqual({ key: 'agents/compute-1', perMinute: 60 });
    expect(rateOf(by('monitor', 'session'), policy)).toEqual({ key: 'monitor', perMinute: 6000 });
    expect(rateOf(by('/monitor/a'), policy)).toEqual({ key: '/monitor/a', perMinute: 6000 });
  });
});

describe('a policy is refused', () => {
  it.each([
    ['a reporter whom nobody is', { a: {} }, /nobody is it/],
    ['one token for two', { a: { token: 't' }, b: { token: 't' } }, /token t is also a/],
    ['one principal for two', { a: { awsPrincipals: [ROLE] }, b: { awsPrincipals: [ROLE] } }, /is also a/],
    [
      'one user for two',
      { a: { keystoneUsers: ['m@D'] }, b: { keystoneUsers: ['m@D'] } },
      /keystone user m@D is also a/,
    ],
    [
      'host tokens of one secret for two',
      { a: { hostTokens: 'h', self: true }, b: { hostTokens: 'h', self: true } },
      /also/,
    ],
    ['hosts that share a token', { a: { token: 't', self: true } }, /does not tell which host it is/],
    ['hosts that share a user', { a: { keystoneUsers: ['m@D'], self: true } }, /does not tell which host it is/],
    ['users of hosts that may speak of all', { a: { keystoneUsers: ['m-{host}@D'] } }, /set self to true/],
    ['tokens of hosts that may speak of all', { a: { hostTokens: 't' } }, /set self to true/],
    ['itself and others', { a: { hostTokens: 't', self: true, hosts: ['a'] } }, /leave out/],
    ['itself and a segment', { a: { hostTokens: 't', self: true, segments: ['az1'] } }, /leave out/],
    ['itself and everybody', { a: { hostTokens: 't', self: true, relay: true } }, /leave out/],
    ['a segment that is none', { a: { token: 't', segments: ['az9'] } }, /there is no segment az9/],
    ['a name for a principal', { a: { awsPrincipals: ['arn:aws:iam::1:role/x'] } }, /unique id of IAM/],
    ['a user without a domain', { a: { keystoneUsers: ['masakari'] } }, /masakari@Default/],
    ['an event that is none', { a: { token: 't', events: ['host.exploded'] } }, /host\.down/],
  ])('that names %s', (_, reporters, because) => {
    const parsed = policySchema.safeParse({
      version: 1,
      segments: [{ name: 'az1', hosts: { names: ['compute-1'] } }],
      fenceDevices: {},
      reporters,
    });
    expect(parsed.error?.message).toMatch(because);
  });
});
