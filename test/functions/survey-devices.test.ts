import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { surveyDevices } from '#functions/survey-devices.ts';
import { streamOfReadiness } from '#shared/domain/audit.ts';
import { hostKeyOf } from '#shared/domain/host.ts';
import { addressOf } from '#shared/domain/policy-devices.ts';
import type { FenceDevice, PowerReading } from '#shared/ports.ts';
import { grantLease } from '#shared/shell/grant-lease.ts';
import type { KnownHost } from '#shared/shell/known-hosts.ts';
import { readBindings } from '#shared/state/bindings.ts';
import { readKept } from '#shared/state/read-audit.ts';
import { loadReadiness } from '#shared/state/readiness.ts';
import { verifyAudit } from '#shared/state/verify-audit.ts';
import { aPolicy, aService, type PolicyInput, seconds, uuid } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';

const DEVICE = { driver: 'redfish', url: 'https://bmc.test/{host}', credentials: 'bmc' } as const;
const REGION = { name: 'default', region: 'RegionOne' };
const keyOf = (number: number): string => hostKeyOf('default', 'RegionOne', uuid(2, number));

let services: FakeServices;
afterEach(() => services.state.close());

async function setup(survey: PolicyInput['survey'] = { everySeconds: 60 }, policy: Partial<PolicyInput> = {}) {
  services = fakeServices(aPolicy({ survey, ...policy }));
  services.cloud.services = [1, 2, 3].map((number) => aService({ host: `compute-${number}` }));
  await mirrorInventory(services);
}
beforeEach(() => setup());

async function run(times = 1): Promise<number> {
  let asked = 0;
  for (let time = 0; time < times; time += 1) {
    services.clock.nowMs += seconds(60);
    asked += await surveyDevices(services);
  }
  return asked;
}
const readiness = async () =>
  new Map((await loadReadiness(services.state, REGION)).map(({ value }) => [value.host, value]));
const facts = () => services.lines.flatMap(({ fields }) => ('fact' in fields ? [fields] : []));
const recordsOf = async (number: number) =>
  (await readKept(services.state, streamOfReadiness(keyOf(number)))).map(({ record }) => record.fact);

/** The device of one host answers so; all others as they would. */
function answering(host: string, answer: Partial<PowerReading>): FakeServices {
  const { fencing } = services.cloud;
  return {
    ...services,
    fencing: {
      device: async (config): Promise<FenceDevice> => {
        const device = await fencing.device(config);
        if (!addressOf(config).endsWith(host)) return device;
        return { ...device, readPower: async () => ({ ...(await device.readPower()), ...answer }) };
      },
    },
  };
}

it('tells of each protected host whether it could be fenced, on the record', async () => {
  services.cloud.deaf.add('compute-2');
  expect(await run()).toBe(3);
  expect([...(await readiness()).values()].map(({ host, state }) => [host, state])).toEqual([
    ['compute-1', 'ready'],
    ['compute-2', 'not-ready'],
    ['compute-3', 'ready'],
  ]);
  expect(await recordsOf(2)).toMatchObject([
    { type: 'readiness-changed', from: null, to: 'not-ready', segment: 'az1', novaState: 'up' },
  ]);
  expect(facts()).toEqual([
    {
      fact: 'not-fenceable',
      count: 1,
      hosts: [
        { host: 'compute-2', because: expect.stringMatching(/^level 1, redfish at .*: does not tell the power/) },
      ],
    },
  ]);
  expect(await verifyAudit(services.state, services.clock)).toMatchObject({ findings: [], streams: 3 });
});

it('says it again each minute, asks again at once who is in doubt, and records the change once', async () => {
  await setup({ everySeconds: 600 });
  await run(10);
  services.cloud.deaf.add('compute-1');
  const lines = facts().length;
  expect(await run(10)).toBe(4);
  expect((await readiness()).get('compute-1')).toMatchObject({ state: 'not-ready' });
  expect(facts().length).toBeGreaterThan(lines + 5);
  services.cloud.deaf.clear();
  await run(10);
  expect((await recordsOf(1)).flatMap((fact) => ('to' in fact ? [fact.to] : []))).toEqual([
    'ready',
    'not-ready',
    'ready',
  ]);
});

it('writes nothing but its place while nothing changes', async () => {
  await run(3);
  const { writes } = await services.state.counted(() => run(10));
  expect(writes).toBe(10);
  services.clock.nowMs += seconds(3600);
  expect((await services.state.counted(() => run())).writes).toBe(2);
});

it('asks nobody where the policy says never', async () => {
  await setup({ everySeconds: 0 });
  expect(await run()).toBe(0);
  expect((await readiness()).size).toBe(0);
});

