import { describe, expect, it } from 'vitest';
import { recordServer, recordSigns, serverAgain } from '#shared/domain/recorded.ts';
import { aSegment, aServer, INSTANCE_ID } from '#test/support/builders.ts';

const segment = aSegment();
const secret = { 'of:its:owner': 'secret' };

describe('of an instance', () => {
  it('what decisions look at is recorded, and of what its owner and its flavor say the keys of the policy', () => {
    const metadata = { HA_Enabled: 'true', 'instanceha:restart_priority': '7', 'salvor:tier': '1', ...secret };
    const extraSpecs = { 'ha:evacuable': 'true', 'hw:cpu_policy': 'shared', 'sw:wrs:recovery_priority': '1' };
    const { hw: _, ...named } = { hw: extraSpecs['hw:cpu_policy'], ...metadata };
    expect(recordServer(aServer({ metadata, extraSpecs, fault: 'it failed' }), segment)).toEqual({
      projectId: aServer().projectId,
      host: 'compute-1',
      vmState: 'active',
      taskState: null,
      locked: false,
      metadata: { HA_Enabled: 'true', 'instanceha:restart_priority': '7', 'salvor:tier': '1' },
      fault: 'it failed',
      memoryMb: 2048,
      vcpus: 1,
      flavorName: 'small',
      extraSpecs: { 'ha:evacuable': 'true', 'sw:wrs:recovery_priority': '1' },
      localDisks: { root: false, ephemeralGb: 0, swapMb: 0, vtpm: false },
    });
    expect(named).toHaveProperty('of:its:owner');
    expect(recordServer(aServer({ metadata: secret }), segment).metadata).toStrictEqual({});
  });

  it('what was recorded is seen again', () => {
    const recorded = recordServer(aServer({ metadata: { HA_Enabled: 'no' }, vcpus: 4 }), segment);
    expect(recordServer(serverAgain(recorded, INSTANCE_ID, 'web-1'), segment)).toEqual(recorded);
    expect(serverAgain(recorded, INSTANCE_ID, 'web-1')).toMatchObject({ id: INSTANCE_ID, name: 'web-1', vcpus: 4 });
  });

  it('what a salvor of before recorded says nothing of what it did not ask', () => {
    const { projectId: _, vcpus: __, flavorName: ___, extraSpecs: ____, ...old } = recordServer(aServer(), segment);
    const again = serverAgain(old, INSTANCE_ID, 'web-1');
    expect(again).toMatchObject({ projectId: '', vcpus: 0, flavorName: '', extraSpecs: {}, memoryMb: 2048 });
  });
});

describe('of what stands beside an instance', () => {
  const image = {
    id: 'image',
    tags: ['evacuable', 'amphora', 'linux'],
    properties: { evacuable: 'yes', os_distro: 'mini' },
  };
  const aggregates = [
    { name: 'ha', metadata: { evacuable: 'true', rack: 'a' } },
    { name: 'ssd', metadata: { ssd: 'true' } },
  ];

  it('only what the policy asks for is recorded', () => {
    const exclude = [{ imageTag: 'amphora', because: 'it is one' }];
    const { instances } = aSegment({ instances: { protect: 'opted-in', exclude } });
    expect(recordSigns({ image, aggregates }, instances)).toEqual({
      image: { id: 'image', tags: ['evacuable', 'amphora'], properties: { evacuable: 'yes' } },
      aggregates: [{ name: 'ha', metadata: { evacuable: 'true' } }],
    });
    expect(recordSigns({ image, aggregates: [] }, aSegment().instances)).toEqual({
      image: { id: 'image', tags: [], properties: {} },
      aggregates: [],
    });
  });

  it('that there is no image is recorded, and that nobody asked is not', () => {
    expect(recordSigns({ image: null }, segment.instances)).toStrictEqual({ image: null });
    expect(recordSigns({}, segment.instances)).toStrictEqual({});
  });
});
