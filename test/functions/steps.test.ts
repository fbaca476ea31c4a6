import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditRecord } from '#shared/domain/audit.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { readAudit } from '#shared/state/read-audit.ts';
import { aPolicy, HOST_KEY } from '#test/support/builders.ts';
import { type FakeServices, type Fault, fakeServices } from '#test/support/fakes.ts';
import { Pipeline } from '#test/support/pipeline.ts';

const policy = aPolicy({}, { graceSeconds: 30 });
let services: FakeServices;
let pipeline: Pipeline;

beforeEach(async () => {
  services = fakeServices(policy);
  pipeline = new Pipeline(services);
  await pipeline.start();
});
afterEach(() => services.state.close());

/** Every record of every stream; none of them may be out of place. */
async function auditOf(of: FakeServices): Promise<readonly AuditRecord[]> {
  const { streams } = await readAudit(of.state, policy.cloud);
  for (const [stream, { fault }] of streams) expect(fault, stream).toBeUndefined();
  return [...streams.values()].flatMap(({ records }) => records);
}

async function expectRecovered(of: FakeServices, pipe: Pipeline): Promise<void> {
  expect(of.cloud.servers.map(({ host }) => host)).not.toContain('compute-1');
  expect(of.cloud.doubles).toEqual([]);
  expect(pipe.deadLetters).toEqual([]);
  const host = await loadHost(of.state, HOST_KEY);
  expect(host?.value).toMatchObject({ incident: null, lastIncident: { outcome: 'recovered' } });
  await auditOf(of);
}
/** Whether each instance was asked for just once. */
const askedOnce = ({ cloud }: FakeServices): boolean =>
  cloud.servers.every(({ id }) => cloud.count(`evacuate ${id}`) === 1);

describe('a host that dies', () => {
  it('is powered off, forced down and evacuated, each once, in this order', async () => {
    pipeline.report();
    await pipeline.run();
    const evacuations = services.cloud.servers.map(({ id }) => `evacuate ${id}`);
    expect(services.cloud.actions).toEqual(['power-off', 'force-down', ...evacuations]);
    await expectRecovered(services, pipeline);
  });

  it('needs no sweep when nothing goes wrong', async () => {
    pipeline.sweeps = false;
    pipeline.report();
    await pipeline.run();
    await expectRecovered(services, pipeline);
  });

  it('has each outside action on record, its intent and its outcome (A1)', async () => {
    pipeline.report();
    await pipeline.run();
    const types = (await auditOf(services)).map(({ fact }) => fact.type);
    const count = (type: string) => types.filter((each) => each === type).length;
    for (const [intent, outcome, times] of [
      ['power-off-intended', 'power-off-answered', 1],
      ['force-down-intended', 'force-down-answered', 1],
      ['evacuate-intended', 'evacuate-answered', 3],
    ] as const)
      expect([count(intent), count(outcome)]).toEqual([times, times]);
  });
});

/** Runs a whole recovery again and again; each time the next call of a part goes wrong, until there is none left. */
async function atEveryCall(
  part: 'state' | 'outbox',
  fault: Fault,
  check: (run: FakeServices, pipe: Pipeline) => Promise<void>,
  sweeps = true,
): Promise<number> {
  for (let call = 0; ; call += 1) {
    const run = fakeServices(policy);
    const pipe = new Pipeline(run);
    pipe.sweeps = sweeps;
    await pipe.start();
    const before = run[part].faults.calls;
    run[part].faults.plan(fault, call);
    pipe.report();
    await pipe.run();
    const calls = run[part].faults.calls - before;
    try {
      if (calls > call) await check(run, pipe);
    } catch (error) {
      throw new Error(`${part} ${fault} at call ${call}`, { cause: error });
    } finally {
      run.state.close();
    }
    if (calls <= call) return call;
  }
}

describe('a function that dies between any two calls loses nothing', () => {
  it.each<['state' | 'outbox', Fault]>([
    ['outbox', 'fails'],
    ['outbox', 'fails-afterwards'],
    ['state', 'fails'],
    ['state', 'fails-afterwards'],
    ['state', 'conflicts'],
  ])('%s %s', async (part, fault) => {
    const calls = await atEveryCall(part, fault, expectRecovered);
    expect(calls).toBeGreaterThan(5);
  });

  it('and needs no sweep for a message that was not sent: it comes again, and sends it', async () => {
    await atEveryCall('outbox', 'fails', expectRecovered, false);
  });

  it.each<['state' | 'outbox', Fault]>([
    ['outbox', 'fails'],
    ['outbox', 'fails-afterwards'],
    ['state', 'conflicts'],
  ])('and asks Nova for each instance just once: %s %s', async (part, fault) => {
    await atEveryCall(part, fault, async (run) => expect(askedOnce(run)).toBe(true));
  });
});