it('judges no device that is being asked still, and comes to its host first', async () => {
  const asking = answering('compute-2', { power: 'unknown', pending: true });
  services.clock.nowMs += seconds(60);
  expect(await surveyDevices(asking)).toBe(2);
  expect([...(await readiness()).keys()]).toEqual(['compute-1', 'compute-3']);
  services.clock.nowMs += seconds(60);
  await surveyDevices(services);
  expect((await readiness()).get('compute-2')?.devices).toMatchObject([{ trouble: null }]);
});

describe('binds each device to its host before anything is wrong', () => {
  const bound = async (number: number) => {
    const word = { driver: 'redfish', power: 'on', systemUuid: uuid(4, number) } as const;
    const { known } = await readBindings(services.state, keyOf(number), [[word]], [], () => true);
    return known[0]?.[0]?.boundSystem ?? undefined;
  };

  it('at the second time that it tells the same, and records it', async () => {
    await run();
    expect(await bound(1)).toBeUndefined();
    await run();
    expect(await bound(1)).toBe(uuid(4, 1));
    expect(await recordsOf(1)).toMatchObject([
      { type: 'readiness-changed' },
      { type: 'device-bound', systemUuid: uuid(4, 1), because: expect.stringMatching(/names no systemUuid/) },
    ]);
    expect((await readiness()).get('compute-1')?.devices).toMatchObject([{ verdict: 'good', bound: true }]);
    expect(await verifyAudit(services.state, services.clock)).toMatchObject({ findings: [] });
  });

  it('and none of two that are the same system', async () => {
    await run();
    for (let time = 0; time < 3; time += 1) {
      services.clock.nowMs += seconds(60);
      await surveyDevices(answering('compute-2', { systemUuid: uuid(4, 1) }));
    }
    expect([...(await readiness()).values()].map(({ state }) => state)).toEqual(['not-ready', 'not-ready', 'ready']);
    expect([await bound(1), await bound(2), await bound(3)]).toEqual([undefined, undefined, uuid(4, 3)]);
  });

  it('anew where the policy names the system of a replaced mainboard; not else', async () => {
    await run(2);
    const replaced = { systemUuid: uuid(4, 8) };
    for (let time = 0; time < 2; time += 1) {
      services.clock.nowMs += seconds(60);
      await surveyDevices(answering('compute-1', replaced));
    }
    expect((await readiness()).get('compute-1')).toMatchObject({
      state: 'not-ready',
      because: expect.stringMatching(/the host is bound to/),
    });
    const policy = aPolicy({
      survey: { everySeconds: 60 },
      fenceDevices: { '*': DEVICE, 'compute-1': { ...DEVICE, systemUuid: uuid(4, 8) } },
    });
    for (let time = 0; time < 2; time += 1) {
      services.clock.nowMs += seconds(60);
      await surveyDevices({ ...answering('compute-1', replaced), policy });
    }
    expect(await bound(1)).toBe(uuid(4, 8));
    expect((await readiness()).get('compute-1')).toMatchObject({ state: 'ready' });
    expect(await verifyAudit(services.state, services.clock)).toMatchObject({ findings: [] });
  });
});

it('leaves a device alone that refuses the credentials, but for once in a while', async () => {
  let asked = 0;
  const refusing = answering('compute-1', { power: 'unknown', refused: 'credentials' });
  const counting: FakeServices = {
    ...refusing,
    fencing: {
      device: (config) => {
        asked += addressOf(config).endsWith('compute-1') ? 1 : 0;
        return refusing.fencing.device(config);
      },
    },
  };
  for (let minute = 0; minute < 60; minute += 1) {
    services.clock.nowMs += seconds(60);
    await surveyDevices(counting);
  }
  expect(asked).toBe(2);
  expect((await readiness()).get('compute-1')).toMatchObject({
    state: 'not-ready',
    devices: [{ trouble: 'credentials-refused' }],
  });
});

it('asks while Nova does not answer, and binds nobody', async () => {
  services.cloud.novaIsAway = true;
  await run(3);
  expect([...(await readiness()).values()].map(({ state, devices }) => [state, devices[0]?.bound])).toEqual([
    ['ready', false],
    ['ready', false],
    ['ready', false],
  ]);
});

it.each(['AUTO: Connection to libvirt lost', 'salvor: process nova-compute down'])(
  'rings for a host that nobody has put into maintenance: %s',
  async (disabledReason) => {
    const off = { status: 'disabled', disabledReason } as const;
    services.cloud.services = services.cloud.services.map((each) => ({ ...each, ...off }));
    services.cloud.deaf.add('compute-1');
    await run(3);
    expect((await readiness()).get('compute-1')).toMatchObject({ state: 'not-ready', outOfService: false });
    expect(facts().map(({ fact }) => fact)).toContain('not-fenceable');
  },
);

it('does not ring for a host in maintenance', async () => {
  services.cloud.services = services.cloud.services.map((each) => ({ ...each, status: 'disabled' as const }));
  services.cloud.deaf.add('compute-1');
  await run(3);
  expect((await readiness()).get('compute-1')).toMatchObject({ state: 'not-ready', outOfService: true });
  expect(facts()).toEqual([]);
});

