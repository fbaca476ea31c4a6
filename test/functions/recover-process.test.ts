/** Processes that stop on a host that lives: scheduling is switched off and on again, the edge is asked, hosts are not masked. */
import { describe, expect, it } from 'vitest';
import { loadHost } from '#shared/state/hosts.ts';
import { listProcessIncidents, loadProcesses, openProcesses } from '#shared/state/processes.ts';
import {
  aPolicy,
  aService,
  HOST_KEY,
  SERVICE_ID,
  type SegmentInput,
  seconds,
  servicesOf,
} from '#test/support/builders.ts';
import { fakeServices } from '#test/support/fakes.ts';
import { aProcessEvent } from '#test/support/instances.ts';
import { aCommand } from '#test/support/operator.ts';
import { Pipeline } from '#test/support/pipeline.ts';

const RECOVERS: Partial<SegmentInput> = { processRecovery: {} };
const REASON = 'salvor: process libvirtd down';

async function world(segment: Partial<SegmentInput> = RECOVERS) {
  const services = fakeServices(aPolicy({}, { graceSeconds: 60, ...segment }));
  services.cloud.services = [aService(), ...servicesOf(5).slice(1)];
  const pipeline = new Pipeline(services);
  await pipeline.start();
  const now = () => services.clock.now();
  return {
    services,
    cloud: services.cloud,
    pipeline,
    says: (says: 'down' | 'up', process: string) => pipeline.hear(aProcessEvent(says, process, { atMs: now() })),
    service: () => services.cloud.services.find(({ id }) => id === SERVICE_ID),
    state: async () => (await loadProcesses(services.state, HOST_KEY)).value,
    entries: () => Array.fromAsync(listProcessIncidents(services.state)),
    incidentOfHost: async () => (await loadHost(services.state, HOST_KEY))?.value.incident,
  };
}

describe('a process that has stopped', () => {
  it('switches the scheduling of its host off, and on again once it has run for a while', async () => {
    const { pipeline, cloud, says, service, state, entries, services } = await world();
    says('down', 'libvirtd');
    await pipeline.run(30);
    expect(service()).toMatchObject({ status: 'disabled', disabledReason: REASON });
    expect((await state()).incident).toMatchObject({ status: 'disabled' });
    await pipeline.run(600);
    expect(cloud.actions).toEqual(['disable']);

    says('up', 'libvirtd');
    await pipeline.run(60);
    expect(cloud.actions).toEqual(['disable']);
    await pipeline.run(300);
    expect(cloud.actions).toEqual(['disable', 'enable']);
    expect(service()).toMatchObject({ status: 'enabled', disabledReason: null });
    expect(await entries()).toMatchObject([{ host: 'compute-1', outcome: 'recovered' }]);
    expect(await openProcesses(services.state)).toEqual([]);
    expect(pipeline.deadLetters).toEqual([]);
  });

  it('is only recorded where the policy does not recover processes, or not this one', async () => {
    for (const [segment, process] of [
      [{}, 'libvirtd'],
      [RECOVERS, 'ceilometer-agent-compute'],
    ] as const) {
      const { pipeline, cloud, says, state } = await world(segment);
      says('down', process);
      await pipeline.run(60);
      expect(cloud.actions).toEqual([]);
      expect((await state()).audit.seq).toBe(0);
    }
  });

  it('nova-compute shows by itself that it is back', async () => {
    const { pipeline, cloud, says, services } = await world();
    says('down', 'nova-compute');
    await pipeline.run(30);
    expect(cloud.actions).toEqual(['disable']);
    const heardAgain = () => cloud.changeService(SERVICE_ID, { lastReportAtMs: services.clock.now() + seconds(60) });
    heardAgain();
    await pipeline.run(300);
    // Once may be anybody's change of the service.
    expect(cloud.actions).toEqual(['disable']);
    heardAgain();
    await pipeline.run(60);
    expect(cloud.actions).toEqual(['disable', 'enable']);
  });

  it('stays disabled while one of two is down, and when one stops again meanwhile', async () => {
    const { pipeline, cloud, says } = await world();
    says('down', 'libvirtd');
    says('down', 'neutron-openvswitch-agent');
    await pipeline.run(30);
    says('up', 'libvirtd');
    await pipeline.run(300);
    expect(cloud.actions).toEqual(['disable']);
    says('up', 'neutron-openvswitch-agent');
    await pipeline.run(60);
    says('down', 'libvirtd');
    await pipeline.run(300);
    expect(cloud.actions).toEqual(['disable']);
    says('up', 'libvirtd');
    await pipeline.run(400);
    expect(cloud.actions).toEqual(['disable', 'enable']);
  });

  it('is for a person to enable by hand where the policy says so', async () => {
    const { pipeline, cloud, says, entries } = await world({ processRecovery: { enable: 'by-hand' } });
    says('down', 'libvirtd');
    await pipeline.run(30);
    says('up', 'libvirtd');
    await pipeline.run(600);
    expect(cloud.actions).toEqual(['disable']);
    expect(await entries()).toMatchObject([{ outcome: 'recovered', because: expect.stringContaining('enable it') }]);
  });
});

