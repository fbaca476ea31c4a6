import { describe, expect, it } from 'vitest';
import { FIRST } from '#shared/domain/audit.ts';
import { type PlanInput, planTasks } from '#shared/domain/plan.ts';
import { isRunning } from '#shared/domain/seen.ts';
import { evolveTask, isInFlight } from '#shared/domain/task.ts';
import { aMigration, aSegment, aServer, HOST_KEY, INCIDENT_ID, NOW_MS, uuid } from '#test/support/builders.ts';

const plan = (overrides: Partial<PlanInput>) =>
  planTasks({
    incidentId: INCIDENT_ID,
    hostKey: HOST_KEY,
    servers: [aServer()],
    signs: new Map(),
    evacuations: [],
    otherMigrations: [],
    segment: aSegment(),
    nowMs: NOW_MS,
    ...overrides,
  });

/** The tasks as they are when the plan is committed. */
const tasksOf = (overrides: Partial<PlanInput>) =>
  plan(overrides).map(({ task, facts }) => facts.reduce(evolveTask, task));

describe('a plan', () => {
  it('has a task for each instance of the host, also for those of which nothing is made', () => {
    const servers = [
      aServer({ id: uuid(3, 1) }),
      aServer({ id: uuid(3, 2), metadata: { HA_Enabled: 'false' } }),
      aServer({ id: uuid(3, 3), vmState: 'suspended' }),
      aServer({ id: uuid(3, 4), vmState: 'building' }),
    ];
    expect(tasksOf({ servers }).map(({ instanceId, progress }) => [instanceId, progress.status])).toEqual([
      [uuid(3, 1), 'waiting'],
      [uuid(3, 2), 'ended'],
      [uuid(3, 3), 'ended'],
      [uuid(3, 4), 'ended'],
    ]);
    expect(tasksOf({ servers }).map(({ progress }) => ('outcome' in progress ? progress.outcome : null))).toEqual([
      null,
      'not-protected',
      'person',
      'not-recoverable',
    ]);
  });

  it('records of each what Nova said and what was decided', () => {
    const [planned] = plan({ servers: [aServer({ vmState: 'stopped', locked: true })] });
    expect(planned?.facts).toEqual([
      {
        type: 'task-planned',
        instanceId: aServer().id,
        name: 'web-1',
        vmState: 'stopped',
        taskState: null,
        locked: true,
        priority: 500,
        tier: null,
        decision: 'evacuate',
        because: 'it was stopped and stays so',
      },
    ]);
  });

  it('lets an instance wait that is to be evacuated, with nothing tried', () => {
    expect(tasksOf({})[0]).toEqual({
      incidentId: INCIDENT_ID,
      hostKey: HOST_KEY,
      instanceId: aServer().id,
      name: 'web-1',
      memoryMb: 2048,
      vcpus: 1,
      projectId: aServer().projectId,
      priority: 500,
      tier: null,
      signs: {},
      way: 'as-it-was',
      wayAgain: 'as-it-was',
      failedAt: [],
      attempts: 0,
      plannedAtMs: NOW_MS,
      progress: { status: 'waiting', notBeforeMs: NOW_MS, because: 'it ran' },
      audit: FIRST,
      endedAt: null,
    });
  });

  it.each([
    ['active', null, 'as-it-was', 'as-it-was'],
    ['stopped', null, 'as-it-was', 'reset-and-leave-stopped'],
    ['active', 'powering-off', 'leave-stopped', 'reset-and-leave-stopped'],
    ['suspended', null, 'as-it-was', 'as-it-was'],
  ])('has Nova asked for an instance in %s and %s first %s, then %s', (vmState, taskState, way, wayAgain) => {
    expect(tasksOf({ servers: [aServer({ vmState, taskState })] })[0]).toMatchObject({ way, wayAgain });
  });

  it('respects an evacuation that runs already: it holds a token and is no attempt of ours', () => {
    const evacuations = [aMigration({ id: 4, status: 'failed' }), aMigration({ id: 5, status: 'pre-migrating' })];
    const [task] = tasksOf({ evacuations });
    expect(plan({ evacuations })[0]?.facts).toMatchObject([{ type: 'task-planned', decision: 'watch' }]);
    expect(task).toMatchObject({
      attempts: 0,
      progress: { status: 'accepted', attempt: { number: 0, destination: 'compute-2', lastMigrationId: 4 } },
    });
    expect(task && isInFlight(task)).toBe(true);
  });

  it('takes no notice of evacuations that have ended', () => {
    const evacuations = ['done', 'completed', 'failed', 'error', 'cancelled'].map((status, id) =>
      aMigration({ id, status }),
    );
    expect(evacuations.some(isRunning)).toBe(false);
    expect(tasksOf({ evacuations })[0]?.progress.status).toBe('waiting');
  });

  it('gives an instance in a live migration to a person', () => {
    const otherMigrations = [aMigration({ status: 'running' })];
    expect(tasksOf({ otherMigrations })[0]?.progress).toMatchObject({ status: 'ended', outcome: 'person' });
  });

  it('records the evacuation and the migration that it respects', () => {
    const [planned] = plan({
      evacuations: [aMigration({ id: 5, status: 'pre-migrating' })],
      otherMigrations: [aMigration({ id: 6, status: 'running', destinationHost: 'compute-3' })],
    });
    expect(planned?.basis).toMatchObject({
      evacuation: { id: 5, sourceHost: 'compute-1', destinationHost: 'compute-2', status: 'pre-migrating' },
      migration: { id: 6, sourceHost: 'compute-1', destinationHost: 'compute-3', status: 'running' },
    });
  });

  it('of an empty host is empty', () => {
    expect(plan({ servers: [] })).toEqual([]);
  });

  it('ranks each by its own words and by the best of its group', () => {
    const metadata = (priority: string) => ({
      'instanceha:restart_group': 'db',
      'instanceha:restart_priority': priority,
      'salvor:tier': '2',
    });
    const servers = [aServer({ id: uuid(3, 1), metadata: metadata('7') }), aServer({ metadata: metadata('9') })];
    expect(tasksOf({ servers }).map(({ priority, tier }) => [priority, tier])).toEqual([
      [9, 2],
      [9, 2],
    ]);
    expect(plan({ servers })[0]?.basis).toMatchObject({ groupPriority: 9 });
    expect(plan({})[0]?.basis).not.toHaveProperty('groupPriority');
  });

  it('keeps what stands beside an instance, as far as the policy asks for it', () => {
    const image = { id: 'mini', tags: ['linux'], properties: { evacuable: 'true', os_distro: 'mini' } };
    const segment = aSegment({ instances: { protect: 'opted-in' } });
    const [planned] = plan({ segment, signs: new Map([[aServer().id, { image }]]) });
    const signs = { image: { id: 'mini', tags: [], properties: { evacuable: 'true' } } };
    expect(planned).toMatchObject({ task: { signs }, basis: { signs }, facts: [{ decision: 'evacuate' }] });
    expect(plan({})[0]?.basis).not.toHaveProperty('signs');
  });
});
