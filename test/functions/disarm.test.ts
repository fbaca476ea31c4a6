import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { obeyOperator } from '#functions/obey-operator.ts';
import { receiveHostEvent } from '#functions/receive-host-event.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { readAudit } from '#shared/state/read-audit.ts';
import { anEvent, aPolicy, HOST_KEY, iso } from '#test/support/builders.ts';
import { aRecord, type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { aCommand } from '#test/support/operator.ts';
import { Pipeline } from '#test/support/pipeline.ts';
import { withEachCall } from '#test/support/port-calls.ts';

const policy = aPolicy({}, { graceSeconds: 30, evacuation: { maxInFlight: 1 } });
let services: FakeServices;
let pipeline: Pipeline;

beforeEach(async () => {
  services = fakeServices(policy);
  pipeline = new Pipeline(services);
  await pipeline.start();
});
afterEach(() => services.state.close());

async function say(of: FakeServices, type: 'disarm' | 'arm', where: { readonly segment?: string } = {}): Promise<void> {
  const command = aCommand(type, { ...where, time: iso(of.clock.now()) });
  expect(await obeyOperator.handle(of, [aRecord(command)])).toEqual([]);
}

async function factsOf(of: FakeServices, type: string): Promise<number> {
  const { streams } = await readAudit(of.state, policy.cloud);
  return [...streams.values()].flatMap(({ records }) => records).filter(({ fact }) => fact.type === type).length;
}

const incidentOf = async (of: FakeServices) => (await loadHost(of.state, HOST_KEY))?.value.incident;

async function expectRecovered(of: FakeServices): Promise<void> {
  expect((await loadHost(of.state, HOST_KEY))?.value.lastIncident?.outcome).toBe('recovered');
  expect(of.cloud.servers.map(({ host }) => host)).not.toContain('compute-1');
  expect(of.cloud.doubles).toEqual([]);
}

/** A recovery during which salvor is disarmed just before one call of a port. @returns whether there was such a call. */
async function disarmedAt(atCall: number, where: { readonly segment?: string }): Promise<boolean> {
  const bare = fakeServices(policy);
  const setUp = new Pipeline(bare);
  await setUp.start();
  let asked: readonly number[] | undefined;
  const intents = () => Promise.all([factsOf(bare, 'power-off-intended'), factsOf(bare, 'force-down-intended')]);
  const run = withEachCall(bare, async (call) => {
    if (call !== atCall) return;
    await say(bare, 'disarm', where);
    asked = await intents();
  });
  const pipe = new Pipeline(run);
  pipe.report();
  await pipe.run(200);
  if (asked !== undefined) {
    expect(await intents(), `intents after a disarm at call ${atCall}`).toEqual(asked);
    await say(bare, 'arm', where);
    pipe.report();
    await pipe.run();
  }
  await expectRecovered(bare);
  bare.state.close();
  return asked !== undefined;
}

describe('a disarm at any moment', () => {
  it.each([{}, { segment: 'az1' }])(
    'is never overtaken by a power-off or a force-down: %j',
    async (where) => {
      let calls = 0;
      while (await disarmedAt(calls, where)) calls += 1;
      expect(calls).toBeGreaterThan(60);
    },
    120_000,
  );
});

describe('while evacuations are under way', () => {
  /** Only one runs at a time: two others wait when the first is asked for. */
  const atFirst = (work: () => Promise<void>): void => {
    services.cloud.during = async (action) => {
      if (!action.startsWith('evacuate')) return;
      services.cloud.during = () => {};
      await work();
    };
  };
  const evacuated = () => services.cloud.actions.filter((action) => action.startsWith('evacuate')).length;

  it('a segment that is disarmed waits for those in Nova, asks for no other, and goes on when it is armed', async () => {
    atFirst(() => say(services, 'disarm', { segment: 'az1' }));
    pipeline.report();
    await pipeline.run(1200);
    expect(evacuated()).toBe(1);
    expect(services.cloud.servers.filter(({ host }) => host === 'compute-1')).toHaveLength(2);
    const because = expect.stringMatching(/^the segment is disarmed by ann/);
    expect(await incidentOf(services)).toMatchObject({ status: 'evacuating', pausedBy: because });
    expect(await factsOf(services, 'paused')).toBe(1);
    await say(services, 'arm', { segment: 'az1' });
    await pipeline.run();
    expect(evacuated()).toBe(3);
    await expectRecovered(services);
  });

  it('a disarm of another segment changes nothing', async () => {
    const two = aPolicy(
      {
        segments: [
          { name: 'az1', hosts: { availabilityZone: 'nova' }, graceSeconds: 30, minHealthyHosts: 1 },
          { name: 'az2', hosts: { availabilityZone: 'other' } },
        ],
      },
      {},
    );
    const run = fakeServices(two);
    const pipe = new Pipeline(run);
    await pipe.start();
    await say(run, 'disarm', { segment: 'az2' });
    pipe.report();
    await pipe.run();
    await expectRecovered(run);
    run.state.close();
  });

  it('a host that is switched on by somebody is not powered off again before it is armed', async () => {
    atFirst(async () => {
      await say(services, 'disarm');
      services.cloud.power = 'on';
    });
    pipeline.report();
    await pipeline.run(300);
    // Nova's word makes the proof void: the power is read again.
    services.cloud.services = services.cloud.services.map((each) => ({ ...each, forcedDown: false }));
    await pipeline.run(600);
    expect(await incidentOf(services)).toMatchObject({
      status: 'fencing',
      pausedBy: expect.stringMatching(/^salvor is disarmed by ann/),
    });
    expect(services.cloud.count('power-off')).toBe(1);
    await say(services, 'arm');
    await pipeline.run();
    expect(services.cloud.count('power-off')).toBe(2);
    await expectRecovered(services);
  });
});

describe('a disarm for a time', () => {
  it('ends by itself, and holds until then', async () => {
    const command = aCommand('disarm', { time: iso(services.clock.now()), forSeconds: 600 });
    await obeyOperator.handle(services, [aRecord(command)]);
    pipeline.report();
    await pipeline.run(590);
    expect(await incidentOf(services)).toMatchObject({ status: 'held', failedGates: [{ gate: 'armed' }] });
    expect(services.cloud.actions).toEqual([]);
    await pipeline.run();
    await expectRecovered(services);
  });

  it('is said by each sweep, until it is over', async () => {
    const command = aCommand('disarm', { time: iso(services.clock.now()), forSeconds: 600 });
    await obeyOperator.handle(services, [aRecord(command)]);
    await pipeline.run(3600);
    const said = services.lines.filter(({ fields }) => 'fact' in fields && fields.fact === 'disarmed');
    expect(said).toHaveLength(9);
  });

  it('a force-down whose function has died is told of by what Nova says, when it waits', async () => {
    services.cloud.during = async (action) => {
      if (!action.startsWith('force-down')) return;
      services.cloud.during = () => {};
      await say(services, 'disarm');
      throw new Error('killed');
    };
    pipeline.report();
    await pipeline.run(600);
    expect(await incidentOf(services)).toMatchObject({
      status: 'forcing-down',
      pausedBy: expect.stringMatching(/^salvor is disarmed by ann.*; Nova says down, forced_down false$/),
    });
    await say(services, 'arm');
    await pipeline.run();
    await expectRecovered(services);
  });
});

describe('while the device is made ready for a power-off', () => {
  const once = (act: () => Promise<void> | void) => {
    let acted = false;
    services.cloud.during = async (action) => {
      if (action !== 'before power-off' || acted) return;
      acted = true;
      await act();
    };
  };
  const refusals = async () => {
    const { streams } = await readAudit(services.state, policy.cloud);
    return [...streams.values()]
      .flatMap(({ records }) => records)
      .flatMap(({ fact }) => (fact.type === 'power-off-answered' ? [`${fact.answer}: ${fact.detail}`] : []));
  };

  it('a disarm still holds it, and it is powered off once it is armed again', async () => {
    once(() => say(services, 'disarm'));
    pipeline.report();
    await pipeline.run(300);
    expect(services.cloud.count('power-off')).toBe(0);
    expect(await refusals()).toEqual([expect.stringMatching(/^refused: nothing was sent: salvor is disarmed by ann/)]);
    await say(services, 'arm');
    pipeline.report();
    await pipeline.run();
    expect(services.cloud.count('power-off')).toBe(1);
    await expectRecovered(services);
  });

  it('a host that is reported up is left alone', async () => {
    once(async () => {
      const up = anEvent({ type: 'host.up', source: '/monitor/a', atMs: services.clock.now() });
      await receiveHostEvent.handle(services, [aRecord(up, { sentAtMs: services.clock.now() })]);
    });
    pipeline.report({ source: '/monitor/a' });
    await pipeline.run(300);
    expect(services.cloud.count('power-off')).toBe(0);
    expect(await refusals()).toEqual(['refused: nothing was sent: the host was seen up meanwhile']);
    expect((await loadHost(services.state, HOST_KEY))?.value.lastIncident?.outcome).toBe('stood-down');
  });

  it('a function that stood still for a minute does not power off by what it knew before', async () => {
    once(() => {
      services.clock.nowMs += 60_000;
    });
    pipeline.report();
    await pipeline.run();
    expect(await refusals()).toEqual([
      expect.stringMatching(/^refused: nothing was sent: the gates were asked 6\d s ago/),
      expect.stringMatching(/^accepted/),
    ]);
    await expectRecovered(services);
  });
});
