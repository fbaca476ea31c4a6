import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditRecord } from '#shared/domain/audit.ts';
import type { HostLog } from '#shared/domain/replay/log.ts';
import { replayHost } from '#shared/domain/replay/replay.ts';
import { readHostLog } from '#shared/state/read-log.ts';
import { aPolicy, HOST_KEY, type PolicyInput, type SegmentInput } from '#test/support/builders.ts';
import type { FakeServices } from '#test/support/fakes.ts';
import { runThreeIncidents } from '#test/support/recorded-run.ts';

let services: FakeServices;
let log: HostLog;
beforeEach(async () => {
  ({ services } = await runThreeIncidents());
  log = await readHostLog(services.state, HOST_KEY);
});
afterEach(() => services.state.close());

const change = (records: readonly AuditRecord[], type: string, to: (record: AuditRecord) => object) =>
  records.map((record) => (record.fact.type === type ? ({ ...record, ...to(record) } as AuditRecord) : record));
/** The log with another content of every fact of one type. */
const tampered = (type: string, fact: object): HostLog =>
  altered(type, (record) => ({ fact: { ...record.fact, ...fact } }));
const altered = (type: string, to: (record: AuditRecord) => object): HostLog => ({
  ...log,
  records: change(log.records, type, to),
  incidents: log.incidents.map((incident) => ({
    ...incident,
    records: change(incident.records, type, to),
    tasks: incident.tasks.map((task) => ({ ...task, records: change(task.records, type, to) })),
  })),
});

const withoutBasis = (incident: HostLog['incidents'][number]): HostLog['incidents'][number] => {
  const bare = (records: readonly AuditRecord[]) => records.map(({ basis: _, ...record }) => record);
  const tasks = incident.tasks.map((task) => ({ ...task, records: bare(task.records) }));
  return { ...incident, records: bare(incident.records), tasks };
};

