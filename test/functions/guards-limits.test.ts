import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { confirmHostDown } from '#functions/confirm-host-down.ts';
import { receiveHostEvent } from '#functions/receive-host-event.ts';
import type { Policy } from '#shared/domain/policy.ts';
import { loadGuards } from '#shared/state/guards.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { readAudit } from '#shared/state/read-audit.ts';
import { anEvent, aPolicy, aService, seconds } from '#test/support/builders.ts';
import { aRecord, type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { closedGatesOf, incidentOf, keyOf, nameOf } from '#test/support/held.ts';
import { Pipeline } from '#test/support/pipeline.ts';

const HOSTS = 40;

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

describe('a storm', () => {
  it('holds all of its hosts, is written down once, and lets go who is left once it was quiet for long enough', async () => {
    const storm = { maxHosts: 3, maxPercent: 100, coolDownSeconds: 600 };
    const services = cloudOf(aPolicy({}, { graceSeconds: 0, storm }));
    const pipeline = new Pipeline(services);
    await pipeline.start();
    dies(services, 1, 2, 3, 4);
    for (const number of [1, 2, 3, 4]) pipeline.report({ data: { host: nameOf(number) } });
    await pipeline.run(120);
    for (const number of [1, 2, 3, 4]) expect(await closedGatesOf(services, number)).toContain('segment-storm');
    const { segment } = await loadGuards(services.state, 'az1');
    expect(segment.version).toBe(1);

    for (const number of [2, 3, 4]) pipeline.report({ type: 'host.up', data: { host: nameOf(number) } });
    await pipeline.run(470);
    expect(await closedGatesOf(services, 1)).toEqual(['segment-cool-down']);
    await pipeline.run(60);
    expect((await loadHost(services.state, keyOf(1)))?.value.lastIncident?.outcome).toBe('recovered');
    services.state.close();
  });
});
