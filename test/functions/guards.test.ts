import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { confirmHostDown } from '#functions/confirm-host-down.ts';
import { receiveHostEvent } from '#functions/receive-host-event.ts';
import { sweep } from '#functions/sweep.ts';
import { hostKeyOf, type Incident } from '#shared/domain/host.ts';
import type { Policy } from '#shared/domain/policy.ts';
import { loadBeat } from '#shared/state/beat.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { readAudit } from '#shared/state/read-audit.ts';
import { anEvent, aPolicy, aService, NOW_MS, seconds, uuid } from '#test/support/builders.ts';
import { aRecord, type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { Pipeline } from '#test/support/pipeline.ts';

const HOSTS = 40;
const nameOf = (number: number): string => `compute-${number}`;
const keyOf = (number: number): string => hostKeyOf('default', 'RegionOne', uuid(2, number));

/** A cloud of forty hosts, all up, and no instances. */
function cloudOf(policy: Policy): FakeServices {
  const services = fakeServices(policy);
  services.cloud.servers = [];
  services.cloud.services = Array.from({ length: HOSTS }, (_, index) => aService({ host: nameOf(index + 1) }));
  return services;
}

function dies({ cloud }: FakeServices, ...numbers: readonly number[]): void {
  const dead = new Set(numbers.map(nameOf));
  cloud.services = cloud.services.map((each) => (dead.has(each.host) ? { ...each, state: 'down' } : each));
}

const incidentOf = async ({ state }: FakeServices, number: number): Promise<Incident | null> =>
  (await loadHost(state, keyOf(number)))?.value.incident ?? null;

async function closedGatesOf(services: FakeServices, number: number): Promise<readonly string[]> {
  const incident = await incidentOf(services, number);
  return incident?.status === 'held' ? incident.failedGates.map(({ gate }) => gate) : [];
}

/** When which host was confirmed down, in order. */
async function confirmations({ state, policy }: FakeServices): Promise<readonly number[]> {
  const { streams } = await readAudit(state, policy.cloud);
  return [...streams.values()]
    .flatMap(({ records }) => records)
    .flatMap(({ fact, atMs }) => (fact.type === 'confirmed' ? [atMs] : []))
    .sort((a, b) => a - b);
}

describe('many confirmations at once (S5)', () => {
  it(
    'never exceed a limit, whoever is first, though the index of open incidents lags behind',
    { timeout: 60_000 },
    () =>
      fc.assert(
        fc.asyncProperty(
          fc.record({
            suspects: fc.integer({ min: 2, max: 12 }),
            maxHosts: fc.integer({ min: 1, max: 5 }),
            perDay: fc.integer({ min: 1, max: 6 }),
            perMinute: fc.integer({ min: 1, max: 6 }),
            perDomain: fc.integer({ min: 1, max: 6 }),
            maxDomains: fc.integer({ min: 1, max: 4 }),
            inGlobal: fc.boolean(),
          }),
          async ({ suspects, maxHosts, perDay, perMinute, perDomain, maxDomains, inGlobal }) => {
            const storm = { maxHosts, maxHostsPerDay: perDay, maxHostsPerMinute: perMinute, maxPercent: 100 };
            const wide = { maxHosts: 99, maxPercent: 100 };
            const racks = Array.from({ length: 4 }, (_, rack) => [
              `rack-${rack}`,
              Array.from({ length: HOSTS }, (__, index) => index + 1)
                .filter((number) => number % 4 === rack)
                .map(nameOf),
            ]);
            const policy = aPolicy(
              {
                global: { storm: inGlobal ? storm : wide },
                failureDomains: { hosts: Object.fromEntries(racks), maxHostsPerDomain: perDomain, maxDomains },
              },
              { graceSeconds: 0, storm: inGlobal ? wide : storm, reporters: { maxAccusedPercent: 100 } },
            );
            const services = cloudOf(policy);
            const numbers = Array.from({ length: suspects }, (_, index) => index + 1);
            dies(services, ...numbers);
            await new Pipeline(services).start();
            const records = numbers.map((number) => aRecord(anEvent({ data: { host: nameOf(number) } })));
            await receiveHostEvent.handle(services, records);
            const commands = services.outbox.take().map(({ message }) => aRecord(message));
            services.state.due = async () => [];
            await Promise.all(commands.map((record) => confirmHostDown.handle(services, [record])));

            const incidents = await Promise.all(numbers.map((number) => incidentOf(services, number)));
            const fenced = numbers.filter((_, index) => incidents[index]?.status === 'fencing');
            const perRack = [0, 1, 2, 3].map((rack) => fenced.filter((number) => number % 4 === rack).length);
            const touched = perRack.filter((count) => count > 0).length;
            const limit = Math.min(maxHosts, perDay, perMinute);
            services.state.close();
            expect(fenced.length).toBeGreaterThan(0);
            expect(fenced.length).toBeLessThanOrEqual(limit);
            expect(Math.max(...perRack)).toBeLessThanOrEqual(perDomain);
            expect(touched).toBeLessThanOrEqual(maxDomains);
            // Exact on both sides: nobody is held who need not be.
            if (fenced.length < Math.min(limit, suspects))
              expect(perRack.some((n) => n === perDomain) || touched === maxDomains).toBe(true);
          },
        ),
        { numRuns: 60 },
      ),
  );
});

describe('a slow cascade', () => {
  /** One host after the other dies, 36 of 40; each is recovered if it may be, and none comes back. */
  async function cascade(everyMinutes: number, storm: object): Promise<readonly number[]> {
    const policy = aPolicy({ global: { storm: { maxHosts: 99, maxPercent: 100 } } }, { graceSeconds: 30, storm });
    const services = cloudOf(policy);
    const pipeline = new Pipeline(services);
    pipeline.sweeps = false;
    await pipeline.start();
    for (let number = 1; number <= 36; number += 1) {
      dies(services, number);
      services.cloud.power = 'on';
      pipeline.report({ data: { host: nameOf(number) } });
      const nextMs = services.clock.now() + seconds(everyMinutes * 60);
      await pipeline.run(everyMinutes * 60);
      services.clock.nowMs = nextMs;
    }
    const times = await confirmations(services);
    services.state.close();
    return times;
  }
  const mostWithin = (times: readonly number[], windowMs: number): number =>
    Math.max(...times.map((from) => times.filter((each) => each >= from && each < from + windowMs).length));

  it.each([
    [10, 3],
    [21, 3],
    [45, 3],
  ])(
    'of one host each %d minutes is never more than the limit, in an hour and in a day',
    { timeout: 60_000 },
    async (everyMinutes, maxHosts) => {
      const times = await cascade(everyMinutes, { maxHosts, maxPercent: 100, maxHostsPerDay: 5 });
      expect(mostWithin(times, seconds(3600))).toBeLessThanOrEqual(maxHosts);
      expect(mostWithin(times, seconds(86_400))).toBeLessThanOrEqual(5);
      expect(times.length).toBeGreaterThanOrEqual(maxHosts);
    },
  );

  it('would go on at the pace of the window without the limit of a day, down to the last healthy half', {
    timeout: 60_000,
  }, async () => {
    const times = await cascade(21, { maxHosts: 3, maxPercent: 100, maxHostsPerDay: 99 });
    expect(times.length).toBeGreaterThanOrEqual(20);
  });
});

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
