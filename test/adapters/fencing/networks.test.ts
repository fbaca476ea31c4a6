import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { withNetworks } from '#shared/adapters/fencing/networks.ts';
import { openSqliteStore } from '#shared/adapters/sqlite/state-store.ts';
import { systemChance } from '#shared/adapters/system/clock.ts';
import { ConflictError } from '#shared/errors.ts';
import type { FenceDevice, FenceDeviceConfig, StateStore } from '#shared/ports.ts';
import { loadCalls } from '#shared/state/fence-networks.ts';

const CALL_MS = 20;
const config = (network?: string): FenceDeviceConfig => ({
  ...{ driver: 'redfish', url: 'https://bmc', credentials: 'bmc', timeoutSeconds: 10 },
  ...(network === undefined ? {} : { network }),
});
/** Sleeps take no time of the test's, but pass on this clock; not for many callers at once, whose sleeps would add up. */
function aClock(sleepsPass: boolean) {
  let nowMs = 1_000_000;
  return {
    now: () => nowMs,
    sleep: async (ms: number) => {
      if (sleepsPass) nowMs += ms;
      await pause(1);
    },
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

let state: StateStore & { close(): void };
afterEach(() => state.close());

function setUp(atOnce: number, call: () => Promise<void> = () => pause(CALL_MS), sleepsPass = true) {
  const clock = aClock(sleepsPass);
  state = openSqliteStore(':memory:', { now: clock.now });
  const asked = { now: 0, most: 0, all: 0 };
  const during = async <T>(answer: T): Promise<T> => {
    asked.now += 1;
    asked.all += 1;
    asked.most = Math.max(asked.most, asked.now);
    try {
      await call();
      return answer;
    } finally {
      asked.now -= 1;
    }
  };
  const device: FenceDevice = {
    readPower: () => during({ power: 'on', systemUuid: null, detail: '', durationMs: 1 }),
    readAccount: () => during({ endsAtMs: 1, trouble: null, untold: null }),
    powerOff: () => during({ kind: 'accepted', detail: '', durationMs: 1 }),
    powerOn: () => during({ kind: 'accepted', detail: '', durationMs: 1 }),
  };
  const fencing = withNetworks(
    { device: async () => device },
    { state, clock, chance: systemChance, limits: { rack: atOnce, other: 1 } },
  );
  return { asked, clock, fencing, device };
}

it('has a call for an account take a place too, and leaves it out where a device can not tell', async () => {
  const gate = Promise.withResolvers<void>();
  const { fencing, device } = setUp(1, () => gate.promise);
  const first = await fencing.device(config('rack'));
  const held = first.readAccount?.();
  await pause(20);
  expect(await first.readAccount?.()).toMatchObject({
    endsAtMs: null,
    untold: expect.stringMatching(/^it was not asked: as many/),
  });
  gate.resolve();
  expect(await held).toMatchObject({ endsAtMs: 1 });
  delete device.readAccount;
  expect(await fencing.device(config('rack'))).not.toHaveProperty('readAccount');
});

it('lets so many calls into a network at the same time, and all of them in turn', async () => {
  const { asked, fencing } = setUp(3, () => pause(CALL_MS), false);
  const devices = await Promise.all(Array.from({ length: 12 }, () => fencing.device(config('rack'))));
  const readings = await Promise.all(devices.map((device) => device.readPower()));
  expect(readings.map(({ power }) => power)).toEqual(devices.map(() => 'on'));
  expect(asked).toEqual({ now: 0, most: 3, all: 12 });
  expect((await loadCalls(state, 'rack')).value).toEqual({});
});

it('gives up in time when others write the places whenever it does', async () => {
  const { asked, clock, fencing } = setUp(1);
  const startedMs = clock.now();
  state.transact = () => Promise.reject(new ConflictError('somebody else was first'));
  const device = await fencing.device(config('rack'));
  expect(await device.readPower()).toMatchObject({ power: 'unknown' });
  expect(asked.all).toBe(0);
  expect(clock.now() - startedMs).toBeLessThan(10_000);
});

it('leaves devices of no network, and those of another, alone', async () => {
  const { asked, fencing, device } = setUp(1);
  expect(await fencing.device(config())).toBe(device);
  const [one, other] = await Promise.all([fencing.device(config('rack')), fencing.device(config('other'))]);
  await Promise.all([one.readPower(), other.readPower()]);
  expect(asked.most).toBe(2);
});

it('sends nothing without a place, and says so: that is no answer, and no power-off', async () => {
  let free = (): void => undefined;
  const { asked, fencing } = setUp(1, () => new Promise<void>((resolve) => (free = resolve)));
  const device = await fencing.device(config('rack'));
  const first = device.readPower();
  await pause(CALL_MS);
  const full = /as many calls as fenceNetworks allows for rack \(1\)/;
  const reading = await device.readPower();
  expect(reading).toMatchObject({ power: 'unknown', detail: expect.stringMatching(full) });
  let objections = 0;
  const answer = await device.powerOff(null, async () => {
    objections += 1;
    return undefined;
  });
  expect(answer).toMatchObject({ kind: 'refused', detail: expect.stringMatching(/^nothing was sent: as many calls/) });
  expect([asked.all, objections]).toEqual([1, 0]);
  free();
  await first;
  expect((await loadCalls(state, 'rack')).value).toEqual({});
});

it('holds a power-on to it as well', async () => {
  let free = (): void => undefined;
  const { asked, fencing } = setUp(1, () => new Promise<void>((resolve) => (free = resolve)));
  const device = await fencing.device(config('rack'));
  const first = device.powerOn(null);
  await pause(CALL_MS);
  expect(await device.powerOn(null)).toMatchObject({
    kind: 'refused',
    detail: expect.stringMatching(/^nothing was sent/),
  });
  expect(asked.all).toBe(1);
  free();
  expect(await first).toMatchObject({ kind: 'accepted' });
});

it('frees the place of a call that fails, and that of one whose process died when its time is over', async () => {
  let fails = true;
  const { clock, fencing } = setUp(1, async () => {
    if (fails) throw new Error('the device broke the connection');
  });
  const device = await fencing.device(config('rack'));
  await expect(device.readPower()).rejects.toThrow('broke the connection');
  fails = false;
  expect(await device.readPower()).toMatchObject({ power: 'on' });

  await state.transact([
    {
      ...{
        kind: 'put',
        partition: 'fence-network#rack',
        sort: 'state',
        expect: (await loadCalls(state, 'rack')).version,
      },
      body: { calls: { dead: clock.now() + 15_000 }, schemaVersion: 1 },
    },
  ]);
  expect(await device.readPower()).toMatchObject({ power: 'unknown' });
  clock.pass(15_000);
  expect(await device.readPower()).toMatchObject({ power: 'on' });
});
