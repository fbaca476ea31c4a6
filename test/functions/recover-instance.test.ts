/** Single instances that fail while their host lives: what is asked of Nova, and what keeps salvor from asking. */
import { describe, expect, it } from 'vitest';
import { loadHost } from '#shared/state/hosts.ts';
import { listInstanceIncidents, loadInstance, openInstances } from '#shared/state/instances.ts';
import {
  aPolicy,
  aServer,
  aService,
  HOST_KEY,
  INSTANCE_ID,
  type SegmentInput,
  seconds,
  servicesOf,
  uuid,
} from '#test/support/builders.ts';
import { fakeServices } from '#test/support/fakes.ts';
import { anInstanceDown, GONE, holdsIn, NO_ANSWER, RECOVERS } from '#test/support/instances.ts';
import { aCommand } from '#test/support/operator.ts';
import { Pipeline } from '#test/support/pipeline.ts';

async function world(segment: Partial<SegmentInput> = RECOVERS) {
  const services = fakeServices(aPolicy({}, segment));
  services.cloud.services = [aService(), ...servicesOf(5).slice(1)];
  const pipeline = new Pipeline(services);
  await pipeline.start();
  const now = () => services.clock.now();
  return {
    services,
    cloud: services.cloud,
    pipeline,
    fails: (event = GONE, given = {}) => pipeline.hear(anInstanceDown(event, { atMs: now(), ...given })),
    instance: async (id = INSTANCE_ID) => (await loadInstance(services.state, id)).value,
    entries: () => Array.fromAsync(listInstanceIncidents(services.state)),
  };
}

describe('an instance whose process has gone', () => {
  it('is restarted in place, once', async () => {
    const { pipeline, cloud, fails, instance, entries, services } = await world();
    fails();
    await pipeline.run();
    expect(cloud.actions).toEqual([`reboot ${INSTANCE_ID}`]);
    expect(await instance()).toMatchObject({ incident: null, lastIncident: { outcome: 'restarted' } });
    expect(await entries()).toMatchObject([{ instanceId: INSTANCE_ID, host: 'compute-1', outcome: 'restarted' }]);
    expect(await openInstances(services.state)).toEqual([]);
    expect(pipeline.deadLetters).toEqual([]);
  });

  it('is only recorded where the policy does not recover instances', async () => {
    const { pipeline, cloud, fails, instance } = await world({});
    fails();
    await pipeline.run();
    expect(cloud.actions).toEqual([]);
    expect((await instance()).audit.seq).toBe(0);
  });

  it('is started when Nova itself has stopped it meanwhile, and left when its owner has', async () => {
    for (const [userId, asked] of [
      [null, [`reboot ${INSTANCE_ID}`]],
      ['owner', []],
    ] as const) {
      const { pipeline, cloud, fails } = await world();
      cloud.change(INSTANCE_ID, { vmState: 'stopped', powerState: 4 });
      cloud.note(INSTANCE_ID, 'stop', userId);
      fails();
      await pipeline.run();
      expect(cloud.actions).toEqual(asked);
    }
  });

  it('is restarted no more than the policy allows, then moved, then left to a person', async () => {
    const segment = {
      instanceRecovery: { protect: 'all', confirmSeconds: 0, maxRestarts: 2, thenMove: true },
    } as const;
    const { pipeline, cloud, services, fails, entries } = await world(segment);
    for (let round = 0; round < 4; round += 1) {
      fails();
      await pipeline.run(60);
      services.clock.nowMs += seconds(30);
    }
    expect(cloud.actions).toEqual([
      `reboot ${INSTANCE_ID}`,
      `reboot ${INSTANCE_ID}`,
      `migrate ${INSTANCE_ID}`,
      `confirm ${INSTANCE_ID}`,
    ]);
    expect((await entries()).map(({ outcome }) => outcome)).toEqual(['restarted', 'restarted', 'moved', 'left']);
  });

  it('goes to a person when restarts are used up and the policy does not move it', async () => {
    const { pipeline, cloud, services, fails, entries } = await world({
      instanceRecovery: { protect: 'all', confirmSeconds: 0, maxRestarts: 1 },
    });
    for (let round = 0; round < 2; round += 1) {
      fails();
      await pipeline.run(60);
      services.clock.nowMs += seconds(30);
    }
    expect(cloud.count(`reboot ${INSTANCE_ID}`)).toBe(1);
    expect((await entries()).at(-1)).toMatchObject({
      outcome: 'person',
      because: expect.stringContaining('restarts within 3600 s: 1'),
    });
    expect(services.lines.map(({ fields }) => fields)).toContainEqual(
      expect.objectContaining({ fact: 'instance-for-a-person', instanceId: INSTANCE_ID }),
    );
  });
});