describe('what somebody else has in hand is left', () => {
  it('maintenance', async () => {
    const { pipeline, cloud, says, state } = await world({ processRecovery: { restart: ['*'], worker: 'edge-1' } });
    cloud.changeService(SERVICE_ID, { status: 'disabled', disabledReason: 'new disks' });
    says('down', 'libvirtd');
    await pipeline.run(60);
    expect(cloud.actions).toEqual([]);
    expect(cloud.restarts).toEqual([]);
    expect((await state()).incident).toMatchObject({ heldBy: expect.stringContaining('maintenance') });
  });

  it.each([
    ['that a person has enabled', { status: 'enabled', disabledReason: null }, /enabled it/],
    ['that is disabled for another reason', { status: 'disabled', disabledReason: 'new disks' }, /another reason/],
  ] as const)('a host %s, however often it is reported', async (_, over, because) => {
    const { pipeline, cloud, says, entries } = await world();
    says('down', 'libvirtd');
    await pipeline.run(30);
    cloud.changeService(SERVICE_ID, over);
    await pipeline.run(30);
    says('down', 'libvirtd');
    await pipeline.run(60);
    expect(cloud.actions).toEqual(['disable']);
    expect(await entries()).toMatchObject([{ outcome: 'left', because: expect.stringMatching(because) }]);
  });

  it('a host that nova-compute has disabled by itself is not disabled once more', async () => {
    const { pipeline, cloud, says } = await world();
    cloud.changeService(SERVICE_ID, { status: 'disabled', disabledReason: 'AUTO: Connection to libvirt lost: 1' });
    says('down', 'libvirtd');
    await pipeline.run(60);
    expect(cloud.actions).toEqual([]);
  });

  it('nothing while salvor is switched off, nor in a shadow segment', async () => {
    const off = await world();
    off.pipeline.command(aCommand('disarm'));
    off.says('down', 'libvirtd');
    await off.pipeline.run(60);
    expect(off.cloud.actions).toEqual([]);
    expect((await off.state()).incident).toMatchObject({ heldBy: expect.stringContaining('disarmed') });

    const shadow = await world({ ...RECOVERS, mode: 'shadow' });
    shadow.says('down', 'libvirtd');
    await shadow.pipeline.run(60);
    expect(shadow.cloud.actions).toEqual([]);
    expect(await shadow.entries()).toMatchObject([{ outcome: 'shadow' }]);
  });
});

describe('the edge', () => {
  const segment: Partial<SegmentInput> = {
    processRecovery: { restart: ['libvirtd', 'ceilometer-*'], worker: 'edge-1', restartAttempts: 2 },
  };

  it('is asked to start it again, so many times', async () => {
    const { pipeline, cloud, says, state } = await world(segment);
    says('down', 'libvirtd');
    await pipeline.run(600);
    expect(cloud.actions).toEqual(['disable']);
    const asked = { worker: 'edge-1', host: 'compute-1', service: 'libvirtd' };
    expect(cloud.restarts).toEqual([asked, asked]);
    expect((await state()).incident).toMatchObject({ status: 'disabled' });
  });

  it('says that it runs again, and is believed until its monitor says otherwise', async () => {
    const { pipeline, cloud, says, state, entries } = await world(segment);
    cloud.restartsAs = 'restarted';
    says('down', 'libvirtd');
    await pipeline.run(100);
    expect(cloud.restarts).toHaveLength(1);
    expect((await state()).incident).toMatchObject({ down: {}, wellSinceMs: expect.any(Number) });
    says('down', 'libvirtd');
    await pipeline.run(100);
    expect(cloud.restarts).toHaveLength(2);
    says('down', 'libvirtd');
    await pipeline.run(600);
    // Restarts are used up.
    expect(cloud.restarts).toHaveLength(2);
    expect((await state()).incident).toMatchObject({ down: { libvirtd: { restarts: 2 } }, wellSinceMs: null });
    says('up', 'libvirtd');
    await pipeline.run(200);
    expect(cloud.actions).toEqual(['disable', 'enable']);
    expect(await entries()).toMatchObject([{ outcome: 'recovered' }]);
  });

  it('is asked without disabling anything for what has no part in the scheduling', async () => {
    const { pipeline, cloud, says, entries } = await world(segment);
    says('down', 'ceilometer-agent-compute');
    await pipeline.run(30);
    expect(cloud.actions).toEqual([]);
    expect(cloud.restarts).toHaveLength(1);
    says('up', 'ceilometer-agent-compute');
    await pipeline.run(400);
    expect(await entries()).toMatchObject([{ outcome: 'recovered' }]);
  });
});

