/** A host without a fence device that answers, and with a watchdog: proven by time, and never while it has a lease. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AuditRecord } from '#shared/domain/audit.ts';
import { replayHost } from '#shared/domain/replay/replay.ts';
import { grantLease } from '#shared/shell/grant-lease.ts';
import { findHost } from '#shared/shell/known-hosts.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { readHostLog } from '#shared/state/read-log.ts';
import { verifyAudit } from '#shared/state/verify-audit.ts';
import { aPolicy, HOST_KEY, uuid } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { Pipeline } from '#test/support/pipeline.ts';

let services: FakeServices;
let pipeline: Pipeline;

beforeEach(async () => {
  services = fakeServices(
    aPolicy({ fenceDevices: {}, observer: { devices: 0 } }, { graceSeconds: 30, fencing: { watchdog: {} } }),
  );
  pipeline = new Pipeline(services);
  await pipeline.start();
});
afterEach(async () => {
  expect((await verifyAudit(services.state, services.clock)).findings).toEqual([]);
  const { decisions } = replayHost(await readHostLog(services.state, HOST_KEY));
  expect(decisions.filter(({ difference, cannot }) => difference !== null || cannot !== null)).toEqual([]);
  services.state.close();
});

async function lease(armed = true) {
  const found = await findHost(services, { host: 'compute-1' });
  if ('unknown' in found) throw new Error('the host is known');
  const call = { boot: uuid(8, 1), uptimeMs: services.clock.now() };
  return grantLease(services, found.known, { armed, timeoutSeconds: 60, identity: 'iTCO_wdt', ...call });
}
const hostNow = async () => (await loadHost(services.state, HOST_KEY))?.value;
const evacuations = () => services.cloud.actions.filter((action) => action.startsWith('evacuate')).length;

async function proofs(): Promise<readonly AuditRecord[]> {
  const host = await hostNow();
  const { items } = await services.state.queryAudit(`incident#${host?.incident?.id ?? host?.lastIncident?.id ?? ''}`);
  return items.map((item) => item.body as unknown as AuditRecord).filter(({ fact }) => fact.type === 'proof-made');
}

it('is evacuated once its watchdog must have reset it, and no sooner', async () => {
  expect(await lease()).toEqual({ granted: true });
  const grantedAtMs = services.clock.now();
  pipeline.report();
  await pipeline.run();
  expect(evacuations()).toBe(3);
  const [proof] = await proofs();
  expect(proof?.fact).toMatchObject({
    proof: {
      kind: 'watchdog',
      detail: expect.stringContaining('5 s call + 2 x 60 s watchdog + 30 s reset + 4 s clocks'),
    },
  });
  expect((proof?.atMs ?? 0) - grantedAtMs).toBeGreaterThanOrEqual(159_000);
  expect(await hostNow()).toMatchObject({ incident: null, lastIncident: { outcome: 'recovered' } });
});

it('is not, as long as it gets leases', async () => {
  pipeline.report();
  for (let round = 0; round < 60; round += 1) {
    expect(await lease()).toEqual({ granted: true });
    await pipeline.run(30);
  }
  expect((await hostNow())?.incident).toMatchObject({ status: 'fencing' });
  expect(evacuations()).toBe(0);
});

it('gets no lease from its proof on, until its recovery has ended', async () => {
  await lease();
  pipeline.report();
  services.cloud.during = async (action) => {
    if (action.startsWith('evacuate')) expect(await lease()).toMatchObject({ isRevoked: true });
  };
  await pipeline.run();
  expect(evacuations()).toBe(3);
  expect(await lease()).toEqual({ granted: true });
});

it('a lease that comes between the look and the proof makes the proof void', async () => {
  await lease();
  pipeline.report();
  await pipeline.run(120);
  const { transact } = services.state;
  let raced = false;
  Object.assign(services.state, {
    transact: async (writes: Parameters<typeof transact>[0]) => {
      const proves = writes.some(
        (write) => write.kind === 'append' && JSON.stringify(write.body).includes('proof-made'),
      );
      if (proves && !raced) {
        raced = true;
        expect(await lease()).toEqual({ granted: true });
      }
      return transact(writes);
    },
  });
  await pipeline.run(60);
  expect(raced).toBe(true);
  expect(await proofs()).toEqual([]);
  expect(evacuations()).toBe(0);
});

it('whose watchdog was never armed waits for a person', async () => {
  await lease(false);
  pipeline.report();
  await pipeline.run(3600);
  expect((await hostNow())?.incident).toMatchObject({
    status: 'fencing',
    lastFailure: expect.stringContaining('its watchdog is not armed'),
  });
  expect(evacuations()).toBe(0);
});