describe('where it is moved to', () => {
  const instanceRecovery = { protect: 'all', confirmSeconds: 0, processGone: { do: 'move' } } as const;
  const whereabouts = async ({ cloud, instance }: Awaited<ReturnType<typeof world>>, id = INSTANCE_ID) => [
    cloud.servers.find((server) => server.id === id)?.host,
    (await instance(id)).lastIncident?.outcome,
  ];

  it('is no host that is disabled, down, or of another zone', async () => {
    const made = await world({ instanceRecovery });
    const { pipeline, cloud, fails } = made;
    const [own, second, third, fourth, fifth] = cloud.services;
    if (!own || !second || !third || !fourth || !fifth) throw new Error('there are five');
    cloud.services = [
      own,
      { ...second, status: 'disabled' },
      { ...third, state: 'down' },
      { ...fourth, zone: 'other' },
      fifth,
    ];
    fails();
    await pipeline.run();
    expect(await whereabouts(made)).toEqual([fifth.host, 'moved']);
  });

  it('is no host under suspicion, though the list of those lags', async () => {
    const made = await world({ instanceRecovery, graceSeconds: 600 });
    const { pipeline, cloud, services, fails } = made;
    cloud.services = cloud.services.slice(0, 3);
    pipeline.report({ data: { host: 'compute-2' } });
    await pipeline.run(10);
    services.state.due = async () => [];
    fails();
    await pipeline.run(60);
    expect(await whereabouts(made)).toEqual(['compute-3', 'moved']);
  });

  it('is looked for again when the chosen host comes under suspicion before the intent is committed', async () => {
    const made = await world({ instanceRecovery, graceSeconds: 600 });
    const { pipeline, cloud, services, fails } = made;
    cloud.services = cloud.services.slice(0, 3);
    const { transact } = services.state;
    services.state.transact = async (writes) => {
      if (JSON.stringify(writes).includes('"destination":"compute-2"')) {
        services.state.transact = transact;
        const other = new Pipeline(services);
        other.report({ data: { host: 'compute-2' } });
        await other.run(1);
      }
      return transact(writes);
    };
    fails();
    await pipeline.run(60);
    expect(await whereabouts(made)).toEqual(['compute-3', 'moved']);
  });

  it('is another host than where others are on their way to', async () => {
    const made = await world({ instanceRecovery, evacuation: { maxInFlightPerDestination: 1 } });
    const { pipeline, cloud, fails } = made;
    cloud.confirmsAs = 'stopped';
    for (const number of [1, 2, 3]) fails(GONE, { instanceId: uuid(3, number) });
    await pipeline.run();
    const hosts = await Promise.all([1, 2, 3].map(async (number) => (await whereabouts(made, uuid(3, number)))[0]));
    expect([...hosts].sort()).toEqual(['compute-2', 'compute-3', 'compute-4']);
    expect(cloud.count(`migrate ${uuid(3, 1)}`)).toBe(1);
  });

  it('is waited for where the scheduler is not to be asked', async () => {
    const { pipeline, cloud, fails, instance } = await world({ instanceRecovery, destinations: { otherwise: 'wait' } });
    cloud.freeMemoryMb = 1;
    fails();
    await pipeline.run(60);
    expect(holdsIn(await instance())).toEqual(['destination']);
    expect(cloud.actions).toEqual([]);
    cloud.freeMemoryMb = 64_000;
    await pipeline.run(60);
    expect(cloud.count(`migrate ${INSTANCE_ID}`)).toBe(1);
  });
});