describe('a log by itself', () => {
  it('suffices to make every decision again, and each comes out the same', () => {
    const { decisions, ...counts } = replayHost(log);
    const times = decisions.map(({ atMs }) => atMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(counts).toEqual({ first: null, different: 0, undecided: 0 });
    const records = [
      log.records,
      ...log.incidents.flatMap((each) => [each.records, ...each.tasks.map((task) => task.records)]),
    ];
    expect(decisions.flatMap(({ recorded }) => recorded)).toHaveLength(records.flat().length);
    expect(new Set(decisions.map(({ by }) => by))).toEqual(
      new Set([
        'reports',
        'gates',
        'power',
        'read-back',
        'forcing-down',
        'plan',
        'end',
        'planning',
        'grant',
        'request',
        'answer',
        'look',
      ]),
    );
  });

  it('is told for one incident alone, with the reports that it was decided on', () => {
    const [first, second, third] = log.incidents.map(({ id }) => replayHost(log, { incidentId: id }).decisions);
    expect(second?.map(({ by }) => by)).toEqual(['reports', 'reports']);
    expect(first?.some(({ by }) => by === 'end')).toBe(true);
    expect(first?.filter(({ by }) => by === 'planning')).toHaveLength(3);
    expect(third?.some(({ by }) => by === 'end')).toBe(false);
  });
});

describe('a decision that was tampered with', () => {
  it.each<[string, object, string]>([
    ['incident-opened', { graceEndsAtMs: 0 }, 'reports'],
    ['confirmed', { type: 'held', nextLookAtMs: 1 }, 'gates'],
    ['power-off-intended', { attempt: 2 }, 'power'],
    ['power-read', { power: 'unknown' }, 'power'],
    ['proof-made', { atMs: 1 }, 'read-back'],
    ['power-off-answered', { answer: 'refused', attempt: 7 }, 'read-back'],
    ['force-down-intended', { serviceId: 'another' }, 'forcing-down'],
    ['forced-down', { state: 'up' }, 'forcing-down'],
    ['planned', { toEvacuate: 2 }, 'plan'],
    ['incident-closed', { outcome: 'partly-recovered' }, 'end'],
    ['task-planned', { decision: 'leave' }, 'planning'],
    ['granted', { checks: {} }, 'grant'],
    ['evacuate-intended', { destination: 'compute-5' }, 'request'],
    ['evacuate-answered', { blamesDestination: true }, 'answer'],
    ['task-ended', { outcome: 'gone' }, 'look'],
  ])('differs: %s %j', (type, fact, by) => {
    const differing = replayHost(tampered(type, fact)).decisions.filter(
      ({ difference, cannot }) => difference !== null || cannot !== null,
    );
    expect(differing.map((each) => each.by)).toContain(by);
  });

  it('differs as well when what it was decided on was changed', () => {
    const bound = altered('power-read', ({ basis }) =>
      basis === undefined ? {} : { basis: { ...basis, boundTo: 'another' } },
    );
    expect(replayHost(bound).first).toMatchObject({ by: 'power', difference: { at: 'facts[1].type' } });
  });

  it('can not be made again where its basis or its policy is missing', () => {
    const older = { ...log, records: [], incidents: log.incidents.slice(0, 1).map(withoutBasis) };
    expect(replayHost(older)).toMatchObject({ different: 0, undecided: 4 });
    const { decisions, undecided } = replayHost({ ...log, policies: new Map() });
    expect(undecided).toBe(decisions.length);
    expect(decisions[0]?.cannot).toMatch(/policy .* is not recorded/);
  });

  it('whose facts can not follow from one another is told, and the others are still made', () => {
    const { decisions, undecided } = replayHost(tampered('confirmed', { type: 'forced-down' }));
    expect(undecided).toBeGreaterThan(0);
    expect(decisions.some(({ cannot }) => cannot?.includes("facts can't follow"))).toBe(true);
  });
});

describe('another policy', () => {
  const under = (segment: Partial<SegmentInput>, policy: Partial<PolicyInput> = {}) =>
    replayHost(log, { other: aPolicy(policy, { graceSeconds: 30, ...segment }) });

  it('that is the same decides the same', () => {
    expect(under({})).toMatchObject({ first: null, different: 0, undecided: 0 });
  });

  it.each<[string, Partial<SegmentInput>, Partial<PolicyInput>, object]>([
    ['a longer grace', { graceSeconds: 60 }, {}, { by: 'reports', difference: { at: 'facts[1].graceEndsAtMs' } }],
    [
      'two reporters',
      { reporters: { required: 2 } },
      {},
      { by: 'gates', difference: { at: 'facts[0].type', recorded: 'confirmed', decided: 'held' } },
    ],
    ['more healthy hosts', { minHealthyHosts: 9 }, {}, { by: 'gates', difference: { decided: 'held' } }],
    ['shadow mode', { mode: 'shadow' }, {}, { by: 'gates', difference: { at: 'facts[1]' } }],
    [
      'a shorter belief',
      {},
      { events: { maxAgeSeconds: 7200 } },
      { by: 'reports', difference: { recorded: 'not-believed', decided: 'reported' } },
    ],
    [
      'protection by opting in',
      { instances: { protect: 'opted-in' } },
      {},
      { by: 'planning', difference: { decided: 'leave' } },
    ],
    [
      'one evacuation at a time',
      { evacuation: { maxInFlight: 1 } },
      {},
      { by: 'grant', difference: { at: 'facts[0].checks.inFlightLimit' } },
    ],
  ])('with %s shows what it would have decided first', (_, segment, policy, first) => {
    expect(under(segment, policy).first).toMatchObject(first);
  });

  it('without the segment can not decide', () => {
    const { decisions } = under({ name: 'az2' });
    expect(decisions.find(({ by }) => by === 'gates')?.cannot).toBe('the policy has no segment az1');
  });
});
