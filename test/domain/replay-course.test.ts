import { describe, expect, it } from 'vitest';
import type { AuditRecord } from '#shared/domain/audit.ts';
import type { Basis } from '#shared/domain/basis.ts';
import type { HostFact } from '#shared/domain/host.ts';
import { planTasks } from '#shared/domain/plan.ts';
import type { HostLog, IncidentLog } from '#shared/domain/replay/log.ts';
import { courseOf, replayHost } from '#shared/domain/replay/replay.ts';
import { aPolicy, aSegment, aServer, HOST_KEY, NOW_MS, SERVICE_ID, uuid } from '#test/support/builders.ts';
import { FACTS, OPENED } from '#test/support/host-facts.ts';

const TICK: Basis = { by: 'late-answer', atMs: NOW_MS };
const HAND_OVER = { by: 'hand-over', atMs: NOW_MS, policy: 'p' } as const;
const record = (stream: string, seq: number, version: number, fact: HostFact, basis: Basis = TICK): AuditRecord => ({
  stream,
  seq,
  atMs: NOW_MS + version,
  fact: fact as never,
  basis: { ...basis, version, policy: 'p' },
  previousHash: '',
  hash: '',
});
const opened = (id: string): HostFact => ({ ...OPENED, incidentId: id, host: 'compute-7' }) as HostFact;
/** Opened by one decision, and closed by the next; the fact of the second may be another. */
const incident = (id: string, version: number, second: HostFact = FACTS['incident-closed']): IncidentLog => ({
  id,
  records: [record(id, 1, version, opened(id)), record(id, 2, version + 1, second)],
  tasks: [],
});
const FIRST = uuid(1, 1);
const SECOND = uuid(1, 2);
const log = (...incidents: readonly IncidentLog[]): HostLog => ({
  key: HOST_KEY,
  records: [],
  incidents,
  policies: new Map([['p', aPolicy()]]),
});

describe('the course of a host', () => {
  it('begins with what its key says, and the name that its first incident tells', () => {
    const [first] = courseOf({ ...log(incident(FIRST, 1)), key: `a/b/c/${SERVICE_ID}` });
    expect(first?.before).toMatchObject({
      key: `a/b/c/${SERVICE_ID}`,
      cloud: 'a',
      region: 'b/c',
      serviceId: SERVICE_ID,
      name: 'compute-7',
      incident: null,
    });
  });

  it('is of a host whose key tells nothing but a cloud, if it is no key', () => {
    expect(courseOf({ ...log(incident(FIRST, 1)), key: 'a' })[0]?.before).toMatchObject({
      cloud: 'a',
      region: '',
      serviceId: '',
    });
  });

  it('is of a host without a name where it had no incident', () => {
    const late: HostFact = { type: 'answered-late', incidentId: FIRST, answered: FACTS['power-off-answered'] };
    expect(courseOf({ ...log(), records: [record('host', 1, 1, late)] })[0]?.before.name).toBe('');
  });

  it('leads from each decision to the next', () => {
    const course = courseOf(log(incident(FIRST, 1), incident(SECOND, 3)));
    expect(course.map(({ before, after }) => [before.incident?.id, after.incident?.id])).toEqual([
      [undefined, FIRST],
      [FIRST, undefined],
      [undefined, SECOND],
      [SECOND, undefined],
    ]);
  });
});

describe('a replay', () => {
  const decided = (of: HostLog, incidentId?: string) =>
    replayHost(of, incidentId === undefined ? {} : { incidentId }).decisions.map(({ stream, seq }) => [stream, seq]);

  it('tells the decisions of all incidents, or of the one that is asked about', () => {
    const both = log(incident(FIRST, 1), incident(SECOND, 3));
    expect(decided(both)).toHaveLength(4);
    for (const id of [FIRST, SECOND])
      expect(decided(both, id)).toEqual([
        [id, 1],
        [id, 2],
      ]);
  });

  it('tells of an incident that began and ended with one decision', () => {
    const brief = incident(SECOND, 3);
    const [first, second] = brief.records;
    if (first === undefined || second === undefined) throw new Error('it has two records');
    const { basis: _, ...bare } = second;
    expect(decided(log(incident(FIRST, 1), { ...brief, records: [first, bare] }), SECOND)).toEqual([[SECOND, 1]]);
  });

  it.each([
    [0, 'its incident is not handed over'],
    [1, 'its incident is not handed over'],
    [2, null],
    [3, null],
    [4, 'its incident is not handed over'],
  ])('decides of tasks by the host as it was at a version: %i', (host, cannot) => {
    const plan = planTasks({
      incidentId: FIRST,
      hostKey: HOST_KEY,
      servers: [aServer()],
      signs: new Map(),
      evacuations: [],
      otherMigrations: [],
      segment: aSegment(),
      nowMs: NOW_MS,
    });
    const tasks = plan.map(({ task, facts: [planned], basis }) => ({
      instanceId: task.instanceId,
      records: [
        record('task', 1, 1, planned as never, basis),
        { ...record('task', 2, 2, { type: 'task-ended' } as never), basis: { ...HAND_OVER, version: 2, host } },
      ],
    }));
    const { records, ...dismissed } = incident(FIRST, 1, FACTS.dismissed);
    const end = record(FIRST, 3, 4, FACTS['incident-closed']);
    const { decisions } = replayHost(log({ ...dismissed, records: [...records, end], tasks }));
    expect(decisions.find(({ by }) => by === 'hand-over')?.cannot).toBe(cannot);
  });

  it('counts what is decided otherwise and what can not be decided, and tells the first of the former', () => {
    const basis: Basis = { by: 'deadline', atMs: NOW_MS };
    const odd = incident(FIRST, 1, FACTS.confirmed);
    const records = [...odd.records, record(FIRST, 3, 3, FACTS['deadline-passed'], basis)];
    const { first, different, undecided, decisions } = replayHost(log({ ...odd, records }));
    expect({ different, undecided }).toEqual({ different: 1, undecided: 0 });
    expect(first).toBe(decisions[2]);
    expect(first).toMatchObject({ by: 'deadline', difference: { at: 'facts[0]' } });
    expect(replayHost(log(incident(FIRST, 1, FACTS.planned)))).toMatchObject({
      first: null,
      different: 0,
      undecided: 1,
    });
  });

  it('decides under the policy that is named with each decision, or under another', () => {
    const none = { ...log(incident(FIRST, 1)), policies: new Map() };
    expect(replayHost(none).undecided).toBe(2);
    expect(replayHost(none, { other: aPolicy() }).undecided).toBe(0);
  });
});
