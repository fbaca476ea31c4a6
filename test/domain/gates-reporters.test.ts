import { describe, expect, it } from 'vitest';
import type { GateName } from '#shared/domain/gates/gate.ts';
import { sourceOf, sourcesOf } from '#shared/domain/reporters.ts';
import {
  aClaim,
  aHost,
  NOW_MS,
  type PolicyInput,
  type SegmentInput,
  seconds,
  servicesOf,
} from '#test/support/builders.ts';
import { aSuspect, because, closed, someReadings } from '#test/support/readings.ts';

const down = (...reporters: readonly string[]) =>
  Object.fromEntries(reporters.map((reporter) => [reporter, aClaim('down', NOW_MS - seconds(60))]));
const reportedBy = (reporters: readonly string[], required: number, groups: PolicyInput['reporterGroups'] = {}) =>
  someReadings(
    { host: aHost({ claims: down(...reporters) }) },
    { reporters: { required } },
    { reporterGroups: groups },
  );

describe('reporters', () => {
  it('count only with a word that is newer than the newest up', () => {
    const claims = { a: aClaim('down', NOW_MS - 2), b: aClaim('up', NOW_MS - 1), c: aClaim('down', NOW_MS) };
    expect(because(someReadings({ host: aHost({ claims }) }), 'reporters')).toBe(
      '1 of 1 needed say down: c; not counted: a (older than an up), b (says up)',
    );
  });

  it.each<[names: readonly string[], words: string]>([
    [['/monitor/a', '/monitor/b'], '2 of 2 needed say down: /monitor/a, /monitor/b'],
    [['/monitor/a#1', '/monitor/a#2'], '1 of 2 needed say down: /monitor/a (/monitor/a#1, /monitor/a#2 count as one)'],
    [['urn:a?x=1', 'urn:a/'], '1 of 2 needed say down: urn:a (urn:a/, urn:a?x=1 count as one)'],
    [['urn:a?x=1'], '1 of 2 needed say down: urn:a (urn:a?x=1)'],
  ])('%j', (names, words) => {
    const readings = reportedBy(names, 2);
    expect(because(readings, 'reporters')).toBe(words);
    expect(closed(readings)).toEqual(words.startsWith('2') ? [] : ['reporters']);
  });

  it('are one source if the policy says so', () => {
    const groups = { consul: ['/agents/consul/*', '/old-consul'] };
    const names = ['/agents/consul/1', '/agents/consul/2', '/old-consul', '/agents/pacemaker'];
    expect(because(reportedBy(names, 2, groups), 'reporters')).toBe(
      '2 of 2 needed say down: /agents/pacemaker, consul (/agents/consul/1, /agents/consul/2, /old-consul count as one)',
    );
  });
});

describe('the source of a reporter', () => {
  it.each([
    ['/a/b', '/a/b'],
    ['/a/b/', '/a/b'],
    ['/a//', '/a'],
    ['/a?b#c', '/a'],
    ['/a?b\nc', '/a'],
    ['#only', '#only'],
    ['/', '/'],
    ['', ''],
  ])('%j is %j', (reporter, source) => expect(sourceOf(reporter, undefined)).toBe(source));

  it.each([
    ['a*', 'abc', true],
    ['*c', 'abc', true],
    ['a*c', 'ac', true],
    ['a*b*c', 'a-b-b-c', true],
    ['*', '', true],
    ['abc', 'abc', true],
    ['abc', 'abcd', false],
    ['a*a', 'a', false],
    ['*b', 'abc', false],
    ['b*', 'abc', false],
    ['a*x*c', 'abc', false],
    ['a.c', 'abc', false],
    ['a*b*b', 'ab', false],
    ['a*b*b', 'abb', true],
  ])('by the pattern %s: %s %s', (pattern, reporter, fits) => {
    expect(sourceOf(reporter, { group: [pattern] })).toBe(fits ? 'group' : reporter);
  });

  it('is the first group that fits', () => {
    expect(sourceOf('/a/1', { first: ['/a/*'], second: ['/a/1'] })).toBe('first');
    expect(sourcesOf(['b', 'a'], undefined)).toEqual([
      { name: 'a', reporters: ['a'] },
      { name: 'b', reporters: ['b'] },
    ]);
  });
});

describe('a reporter that accuses many hosts', () => {
  const storm = { maxHosts: 99, maxPercent: 100 };
  /** Of so many hosts, compute-1 and so many others are reported down, by those reporters. */
  function accused(
    hosts: number,
    others: number,
    reporters: SegmentInput['reporters'] = {},
    by: (number: number) => readonly string[] = () => ['/monitor/a'],
    groups: PolicyInput['reporterGroups'] = {},
  ) {
    const services = servicesOf(hosts - 1);
    const openIncidents = Array.from({ length: others }, (_, index) =>
      aSuspect(index + 2, { claims: down(...by(index + 2)) }),
    );
    const read = someReadings(
      { openIncidents, host: aHost({ claims: down(...by(1)) }) },
      { reporters, storm },
      { global: { storm }, reporterGroups: groups },
    );
    return { ...read, live: { ...read.live, segmentServices: services, allServices: services } };
  }

  it.each<[what: string, hosts: number, others: number, gates: readonly GateName[]]>([
    ['as many hosts and as large a part as are allowed', 20, 3, []],
    ['more hosts than allowed, but no large part', 30, 5, []],
    ['a large part, but few hosts', 4, 2, []],
    ['too many hosts and too large a part', 20, 4, ['reporter-cliff']],
  ])('%s', (_, hosts, others, gates) => {
    expect(closed(accused(hosts, others))).toEqual(gates);
  });

  it('is named with its numbers', () => {
    expect(because(accused(20, 4), 'reporter-cliff')).toBe(
      'discounted (at most 20 %, or 3 hosts): /monitor/a says down of 5 of 20 hosts (25 %); 0 of 1 needed are left',
    );
  });

  it('does not discount another who accuses this host only', () => {
    const by = (number: number) => (number === 1 ? ['/monitor/a', '/monitor/b'] : ['/monitor/a']);
    expect(closed(accused(20, 4, {}, by))).toEqual([]);
    expect(closed(accused(20, 4, { required: 2 }, by))).toEqual(['reporter-cliff']);
  });

  it('is one whatever its names: one for each host', () => {
    const by = (number: number) => [`/agent/on-${number}`];
    expect(closed(accused(20, 4, {}, by))).toEqual([]);
    expect(closed(accused(20, 4, {}, by, { agents: ['/agent/*'] }))).toEqual(['reporter-cliff']);
  });

  it('is heard again once it has taken its word back', () => {
    const read = accused(20, 4);
    const claims = { '/monitor/a': aClaim('up', NOW_MS) };
    expect(closed({ ...read, openIncidents: read.openIncidents.map((each) => ({ ...each, claims })) })).toEqual([]);
  });
});
