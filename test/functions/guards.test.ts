import { describe, expect, it } from 'vitest';
import { sweep } from '#functions/sweep.ts';
import type { Policy } from '#shared/domain/policy.ts';
import { loadBeat } from '#shared/state/beat.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { readAudit } from '#shared/state/read-audit.ts';
import { aPolicy, NOW_MS, seconds } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { closedGatesOf, incidentOf, keyOf, nameOf } from '#test/support/held.ts';
import { Pipeline } from '#test/support/pipeline.ts';

describe('a held host', () => {
  const policy = aPolicy({}, { graceSeconds: 0 });
  async function reported(of: Policy = policy): Promise<{ services: FakeServices; pipeline: Pipeline }> {
    const services = fakeServices(of);
    const pipeline = new Pipeline(services);
    await pipeline.start();
    pipeline.report();
    return { services, pipeline };
  }

  it.each<[what: string, gate: string, close: (of: FakeServices) => void, open: (of: FakeServices) => void]>([
    [
      'a service that an evacuation needs is silent',
      'dependencies',
      ({ cloud }) => cloud.silent.add('placement'),
      ({ cloud }) => cloud.silent.clear(),
    ],
    [
      'the devices of others are silent',
      'observer',
      ({ cloud }) => [2, 3, 4, 5, 6].forEach((number) => void cloud.deaf.add(nameOf(number))),
      ({ cloud }) => cloud.deaf.clear(),
    ],
  ])('while %s says so, and goes on by itself', async (_, gate, close, open) => {
    const { services, pipeline } = await reported();
    close(services);
    await pipeline.run(120);
    expect(await closedGatesOf(services, 1)).toEqual([gate]);
    expect(services.cloud.actions).toEqual([]);
    open(services);
    await pipeline.run();
    expect((await loadHost(services.state, keyOf(1)))?.value.lastIncident?.outcome).toBe('recovered');
    services.state.close();
  });

  it('shows the numbers of the last look, and makes one record of them', async () => {
    const { services, pipeline } = await reported();
    services.cloud.silent.add('nova');
    await pipeline.run(60);
    services.cloud.silent.add('conductor');
    await pipeline.run(60);
    const incident = await incidentOf(services, 1);
    expect(incident?.status === 'held' && incident.failedGates[0]?.because).toMatch(
      /nova \(asked\), conductor \(asked\)/,
    );
    const { streams } = await readAudit(services.state, policy.cloud);
    const facts = [...streams.values()].flatMap(({ records }) => records.map(({ fact }) => fact.type));
    expect(facts.filter((type) => type === 'held')).toHaveLength(1);
    services.state.close();
  });

  it('is not asked to be tried out while another gate is closed', async () => {
    const { services, pipeline } = await reported();
    services.cloud.services = services.cloud.services.map((each) => ({ ...each, state: 'up' }));
    let asked = 0;
    services.cloud.compute.health = async () => {
      asked += 1;
      return [];
    };
    await pipeline.run(120);
    expect(await closedGatesOf(services, 1)).toEqual(['nova-sees-it-down']);
    expect(asked).toBe(0);
    services.state.close();
  });
});

describe('after a start', () => {
  const settling = { pauseSeconds: 120, maxGapSeconds: 300 };
  const policy = aPolicy({ settling }, { graceSeconds: 0 });

  it('nobody is fenced for a while, and then by itself', async () => {
    const services = fakeServices(policy);
    const pipeline = new Pipeline(services);
    await pipeline.start();
    await sweep(services);
    pipeline.report();
    await pipeline.run(119);
    expect(await closedGatesOf(services, 1)).toEqual(['settling']);
    expect(services.cloud.actions).toEqual([]);
    await pipeline.run();
    expect((await loadHost(services.state, keyOf(1)))?.value.lastIncident?.outcome).toBe('recovered');
    services.state.close();
  });

  it('the same after a long pause, also for a host that was confirmed before it', async () => {
    const services = fakeServices(policy);
    const pipeline = new Pipeline(services);
    await pipeline.start();
    await sweep(services);
    await pipeline.run(180);
    services.cloud.during = () => {
      throw new Error('killed');
    };
    pipeline.report();
    await pipeline.run(1).catch(() => {});
    services.cloud.during = () => {};
    expect((await incidentOf(services, 1))?.status).toBe('fencing');
    services.clock.nowMs += seconds(301);
    pipeline.report();
    await pipeline.run(60);
    expect(await closedGatesOf(services, 1)).toEqual(['settling']);
    expect(services.cloud.actions).toEqual([]);
    await pipeline.run();
    expect((await loadHost(services.state, keyOf(1)))?.value.lastIncident?.outcome).toBe('recovered');
    services.state.close();
  });

  it('the beat is given by one of two sweeps, and both go on', async () => {
    const services = fakeServices(policy);
    await Promise.all([sweep(services), sweep(services)]);
    expect((await loadBeat(services.state))?.value).toEqual({ runningSinceMs: NOW_MS, lastMs: NOW_MS });
    services.state.close();
  });
});
