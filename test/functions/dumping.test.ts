import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { receiveHostEvent } from '#functions/receive-host-event.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { readAudit } from '#shared/state/read-audit.ts';
import { anEvent, aPolicy, HOST_KEY, seconds } from '#test/support/builders.ts';
import { aRecord, type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { Pipeline } from '#test/support/pipeline.ts';

const policy = aPolicy({}, { graceSeconds: 30, dump: { waitSeconds: 120 } });
let services: FakeServices;
let pipeline: Pipeline;

beforeEach(async () => {
  services = fakeServices(policy);
  pipeline = new Pipeline(services);
  await pipeline.start();
});
afterEach(() => services.state.close());

const hostNow = async () => (await loadHost(services.state, HOST_KEY))?.value;
const powerOffs = () => services.cloud.count('power-off');
const factsOf = async (type: string) => {
  const { streams } = await readAudit(services.state, policy.cloud);
  return [...streams.values()].flatMap(({ records }) => records).filter(({ fact }) => fact.type === type);
};

/** A packet every ten seconds, for so long. */
async function dump(forSeconds: number): Promise<void> {
  for (let after = 0; after < forSeconds; after += 10) {
    const event = anEvent({ type: 'host.dumping', source: '/kdump', atMs: services.clock.now() });
    expect(await receiveHostEvent.handle(services, [aRecord(event, { sentAtMs: services.clock.now() })])).toEqual([]);
    const endMs = services.clock.now() + seconds(10);
    await pipeline.run(10);
    services.clock.nowMs = Math.max(services.clock.nowMs, endMs);
  }
}

describe('a host that is said to write a kernel dump', () => {
  it('is powered off once that has ended', async () => {
    pipeline.report();
    await dump(60);
    expect(powerOffs()).toBe(0);
    expect((await hostNow())?.incident).toMatchObject({ status: 'held', failedGates: [{ gate: 'kernel-dump' }] });
    await pipeline.run(60);
    expect(powerOffs()).toBe(1);
    await pipeline.run();
    expect(await hostNow()).toMatchObject({ lastIncident: { outcome: 'recovered' } });
  });

  it('is waited for no longer than the policy says, however long it goes on', async () => {
    pipeline.report();
    await dump(110);
    expect(powerOffs()).toBe(0);
    await dump(30);
    expect(powerOffs()).toBe(1);
  });

  it('is not taken for dead, nor for alive', async () => {
    await dump(20);
    expect(await hostNow()).toMatchObject({ incident: null, claims: {} });
    expect(await factsOf('recorded')).toMatchObject([{ fact: { about: 'a kernel dump' } }, {}]);
    pipeline.report();
    await dump(20);
    expect((await hostNow())?.claims).not.toHaveProperty('/kdump');
    expect((await hostNow())?.incident?.status).toBe('suspected');
  });

  it('is written down every few seconds, whatever a flood says', async () => {
    pipeline.report();
    await pipeline.run(1);
    const atMs = services.clock.now();
    for (let count = 0; count < 50; count += 1) {
      const event = anEvent({ type: 'host.dumping', source: '/kdump', atMs });
      await receiveHostEvent.handle(services, [aRecord(event, { sentAtMs: atMs + 100 * count })]);
    }
    expect(await factsOf('dump-seen')).toHaveLength(1);
  });

  it('is not waited for with a policy that does not want it, nor by a word that is too old', async () => {
    pipeline.report();
    await pipeline.run(1);
    const old = anEvent({ type: 'host.dumping', source: '/kdump', atMs: services.clock.now() - seconds(1000) });
    await receiveHostEvent.handle(services, [aRecord(old, { sentAtMs: services.clock.now() })]);
    expect((await hostNow())?.incident?.dumping).toBeUndefined();
    services.state.close();
    services = fakeServices(aPolicy({}, { graceSeconds: 30, dump: { waitSeconds: 0 } }));
    pipeline = new Pipeline(services);
    await pipeline.start();
    pipeline.report();
    await dump(40);
    expect(powerOffs()).toBe(1);
  });
});
