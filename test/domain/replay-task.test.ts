import { describe, expect, it } from 'vitest';
import type { RecordedBasis, TaskBasis } from '#shared/domain/basis.ts';
import { CannotDecide } from '#shared/domain/replay/cannot-decide.ts';
import { decideTaskAgain } from '#shared/domain/replay/task.ts';
import type { TaskFact, TaskState } from '#shared/domain/task.ts';
import {
  aHost,
  aHostIn,
  aPolicy,
  aTask,
  HOST_KEY,
  INCIDENT_ID,
  INSTANCE_ID,
  NOW_MS,
  seconds,
} from '#test/support/builders.ts';

const at = { atMs: NOW_MS };
const SERVER = {
  host: 'compute-1',
  vmState: 'active',
  taskState: null,
  locked: false,
  metadata: {},
  fault: null,
  memoryMb: 2048,
  localDisks: { root: false, ephemeralGb: 0, swapMb: 0, vtpm: false },
};
const MIGRATION = { id: 7, sourceHost: 'compute-1', destinationHost: 'compute-2', status: 'running' };
const GRANT: TaskBasis = {
  by: 'grant',
  ...at,
  evacuations: [],
  here: SERVER,
  forcedDown: true,
  migration: null,
  inFlight: 0,
  inFlightElsewhere: 0,
  candidates: [{ host: 'compute-2', inFlight: 0, freeMemoryMb: 64_000 }],
};
const REQUEST: TaskBasis = { by: 'request', ...at, server: SERVER, hindered: null };
const ANSWER: TaskBasis = { by: 'answer', ...at, random: 0.5 };
const answered = {
  type: 'evacuate-answered',
  attempt: 1,
  answer: 'accepted',
  detail: 'accepted',
  httpStatus: 200,
  requestId: 'req-1',
  durationMs: 4,
  ...at,
  retryAtMs: 0,
  blamesDestination: false,
} as const satisfies TaskFact;

interface Story {
  readonly facts?: readonly TaskFact[];
  readonly policy?: ReturnType<typeof aPolicy>;
  /** By version. */
  readonly hosts?: Readonly<Record<number, ReturnType<typeof aHost>>>;
}

function again(
  task: TaskState | undefined,
  basis: TaskBasis | undefined,
  { facts = [], hosts = {}, ...story }: Story = {},
) {
  const recorded: RecordedBasis | undefined = basis && { ...basis, version: 1, policy: 'p', host: 4 };
  const ofTask = {
    incidentId: INCIDENT_ID,
    hostKey: HOST_KEY,
    instanceId: INSTANCE_ID,
    segment: 'az1',
    hostAt: (version: number) => hosts[version] ?? aHost(),
  };
  const decision = { stream: 's', seq: 1, ...at, basis: recorded, facts: facts as never };
  return decideTaskAgain(ofTask, task, decision, story.policy ?? aPolicy()).facts;
}

describe('of a task can not be decided again', () => {
  it.each<[string, TaskState | undefined, TaskBasis | undefined, string]>([
    ['what has no basis', aTask('waiting'), undefined, 'an older salvor recorded it, without what it was decided on'],
    ['what was not planned', undefined, GRANT, 'it was not planned'],
    ['a handing over that was none', aTask('waiting'), { by: 'hand-over', ...at }, 'its incident is not handed over'],
    ['an answer that is not on record', aTask('requested'), ANSWER, 'the answer to the request is not recorded'],
    ['what is of its host', aTask('waiting'), { by: 'timer', ...at } as never, 'nothing of a task is decided by timer'],
  ])('%s', (_, task, basis, why) => {
    expect(() => again(task, basis)).toThrow(new CannotDecide(why));
  });
});

describe('decided again', () => {
  it.each([
    ['that ran', null, null, 'it ran'],
    ['that Nova was evacuating', MIGRATION, null, 'Nova is evacuating it already (migration 7)'],
    [
      'that was migrated',
      null,
      MIGRATION,
      'it was being migrated or resized (migration 7, compute-1 to compute-2): it may run on the other host',
    ],
  ])('an instance is planned %s', (_, evacuation, migration, because) => {
    const facts: TaskFact[] = [
      {
        type: 'task-planned',
        instanceId: INSTANCE_ID,
        name: 'db-1',
        vmState: 'active',
        taskState: null,
        locked: false,
        decision: 'evacuate',
        because: '',
      },
    ];
    const basis: TaskBasis = { by: 'planning', ...at, server: SERVER, evacuation, migration };
    expect(again(undefined, basis, { facts })[0]).toMatchObject({ type: 'task-planned', name: 'db-1', because });
    expect(again(undefined, basis, { facts: [answered, ...facts] })[0]).toMatchObject({ name: 'db-1' });
    expect(again(undefined, basis)[0]).toMatchObject({ name: '' });
  });

  it('a look settles what it showed', () => {
    const basis: TaskBasis = {
      by: 'look',
      ...at,
      random: 0,
      evacuations: [{ ...MIGRATION, status: 'done' }],
      here: null,
    };
    expect(again(aTask('accepted'), basis)).toMatchObject([
      { type: 'task-ended', outcome: 'recovered', because: 'its evacuation is done' },
    ]);
  });

  it('a task is handed over by what its host had come to', () => {
    const hosts = { 4: aHostIn('handing-over', { reason: 'no end after 60 s' }) };
    expect(again(aTask('waiting'), { by: 'hand-over', ...at }, { hosts })).toMatchObject([
      { outcome: 'person', because: 'no end after 60 s; the last state of this one: waiting' },
    ]);
  });
});