describe('what Nova does not answer', () => {
  it('is found on record, and not asked for again', async () => {
    const { pipeline, cloud, fails, entries } = await world();
    cloud.during = (action) => {
      if (!action.startsWith('reboot')) return;
      // It takes effect; the answer is lost.
      cloud.note(INSTANCE_ID, 'reboot');
      cloud.novaIsAway = true;
    };
    fails();
    await pipeline.run(10);
    cloud.during = () => {};
    cloud.novaIsAway = false;
    await pipeline.run();
    expect(cloud.count(`reboot ${INSTANCE_ID}`)).toBe(1);
    expect(await entries()).toMatchObject([{ outcome: 'restarted' }]);
  });

  it('is asked for again once it can not have happened', async () => {
    const { pipeline, cloud, fails, entries } = await world();
    cloud.during = (action) => {
      if (action.startsWith('reboot')) cloud.novaIsAway = true;
    };
    fails();
    await pipeline.run(10);
    cloud.during = () => {};
    cloud.novaIsAway = false;
    await pipeline.run(30);
    expect(cloud.count(`reboot ${INSTANCE_ID}`)).toBe(1);
    await pipeline.run();
    expect(cloud.count(`reboot ${INSTANCE_ID}`)).toBe(2);
    expect(await entries()).toMatchObject([{ outcome: 'restarted' }]);
  });
});

describe('an instance is left alone', () => {
  it.each([
    ['that is locked', { locked: true }, /locked/],
    ['that its owner has paused', { vmState: 'paused' }, /paused/],
    ['that is being deleted', { taskState: 'deleting' }, /deleted/],
    ['that opted out', { metadata: { HA_Enabled: 'False' } }, /opted out/],
    ['that runs elsewhere by now', { host: 'compute-2' }, /compute-2/],
  ])('%s', async (_, over, because) => {
    const { pipeline, cloud, fails, entries } = await world();
    cloud.change(INSTANCE_ID, over);
    fails();
    await pipeline.run();
    expect(cloud.actions).toEqual([]);
    expect(await entries()).toMatchObject([{ outcome: 'left', because: expect.stringMatching(because) }]);
  });

  it('that is gone', async () => {
    const { pipeline, cloud, fails, entries } = await world();
    cloud.servers = [];
    fails();
    await pipeline.run();
    expect(await entries()).toMatchObject([{ outcome: 'left', because: 'it is gone' }]);
  });

  it('that has not opted in, by the default of Masakari', async () => {
    const { pipeline, cloud, fails, entries } = await world({ instanceRecovery: { confirmSeconds: 0 } });
    fails();
    await pipeline.run();
    expect(cloud.actions).toEqual([]);
    expect(await entries()).toMatchObject([{ outcome: 'left', because: expect.stringContaining('not opted in') }]);
  });

  it('of a shadow segment', async () => {
    const { pipeline, cloud, fails, entries } = await world({ ...RECOVERS, mode: 'shadow' });
    fails();
    await pipeline.run();
    expect(cloud.actions).toEqual([]);
    expect(await entries()).toMatchObject([{ outcome: 'shadow' }]);
  });
});