describe('the host itself', () => {
  it('fails later, and is recovered although salvor had disabled it', async () => {
    const { pipeline, cloud, says, service, incidentOfHost } = await world();
    says('down', 'libvirtd');
    await pipeline.run(60);
    expect(service()?.disabledReason).toBe(REASON);
    pipeline.report();
    cloud.changeService(SERVICE_ID, { state: 'down' });
    await pipeline.run(70);
    expect((await incidentOfHost())?.status).not.toBe('held');
    await pipeline.run();
    expect(cloud.count('power-off')).toBe(1);
    expect(cloud.actions.filter((action) => action.startsWith('evacuate'))).toHaveLength(3);
    // Not given back: it is forced down, and everything waits for that.
    expect(cloud.count('enable')).toBe(0);
  });

  it('is not enabled while it has an incident', async () => {
    const { pipeline, cloud, says, state } = await world();
    says('down', 'libvirtd');
    await pipeline.run(30);
    says('up', 'libvirtd');
    await pipeline.run(20);
    pipeline.report();
    await pipeline.run(59);
    pipeline.report({ source: '/monitor/b' });
    await pipeline.run(70);
    expect((await state()).incident?.heldBy).toContain('incident');
    expect(cloud.count('enable')).toBe(0);
  });

  it('is never said to be down for it, unless the policy escalates', async () => {
    const { pipeline, says, incidentOfHost } = await world();
    says('down', 'nova-compute');
    await pipeline.run(3600);
    expect(await incidentOfHost()).toBeNull();
  });

  it('is said to be down by one more reporter when it does, subject to every gate', async () => {
    const segment = { processRecovery: { escalateAfterSeconds: 120 }, reporters: { required: 2 } };
    const { pipeline, cloud, services, says, incidentOfHost } = await world(segment);
    says('down', 'nova-compute');
    await pipeline.run(100);
    expect(await incidentOfHost()).toBeNull();
    await pipeline.run(140);
    expect(await incidentOfHost()).toMatchObject({ status: 'held' });
    const host = (await loadHost(services.state, HOST_KEY))?.value;
    expect(Object.keys(host?.claims ?? {})).toEqual(['process-monitor']);
    expect(cloud.count('power-off')).toBe(0);

    cloud.changeService(SERVICE_ID, { lastReportAtMs: services.clock.now() + seconds(3600) });
    await pipeline.run(400);
    expect(await incidentOfHost()).toBeNull();
    expect(cloud.count('power-off')).toBe(0);
  });
});

describe('whatever fails on the way', () => {
  it.each(['fails', 'fails-afterwards', 'conflicts'] as const)('a write that %s', async (fault) => {
    for (let call = 0; call < 10; call += 1) {
      const { pipeline, cloud, services, says, entries } = await world();
      services.state.faults.plan(fault, call);
      says('down', 'libvirtd');
      await pipeline.run(200);
      says('up', 'libvirtd');
      await pipeline.run(600);
      expect(cloud.actions.filter((action, index) => action !== cloud.actions[index - 1])).toEqual([
        'disable',
        'enable',
      ]);
      expect(await entries()).toMatchObject([{ outcome: 'recovered' }]);
    }
  });

  it('Nova refuses, or does not answer: it is asked again with growing pauses', async () => {
    const { pipeline, cloud, says, state, service } = await world();
    cloud.during = (action) => {
      if (action === 'disable') cloud.novaIsAway = true;
    };
    says('down', 'libvirtd');
    await pipeline.run(60);
    cloud.during = () => {};
    expect((await state()).incident).toMatchObject({ status: 'disabling' });
    cloud.novaIsAway = false;
    await pipeline.run(300);
    expect(service()?.status).toBe('disabled');
  });
});