describe('decided again, a grant', () => {
  it('takes the destination that was taken', () => {
    expect(again(aTask('waiting'), GRANT)).toMatchObject([{ attempt: { destination: 'compute-2' } }]);
  });

  it('takes a destination of whose memory nothing was known, as the log has no infinity', () => {
    const unknown = [{ host: 'compute-3', inFlight: 0, freeMemoryMb: null }] as never;
    expect(again(aTask('waiting'), { ...GRANT, candidates: unknown })).toMatchObject([
      { attempt: { destination: 'compute-3' } },
    ]);
  });

  it('knows how much memory a destination had', () => {
    const small = [{ host: 'compute-2', inFlight: 0, freeMemoryMb: 2047 }];
    expect(again(aTask('waiting'), { ...GRANT, candidates: small })).toMatchObject([
      { attempt: { destination: null } },
    ]);
  });

  it('is none to what is migrated', () => {
    expect(again(aTask('waiting'), { ...GRANT, migration: MIGRATION })).toMatchObject([
      {
        because: 'it was being migrated or resized (migration 7, compute-1 to compute-2): it may run on the other host',
      },
    ]);
  });

  it.each([
    [99, 1],
    [100, 0],
  ])('goes by the limit of the whole cloud: with %d elsewhere %d', (inFlightElsewhere, granted) => {
    expect(again(aTask('waiting'), { ...GRANT, inFlightElsewhere })).toHaveLength(granted);
  });
});

describe('decided again, a request', () => {
  const evacuating = { 4: aHostIn('evacuating') };

  it('leaves on the proof that its host had then', () => {
    expect(again(aTask('granted'), REQUEST, { hosts: evacuating })).toMatchObject([
      { type: 'evacuate-intended', attempt: 1, proofReadAtMs: NOW_MS - seconds(5) },
    ]);
  });

  it.each<[string, TaskBasis, string]>([
    ['salvor was switched off', { ...REQUEST, hindered: 'disarmed by ann' }, 'disarmed by ann'],
    ['the instance was gone', { ...REQUEST, server: null }, 'it is gone by now'],
    ['it was elsewhere', { ...REQUEST, server: { ...SERVER, host: 'compute-2' } }, 'it is on compute-2 by now'],
  ])('is given back as it was: %s', (_, basis, because) => {
    expect(again(aTask('granted'), basis, { hosts: evacuating })).toEqual([{ type: 'grant-expired', because, ...at }]);
  });

  it('goes by the age of proof that the policy allows', () => {
    const policy = aPolicy({}, { fencing: { proofMaxAgeSeconds: 30 } });
    const hosts = {
      4: aHostIn('evacuating', { proof: { ...evacuating[4].incident.proof, readAtMs: NOW_MS - seconds(31) } }),
    };
    expect(again(aTask('granted'), REQUEST, { hosts, policy })).toMatchObject([
      { because: 'the fence proof is 31 s old; at most 30 s' },
    ]);
  });

  it.each(['waiting', 'accepted'] as const)('is none of a task that is %s', (status) => {
    expect(again(aTask(status), REQUEST, { hosts: evacuating })).toEqual([]);
  });
});

describe('decided again, an answer of Nova', () => {
  const reset: TaskFact = { type: 'reset-answered', answer: 'accepted', requestId: null, durationMs: 1 };
  const retryAtMs = NOW_MS + 7500;

  it.each<[string, TaskFact]>([
    ['accepted', answered],
    ['unknown', { ...answered, answer: 'unknown', detail: 'timed out', httpStatus: null, requestId: null }],
    ['refused', { ...answered, answer: 'refused', detail: '409 it is locked', httpStatus: 409, retryAtMs }],
  ])('that was %s is folded as it was', (_, fact) => {
    expect(again(aTask('requested'), ANSWER, { facts: [fact] })).toEqual([fact]);
  });

  it('comes behind that of the reset', () => {
    expect(again(aTask('requested'), ANSWER, { facts: [reset, answered] })).toEqual([reset, answered]);
  });

  it('blames the destination when it named it', () => {
    const fact: TaskFact = {
      ...answered,
      answer: 'refused',
      detail: '400 no such host compute-2',
      httpStatus: 400,
      retryAtMs: NOW_MS,
      blamesDestination: true,
    };
    expect(again(aTask('requested'), ANSWER, { facts: [fact] })).toEqual([fact]);
  });
});
