import { describe, expect, it } from 'vitest';
import { recordMigration } from '#shared/domain/seen.ts';
import type { Sight } from '#shared/domain/settle.ts';
import { sightAgain, taskSight } from '#shared/domain/task-sight.ts';
import { aMigration, aSegment, aServer, aTask, INSTANCE_ID, NOW_MS, seconds, uuid } from '#test/support/builders.ts';

const segment = aSegment();
const task = aTask('waiting');
const OTHER = uuid(3, 2);
const server = aServer({ metadata: { HA_Enabled: 'true', secret: 'of its owner' }, fault: 'it failed' });
const RECORDED = {
  projectId: server.projectId,
  host: 'compute-1',
  vmState: 'active',
  taskState: null,
  locked: false,
  metadata: { HA_Enabled: 'true' },
  fault: 'it failed',
  memoryMb: 2048,
  vcpus: 1,
  flavorName: 'small',
  extraSpecs: {},
  localDisks: { root: false, ephemeralGb: 0, swapMb: 0, vtpm: false },
};
const sight = (of: Partial<Sight>): Sight => ({
  atMs: NOW_MS,
  evacuationsOf: new Map(),
  onHost: undefined,
  elsewhere: new Map(),
  ...of,
});

describe('what a look showed of an instance', () => {
  const evacuations = [aMigration({ id: 7 })];
  it.each<[string, Partial<Sight>, object]>([
    ['that was not listed', {}, { evacuations: [] }],
    ['that is on the host', { onHost: new Map([[INSTANCE_ID, server]]) }, { evacuations: [], here: RECORDED }],
    ['that is not on the host', { onHost: new Map([[OTHER, server]]) }, { evacuations: [], here: null }],
    [
      'that is elsewhere',
      { elsewhere: new Map([[INSTANCE_ID, aServer({ host: 'compute-3' })]]) },
      { evacuations: [], elsewhere: { host: 'compute-3' } },
    ],
    [
      'that is on no host',
      { elsewhere: new Map([[INSTANCE_ID, aServer({ host: null })]]) },
      { evacuations: [], elsewhere: { host: null } },
    ],
    ['that was deleted', { elsewhere: new Map([[INSTANCE_ID, null]]) }, { evacuations: [], elsewhere: null }],
    [
      'that was evacuated',
      {
        evacuationsOf: new Map([
          [INSTANCE_ID, evacuations],
          [OTHER, [aMigration({ id: 8 })]],
        ]),
      },
      { evacuations: evacuations.map(recordMigration) },
    ],
  ])('%s is recorded, and gives the same sight again', (_, of, recorded) => {
    const seen = taskSight(task, sight(of), segment);
    expect(seen).toEqual(recorded);
    const again = sightAgain(task, JSON.parse(JSON.stringify(seen)), NOW_MS + seconds(1));
    expect(again.atMs).toBe(NOW_MS + seconds(1));
    expect(taskSight(task, again, segment)).toEqual(recorded);
    expect(again.onHost?.get(INSTANCE_ID)).toEqual(
      'here' in seen && seen.here ? { ...RECORDED, id: INSTANCE_ID, name: 'web-1' } : undefined,
    );
    expect(again.onHost?.size).toBe('here' in seen ? (seen.here === null ? 0 : 1) : undefined);
    expect(again.elsewhere.size).toBe('elsewhere' in seen ? 1 : 0);
    expect(again.evacuationsOf.get(INSTANCE_ID)?.map(({ instanceId }) => instanceId)).toEqual(
      seen.evacuations.map(() => INSTANCE_ID),
    );
  });

  it('keeps an old evacuation to where the instance is now', () => {
    const old = [1, 2, 3, 4].map((id) => aMigration({ id, destinationHost: `compute-${id + 5}` }));
    const of = sight({
      evacuationsOf: new Map([[INSTANCE_ID, old]]),
      elsewhere: new Map([[INSTANCE_ID, { host: 'compute-6' }]]),
    });
    expect(taskSight(task, of, segment).evacuations.map(({ id }) => id)).toEqual([1, 2, 3, 4]);
  });
});
