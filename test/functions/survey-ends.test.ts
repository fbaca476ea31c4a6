/** What the survey tells of before it ends by itself: accounts of devices, and what lets salvor into its cloud. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { surveyDevices } from '#functions/survey-devices.ts';
import { addressOf } from '#shared/domain/policy-devices.ts';
import { PermanentError, RetryableError } from '#shared/errors.ts';
import type { AccountEnd, AccountReading, FenceDevice, FenceDeviceConfig } from '#shared/ports.ts';
import { loadAccess } from '#shared/state/access.ts';
import { loadReadiness } from '#shared/state/readiness.ts';
import { aPolicy, aService, type PolicyInput, seconds } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';

const REGION = { name: 'default', region: 'RegionOne' };

let services: FakeServices;
afterEach(() => services.state.close());

async function setup(survey: PolicyInput['survey'] = { everySeconds: 60 }) {
  services = fakeServices(aPolicy({ survey }));
  services.cloud.services = [1, 2, 3].map((number) => aService({ host: `compute-${number}` }));
  await mirrorInventory(services);
}
beforeEach(() => setup());

const readiness = async () =>
  new Map((await loadReadiness(services.state, REGION)).map(({ value }) => [value.host, value]));
const facts = () => services.lines.flatMap(({ fields }) => ('fact' in fields ? [fields] : []));

describe('of the accounts by which devices are asked', () => {
  /** Each device tells so, and counts how often it is asked. */
  const telling = (account: Partial<AccountReading>) => {
    const times = new Map<string, number>();
    const { fencing } = services.cloud;
    const given = {
      ...services,
      fencing: {
        device: async (config: FenceDeviceConfig): Promise<FenceDevice> => ({
          ...(await fencing.device(config)),
          readAccount: async () => {
            times.set(addressOf(config), (times.get(addressOf(config)) ?? 0) + 1);
            return { endsAtMs: null, trouble: null, untold: null, ...account };
          },
        }),
      },
    };
    const minutes = async (count: number) => {
      for (let minute = 0; minute < count; minute += 1) {
        services.clock.nowMs += seconds(60);
        await surveyDevices(given);
      }
    };
    return { times, minutes };
  };

  it('it asks each once a day, behind its first good answer, so many in a run as devices at once', async () => {
    await setup({ everySeconds: 60, atOnce: 2 });
    const { times, minutes } = telling({});
    await minutes(1);
    expect(times.size).toBe(0);
    await minutes(1);
    expect(times.size).toBe(2);
    await minutes(30);
    expect([...times.values()]).toEqual([1, 1, 1]);
    services.clock.nowMs += seconds(86_400);
    await minutes(2);
    expect([...times.values()]).toEqual([2, 2, 2]);
  });

  it('one that ends soon is told of each minute, and its host stays ready', async () => {
    const { minutes } = telling({ endsAtMs: services.clock.nowMs + seconds(5 * 86_400) });
    await minutes(2);
    expect([...(await readiness()).values()].map(({ state }) => state)).toEqual(['ready', 'ready', 'ready']);
    const because = expect.stringMatching(/^the account of redfish at .*compute-1 ends in 4 days; change/);
    expect(facts().at(-1)).toMatchObject({ fact: 'fencing-weak', count: 3, hosts: [{ because }, {}, {}] });
  });

  it('what goes wrong with it spoils nothing that was read of the power', async () => {
    const { fencing } = services.cloud;
    const device = async (config: FenceDeviceConfig): Promise<FenceDevice> => ({
      ...(await fencing.device(config)),
      readAccount: async () => {
        throw new Error('defect');
      },
    });
    for (let time = 0; time < 2; time += 1) {
      services.clock.nowMs += seconds(60);
      await surveyDevices({ ...services, fencing: { device } });
    }
    const [first] = (await readiness()).values();
    expect(first).toMatchObject({ state: 'ready', devices: [{ account: { endsAtMs: null, trouble: null } }] });
  });
});

describe('of what lets salvor itself into the cloud', () => {
  const DAY_MS = seconds(86_400);
  const CERTIFICATE = { of: 'nova', address: 'https://nova.test:8774' };
  let account: () => Promise<AccountEnd>;
  const asked = () => ({
    ...services,
    access: {
      certificates: async () => [{ ...CERTIFICATE, expiresAtMs: services.clock.nowMs + 10 * DAY_MS }],
      account: () => account(),
    },
  });
  beforeEach(() => {
    account = async () => ({ of: 'the password of user salvor', endsAtMs: null, untold: null });
  });

  it('it says each minute what ends soon, also where no device is asked', async () => {
    await setup({ everySeconds: 0 });
    expect(await surveyDevices(asked())).toBe(0);
    expect(facts()).toEqual([
      {
        fact: 'access-ending',
        endings: [{ of: 'nova', because: expect.stringMatching(/^the certificate of .* expires in 10 days/) }],
      },
    ]);
    expect((await loadAccess(services.state, REGION))?.value).toMatchObject({ certificates: [CERTIFICATE] });
  });

  it('it asks every service once an hour, so that each shows its certificate', async () => {
    await setup({ everySeconds: 0 });
    let times = 0;
    const health = async () => {
      times += 1;
      return [];
    };
    for (let minute = 0; minute < 61; minute += 1) {
      const given = asked();
      await surveyDevices({ ...given, compute: { ...given.compute, health } });
      services.clock.nowMs += seconds(60);
    }
    expect(times).toBe(2);
  });

  it('it says that Keystone refuses the credentials, and goes on while it does not answer', async () => {
    await setup({ everySeconds: 0 });
    account = async () => {
      throw new RetryableError('no answer');
    };
    await surveyDevices(asked());
    expect((await loadAccess(services.state, REGION))?.value.account).toBeNull();
    services.clock.nowMs += seconds(3600);
    account = async () => {
      throw new PermanentError('Keystone refuses the credentials of cloud lab (401)');
    };
    await surveyDevices(asked());
    expect(facts().at(-1)).toMatchObject({ endings: [{ of: 'nova' }, { of: 'keystone' }] });
  });
});