describe('it waits', () => {
  it('while Nova is at work on it', async () => {
    const { pipeline, cloud, fails, instance } = await world();
    cloud.change(INSTANCE_ID, { taskState: 'powering-off' });
    fails();
    await pipeline.run(30);
    expect(holdsIn(await instance())).toEqual(['task']);
    cloud.change(INSTANCE_ID, { taskState: null });
    await pipeline.run(30);
    expect(cloud.actions).toEqual([`reboot ${INSTANCE_ID}`]);
  });

  it.each([
    ['in maintenance', { status: 'disabled', disabledReason: 'new disks' }],
    ['down by Nova', { state: 'down' }],
    ['forced down', { forcedDown: true }],
  ] as const)('while its host is %s', async (_, over) => {
    const { pipeline, cloud, fails, instance } = await world();
    cloud.changeService(aService().id, over);
    fails();
    await pipeline.run(30);
    expect(holdsIn(await instance())).toEqual(['host-service']);
    expect(cloud.actions).toEqual([]);
  });

  it('not for a host that salvor itself has disabled because of a process', async () => {
    const { pipeline, cloud, fails } = await world();
    cloud.changeService(aService().id, { status: 'disabled', disabledReason: 'salvor: process libvirtd down' });
    fails();
    await pipeline.run(30);
    expect(cloud.actions).toEqual([`reboot ${INSTANCE_ID}`]);
  });

  it('while salvor is switched off', async () => {
    const { pipeline, cloud, fails, instance } = await world();
    pipeline.command(aCommand('disarm'));
    fails();
    await pipeline.run(30);
    expect(holdsIn(await instance())).toEqual(['armed']);
    pipeline.command({
      ...aCommand('arm'),
      id: uuid(8, 2),
      time: new Date(pipeline.services.clock.now()).toISOString(),
    });
    await pipeline.run(30);
    expect(cloud.actions).toEqual([`reboot ${INSTANCE_ID}`]);
  });

  it('in the middle of a move that has led into a segment that is switched off', async () => {
    const instanceRecovery = { protect: 'all', confirmSeconds: 0, processGone: { do: 'move', sources: 1 } } as const;
    const ours = { name: 'az1', hosts: { availabilityZone: 'nova' }, minHealthyHosts: 1, instanceRecovery };
    const theirs = { name: 'az2', hosts: { availabilityZone: 'other' } };
    const services = fakeServices(aPolicy({ segments: [ours, theirs] }));
    const others = servicesOf(5).slice(1);
    services.cloud.services = [aService(), ...others.map((each) => ({ ...each, zone: 'other' }))];
    const pipeline = new Pipeline(services);
    await pipeline.start();
    pipeline.command(aCommand('disarm', { segment: 'az2' }));
    pipeline.hear(anInstanceDown(GONE, { atMs: services.clock.now() }));
    await pipeline.run(60);
    expect(services.cloud.actions).toEqual([`migrate ${INSTANCE_ID}`]);
    const { value } = await loadInstance(services.state, INSTANCE_ID);
    expect(holdsIn(value)).toEqual(['armed']);
  });

  it('for a second source where one does not suffice, and is stood down without', async () => {
    const segment = {
      instanceRecovery: { protect: 'all', confirmSeconds: 0, noAnswer: { do: 'restart' }, deadlineSeconds: 600 },
    } as const;
    const alone = await world(segment);
    alone.fails(NO_ANSWER, { source: '/probe/a' });
    await alone.pipeline.run();
    expect(alone.cloud.actions).toEqual([]);
    expect(await alone.entries()).toMatchObject([{ outcome: 'stood-down' }]);

    const two = await world(segment);
    two.fails(NO_ANSWER, { source: '/probe/a' });
    await two.pipeline.run(20);
    two.fails(NO_ANSWER, { source: '/probe/b' });
    await two.pipeline.run(60);
    expect(two.cloud.actions).toEqual([`reboot ${INSTANCE_ID}`]);
  });

  it('when many of its host fail at once: then it is the host', async () => {
    const { pipeline, cloud, services, fails, instance } = await world({
      instanceRecovery: { protect: 'all', confirmSeconds: 5, maxPerHost: 2 },
    });
    cloud.servers = [1, 2, 3].map((number) => aServer({ id: uuid(3, number), name: `web-${number}` }));
    for (const number of [1, 2, 3]) fails(GONE, { instanceId: uuid(3, number) });
    await pipeline.run(60);
    expect(cloud.actions).toEqual([]);
    for (const number of [1, 2, 3]) expect(holdsIn(await instance(uuid(3, number)))).toEqual(['host-storm']);
    expect(services.lines.map(({ fields }) => fields)).toContainEqual(
      expect.objectContaining({ fact: 'instance-storm' }),
    );
  });

  it('one after the other as well: tickets count within the window', async () => {
    const { pipeline, cloud, services, fails, instance } = await world({
      instanceRecovery: { protect: 'all', confirmSeconds: 0, maxPerHost: 2 },
    });
    for (const number of [1, 2, 3]) {
      fails(GONE, { instanceId: uuid(3, number) });
      await pipeline.run(60);
      services.clock.nowMs += seconds(10);
    }
    expect(cloud.actions).toEqual([`reboot ${uuid(3, 1)}`, `reboot ${uuid(3, 2)}`]);
    expect(holdsIn(await instance(uuid(3, 3)))).toEqual(['host-storm']);
  });
});