it('tells of a host that has left its segment, and goes on with its stream when it is back', async () => {
  await run();
  services.cloud.services = services.cloud.services.map((each) => ({
    ...each,
    zone: each.host === 'compute-1' ? 'other' : 'nova',
  }));
  await mirrorInventory(services);
  await run();
  services.cloud.services = services.cloud.services.map((each) => ({ ...each, zone: 'nova' }));
  await mirrorInventory(services);
  await run();
  expect((await recordsOf(1)).flatMap((fact) => ('to' in fact ? [fact.to] : []))).toEqual([
    'ready',
    'not-asked',
    'ready',
  ]);
  expect(await verifyAudit(services.state, services.clock)).toMatchObject({ findings: [] });
});

it('writes all others when one was written by somebody else meanwhile', async () => {
  services.state.faults.plan('conflicts');
  services.state.faults.plan('conflicts', 1);
  await run();
  expect((await readiness()).size).toBe(2);
  await run();
  expect((await readiness()).size).toBe(3);
});

it('counts the watchdog of a host as its last level, as long as it has leases', async () => {
  services = fakeServices(
    aPolicy({ survey: { everySeconds: 60 }, fenceDevices: { 'compute-2': DEVICE } }, { fencing: { watchdog: {} } }),
  );
  services.cloud.services = [1, 2].map((number) => aService({ host: `compute-${number}` }));
  services.cloud.deaf.add('compute-2');
  await mirrorInventory(services);
  await run();
  const states = async () => [...(await readiness()).values()].map(({ state, because }) => [state, because]);
  const never = 'watchdog: its watchdog has never had a lease';
  expect(await states()).toEqual([
    ['not-ready', `level 1, ${never}`],
    ['not-ready', expect.stringContaining(`level 2, ${never}`)],
  ]);
  const feed = async () => {
    for (const number of [1, 2]) {
      const known = { key: keyOf(number), host: `compute-${number}`, segment: 'az1' } as KnownHost;
      await grantLease(services, known, {
        armed: true,
        timeoutSeconds: 60,
        identity: 'iTCO_wdt',
        boot: uuid(8, 1),
        uptimeMs: 1,
      });
    }
  };
  services.clock.nowMs += seconds(59);
  await feed();
  await run();
  expect(await states()).toEqual([
    ['ready', 'its device answers'],
    ['degraded', expect.stringMatching(/^level 1, redfish at .*: does not tell the power: no answer$/)],
  ]);
  await run(2);
  expect(await states()).toEqual([
    ['not-ready', expect.stringMatching(/^level 1, watchdog: its watchdog had its last lease at /)],
    ['not-ready', expect.stringMatching(/level 2, watchdog: its watchdog had its last lease at /)],
  ]);
});

it('tells of a certificate that ends soon', async () => {
  services.clock.nowMs += seconds(60);
  const expiresAtMs = services.clock.nowMs + 10 * 86_400_000;
  await surveyDevices(answering('compute-3', { certificate: { expiresAtMs } }));
  expect(facts()).toMatchObject([
    { fact: 'fencing-weak', hosts: [{ host: 'compute-3', because: expect.stringMatching(/expires in 10 days/) }] },
  ]);
});

it('ends in time with a thousand dead devices, and comes to all of them', async () => {
  services = fakeServices(aPolicy({ survey: { everySeconds: 300 } }));
  services.cloud.services = Array.from({ length: 1000 }, (_, index) => aService({ host: `compute-${index + 1}` }));
  await mirrorInventory(services);
  const { clock } = services;
  const waiting: { readonly untilMs: number; readonly go: () => void }[] = [];
  const silent: PowerReading = { power: 'unknown', systemUuid: null, detail: 'no answer', durationMs: 15_000 };
  const readPower = () =>
    new Promise<PowerReading>((resolve) =>
      waiting.push({ untilMs: clock.nowMs + seconds(15), go: () => resolve(silent) }),
    );
  const dead = { ...services, fencing: { device: async () => ({ ...services.cloud.device, readPower }) } };
  let asked = 0;
  let runs = 0;
  for (; asked < 1000 && runs < 30; runs += 1) {
    const startedMs = clock.nowMs;
    let over = false;
    const work = surveyDevices(dead).finally(() => {
      over = true;
    });
    while (!over) {
      await turn();
      const next = waiting.shift();
      if (next === undefined) continue;
      clock.nowMs = Math.max(clock.nowMs, next.untilMs);
      next.go();
    }
    asked += await work;
    expect(clock.nowMs - startedMs).toBeLessThan(seconds(50));
    clock.nowMs = startedMs + seconds(60);
  }
  expect((await readiness()).size).toBe(1000);
  // Twenty at once, each for a quarter of a minute, for half of each minute.
  expect(runs).toBe(25);
});