describe('a failure of its host is never masked', () => {
  const segment = { ...RECOVERS, graceSeconds: 60 };

  it('nothing is asked while the host is suspected, and it goes on when that was nothing', async () => {
    const { pipeline, cloud, fails, instance } = await world(segment);
    pipeline.report();
    await pipeline.run(10);
    fails();
    await pipeline.run(20);
    expect(holdsIn(await instance())).toEqual(['host-incident']);
    expect(cloud.actions).toEqual([]);
    pipeline.report({ type: 'host.up' });
    await pipeline.run(60);
    expect(cloud.actions).toEqual([`reboot ${INSTANCE_ID}`]);
  });

  it('it ends when the incident of the host takes it over, and the host is evacuated', async () => {
    const { pipeline, cloud, fails, entries } = await world(segment);
    pipeline.report();
    await pipeline.run(10);
    fails();
    cloud.changeService(aService().id, { state: 'down' });
    await pipeline.run();
    expect(await entries()).toMatchObject([{ outcome: 'taken-over' }]);
    expect(cloud.count(`reboot ${INSTANCE_ID}`)).toBe(0);
    expect(cloud.count(`evacuate ${INSTANCE_ID}`)).toBe(1);
    expect(cloud.doubles).toEqual([]);
  });

  it('one that Nova had stopped for its death is started after the evacuation, not left stopped', async () => {
    const { pipeline, cloud, fails, entries } = await world(segment);
    pipeline.report();
    await pipeline.run(10);
    cloud.change(INSTANCE_ID, { vmState: 'stopped', powerState: 4 });
    cloud.note(INSTANCE_ID, 'stop', null);
    fails();
    cloud.changeService(aService().id, { state: 'down' });
    await pipeline.run();
    expect(cloud.actions.filter((action) => action.includes(INSTANCE_ID))).toEqual([
      `evacuate ${INSTANCE_ID}`,
      `reboot ${INSTANCE_ID}`,
    ]);
    expect(await entries()).toMatchObject([{ outcome: 'restarted' }]);
  });

  it('a host that is reported between the look and the intent keeps the request from leaving', async () => {
    const { pipeline, cloud, services, fails, instance } = await world(segment);
    const { transact } = services.state;
    services.state.transact = async (writes) => {
      if (JSON.stringify(writes).includes('instance-request-intended')) {
        services.state.transact = transact;
        const other = new Pipeline(services);
        other.report();
        await other.run(1);
        expect((await loadHost(services.state, HOST_KEY))?.value.incident?.status).toBe('suspected');
      }
      return transact(writes);
    };
    fails();
    await pipeline.run(20);
    expect(cloud.actions).toEqual([]);
    expect(holdsIn(await instance())).toEqual(['host-incident']);
  });
});

describe('whatever fails on the way', () => {
  const FAULTS = ['fails', 'fails-afterwards', 'conflicts'] as const;
  it.each([...FAULTS.flatMap((fault) => Array.from({ length: 8 }, (_, call) => [fault, call] as const))])(
    'a write that %s, number %i: it is restarted once all the same',
    async (fault, call) => {
      const { pipeline, cloud, services, fails, entries } = await world();
      services.state.faults.plan(fault, call);
      fails();
      await pipeline.run();
      expect(cloud.actions).toEqual([`reboot ${INSTANCE_ID}`]);
      expect(await entries()).toMatchObject([{ outcome: 'restarted' }]);
    },
  );

  it.each(['fails', 'fails-afterwards'] as const)('a message that %s to leave', async (fault) => {
    for (let call = 0; call < 4; call += 1) {
      const { pipeline, cloud, services, fails, entries } = await world();
      services.outbox.faults.plan(fault, call);
      fails();
      await pipeline.run();
      expect(cloud.actions).toEqual([`reboot ${INSTANCE_ID}`]);
      expect(await entries()).toMatchObject([{ outcome: 'restarted' }]);
    }
  });
});
