/** Hosts with several fence devices, and with none that answers: level by level, and by the word of people. */
import { afterEach, describe, expect, it } from 'vitest';
import { type AuditRecord, STREAM_OF_OPERATORS } from '#shared/domain/audit.ts';
import { replayHost } from '#shared/domain/replay/replay.ts';
import type { FenceDevice, Fencing, PowerReading } from '#shared/ports.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { loadOutcome } from '#shared/state/operator-log.ts';
import { readHostLog } from '#shared/state/read-log.ts';
import { verifyAudit } from '#shared/state/verify-audit.ts';
import { aPolicy, HOST_KEY, iso, type PolicyInput, type SegmentInput, uuid } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { aCommand } from '#test/support/operator.ts';
import { Pipeline } from '#test/support/pipeline.ts';

/** What a device of a host does: by the first word of its address. */
type Kind = 'works' | 'silent' | 'stuck' | 'lies-on' | 'busy' | 'tired';

const at = (kind: Kind, rack = 'a') =>
  ({ driver: 'redfish', url: `https://${kind}.${rack}.test/{host}`, credentials: 'bmc' }) as const;

let services: FakeServices;
let pipeline: Pipeline;
/** Addresses that were asked to switch off, and on. */
let asked: string[];
let switchedOn: string[];
/** Readings that were asked for. */
let readings: number;

async function begin(devices: PolicyInput['fenceDevices'], segment: Partial<SegmentInput> = {}): Promise<void> {
  const fake = fakeServices(
    aPolicy({ fenceDevices: devices, observer: { devices: 0 } }, { graceSeconds: 30, ...segment }),
  );
  asked = [];
  switchedOn = [];
  readings = 0;
  const { cloud } = fake;
  const fencing: Fencing = {
    device: async (config): Promise<FenceDevice> => {
      const url = ('url' in config ? config.url : undefined) ?? '';
      const kind = new URL(url).hostname.split('.')[0] as Kind;
      const systemUuid = uuid(4, Number(/\d+$/.exec(url)?.[0]));
      return {
        readPower: async (): Promise<PowerReading> => {
          readings += 1;
          // Two of three calls find it busy.
          if (kind === 'silent' || (kind === 'busy' && readings % 3 !== 0))
            return { power: 'unknown', systemUuid: null, detail: 'no answer', durationMs: 1 };
          const power = kind === 'lies-on' ? 'on' : cloud.power;
          return { power, systemUuid, detail: `PowerState ${power}`, durationMs: 1 };
        },
        powerOff: async (_, objection) => {
          const objected = await objection?.();
          if (objected !== undefined) return { kind: 'refused', detail: objected, durationMs: 1 };
          asked.push(new URL(url).hostname);
          // The third request wakes one up.
          if (kind === 'works' || kind === 'busy' || (kind === 'tired' && asked.length === 3)) cloud.power = 'off';
          return { kind: kind === 'silent' ? 'unknown' : 'accepted', detail: 'asked', durationMs: 1 };
        },
        powerOn: async (_, objection) => {
          const objected = await objection?.();
          if (objected !== undefined) return { kind: 'refused', detail: objected, durationMs: 1 };
          switchedOn.push(new URL(url).hostname);
          if (kind === 'works') cloud.power = 'on';
          return { kind: kind === 'silent' ? 'unknown' : 'accepted', detail: 'asked', durationMs: 1 };
        },
      };
    },
  };
  services = { ...fake, fencing };
  pipeline = new Pipeline(services);
  await pipeline.start();
  pipeline.report();
}

afterEach(async () => {
  expect((await verifyAudit(services.state, services.clock)).findings).toEqual([]);
  const { decisions } = replayHost(await readHostLog(services.state, HOST_KEY));
  expect(decisions.filter(({ difference, cannot }) => difference !== null || cannot !== null)).toEqual([]);
  services.state.close();
});

const hostNow = async () => (await loadHost(services.state, HOST_KEY))?.value;
const outcomeNow = async () => (await hostNow())?.lastIncident?.outcome;
const evacuations = () => services.cloud.actions.filter((action) => action.startsWith('evacuate')).length;

async function factsOf(type: string): Promise<readonly AuditRecord['fact'][]> {
  const host = await hostNow();
  const id = host?.incident?.id ?? host?.lastIncident?.id ?? '';
  const { items } = await services.state.queryAudit(`incident#${id}`);
  return items.map((item) => (item.body as unknown as AuditRecord).fact).filter((fact) => fact.type === type);
}

async function confirmOff(by = 'ann', senderId?: string): Promise<string | undefined> {
  const incidentId = (await hostNow())?.incident?.id ?? 'none';
  const command = aCommand('confirm-off', { incidentId, by, time: iso(services.clock.now()) });
  pipeline.command(command, senderId);
  await pipeline.run(1);
  const outcome = await loadOutcome(services.state, command.id);
  return outcome && `${outcome.type}: ${outcome.said}`;
}

it('a board that died with its host leaves it to the next level, at once', async () => {
  await begin({ '*': { levels: [at('silent'), [at('works', 'pdu-a'), at('works', 'pdu-b')]] } });
  await pipeline.run();
  expect(asked).toEqual(['works.pdu-a.test', 'works.pdu-b.test']);
  expect(await factsOf('fence-failed')).toEqual([]);
  expect(await factsOf('power-off-intended')).toMatchObject([{ attempt: 1, level: 1 }]);
  expect(await outcomeNow()).toBe('recovered');
});

it('a device that says yes and does nothing is followed by the next level, without a pause', async () => {
  await begin({ '*': { levels: [at('stuck'), at('works')] } });
  await pipeline.run();
  expect(asked).toEqual(['stuck.a.test', 'works.a.test']);
  expect(await factsOf('fence-failed')).toMatchObject([{ level: 1 }]);
  expect(await outcomeNow()).toBe('recovered');
});

describe('a device with several attempts', () => {
  it('that says yes and does nothing is asked so often before the next level, each time by an intent of its own', async () => {
    await begin({ '*': { levels: [{ ...at('stuck'), attempts: 3 }, at('works')] } });
    await pipeline.run();
    expect(asked).toEqual(['stuck.a.test', 'stuck.a.test', 'stuck.a.test', 'works.a.test']);
    expect(await factsOf('power-off-intended')).toMatchObject([
      { attempt: 1, level: 0 },
      { attempt: 2, level: 0 },
      { attempt: 3, level: 0 },
      { attempt: 4, level: 1 },
    ]);
    expect(await factsOf('fence-failed')).toMatchObject([{ level: 0, tries: 1 }, { level: 0, tries: 2 }, { level: 1 }]);
    expect(await outcomeNow()).toBe('recovered');
  });

  it('that obeys the third time has fenced its host, without a pause between', async () => {
    await begin({ '*': { ...at('tired'), attempts: 3 } });
    await pipeline.run();
    expect(asked).toHaveLength(3);
    expect(await factsOf('fence-failed')).toMatchObject([{ tries: 1 }, { tries: 2 }]);
    expect(await outcomeNow()).toBe('recovered');
  });

  it('that tells nothing is asked so often in one step, and then its host waits', async () => {
    await begin({ '*': { ...at('silent'), attempts: 3 } });
    await pipeline.run(40);
    const reads = await factsOf('power-read');
    expect(reads[0]).toMatchObject({ power: 'unknown', detail: 'no answer (asked 3 times)', durationMs: 3 });
    expect(readings).toBe(3 * reads.length);
    expect(asked).toEqual([]);
    expect((await hostNow())?.incident).toMatchObject({ status: 'fencing' });
  });

  it('that is busy fences its host by the word that it gives at last', async () => {
    await begin({ '*': { ...at('busy'), attempts: 3 } });
    await pipeline.run();
    expect(await factsOf('fence-failed')).toEqual([]);
    const [read] = await factsOf('power-read');
    expect(read).toMatchObject({ power: 'on', detail: 'PowerState on (asked 3 times)' });
    expect(await outcomeNow()).toBe('recovered');
  });
});

it('outlets that are off prove nothing while the board says on: they are another host’s', async () => {
  await begin({ '*': { levels: [at('lies-on'), at('works')] } });
  await pipeline.run(3600);
  expect(evacuations()).toBe(0);
  expect((await hostNow())?.incident).toMatchObject({ status: 'fencing' });
});

it('a host none of whose devices answers waits, and goes on by the word of a person', async () => {
  await begin({ '*': { levels: [at('silent'), at('silent', 'b')] } });
  await pipeline.run(1200);
  expect((await hostNow())?.incident).toMatchObject({ status: 'fencing' });
  expect(evacuations()).toBe(0);
  services.cloud.power = 'off';
  expect(await confirmOff()).toMatch(/^obeyed: confirmed/);
  await pipeline.run();
  expect(await factsOf('proof-made')).toMatchObject([
    { proof: { kind: 'operator-confirmation', detail: expect.stringContaining('confirmed by ann: network test') } },
  ]);
  expect(evacuations()).toBe(3);
  expect(await outcomeNow()).toBe('recovered');
});

it('the word of one person is not enough where the policy asks for two', async () => {
  await begin({ '*': at('silent') }, { fencing: { confirmOff: { people: 2 } } });
  await pipeline.run(600);
  expect(await confirmOff('ann')).toBe('obeyed: noted; 1 more must confirm it');
  await pipeline.run(600);
  expect(evacuations()).toBe(0);
  expect(await confirmOff('ann')).toMatch(/^refused: ann has said so already/);
  expect(await confirmOff('bob')).toMatch(/^obeyed: confirmed/);
  await pipeline.run();
  expect(await outcomeNow()).toBe('recovered');
});

it('nor is that of one principal under two names, and both principals are on record', async () => {
  await begin({ '*': at('silent') }, { fencing: { confirmOff: { people: 2 } } });
  Object.assign(services, { trustedSenders: { principals: ['AROAEXAMPLEOWN'] } });
  await pipeline.run(600);
  const [one, other] = ['AIDAEXAMPLEANN', 'AROAEXAMPLEROLE:bob'];
  expect(await confirmOff('ann', one)).toBe('obeyed: noted; 1 more must confirm it');
  expect(await confirmOff('bob', one)).toMatch(
    /^refused: it comes from AIDAEXAMPLEANN, which has said so already as ann/,
  );
  await pipeline.run(600);
  expect(evacuations()).toBe(0);
  expect(await confirmOff('bob', other)).toMatch(/^obeyed: confirmed/);
  await pipeline.run();
  expect(await factsOf('proof-made')).toMatchObject([
    { proof: { detail: expect.stringContaining(`confirmed by ann (${one}) and bob (${other}): `) } },
  ]);
  const { items } = await services.state.queryAudit(STREAM_OF_OPERATORS);
  const senders = items.map(({ body }) => (body as unknown as AuditRecord).fact);
  expect(senders).toMatchObject([{ sender: one }, { type: 'refused', sender: one }, { sender: other }]);
});

it('a device that answers after all is believed, not the person', async () => {
  await begin({ '*': at('works') }, { graceSeconds: 30 });
  const { device } = services.fencing;
  let awake = false;
  Object.assign(services.fencing, {
    device: async (config: Parameters<Fencing['device']>[0]): Promise<FenceDevice> => {
      const real = await device(config);
      const silent = { power: 'unknown', systemUuid: null, detail: 'no answer', durationMs: 1 } as const;
      return { ...real, readPower: async () => (awake ? real.readPower() : silent) };
    },
  });
  await pipeline.run(300);
  awake = true;
  await confirmOff();
  await pipeline.run();
  expect(asked).toEqual(['works.a.test']);
  expect(await factsOf('proof-made')).toMatchObject([{ proof: { kind: 'power-off-read-back' } }]);
});

it('a host that was seen since is not taken for off', async () => {
  await begin({ '*': at('silent') });
  await pipeline.run(600);
  pipeline.report({ type: 'host.up', source: '/monitor/b' });
  await pipeline.run(1);
  await confirmOff();
  pipeline.report({ type: 'host.up', source: '/monitor/b', atMs: services.clock.now() + 1000 });
  await pipeline.run(1200);
  expect(evacuations()).toBe(0);
});

it('a host without any device is held, and may be confirmed too', async () => {
  await begin({});
  await pipeline.run(600);
  expect((await hostNow())?.incident).toMatchObject({ status: 'held' });
  expect(await confirmOff()).toMatch(/^obeyed: confirmed/);
  await pipeline.run();
  expect(evacuations()).toBe(3);
  expect(await outcomeNow()).toBe('recovered');
});

describe('on its way back', () => {
  const back = { hostReturn: { mode: 'automatic', powerOn: 'after-evacuations' } } as const;
  /** Nova has not heard of it since it failed. */
  const silence = (): void => {
    const { cloud, clock } = services;
    const lastReportAtMs = clock.now() - 600_000;
    cloud.services = cloud.services.map((each) => (each.host === 'compute-1' ? { ...each, lastReportAtMs } : each));
  };
  const intents = async () => {
    const { items } = await services.state.queryAudit(`host#${HOST_KEY}`);
    return items
      .map((item) => (item.body as unknown as AuditRecord).fact)
      .filter((fact) => fact.type === 'power-on-intended');
  };

  it('a host is switched on by the level that has switched it off: every outlet of it', async () => {
    await begin({ '*': { levels: [at('silent'), [at('works', 'pdu-a'), at('works', 'pdu-b')]] } }, back);
    silence();
    await pipeline.run();
    expect(await outcomeNow()).toBe('recovered');
    expect(switchedOn).toEqual(['works.pdu-a.test', 'works.pdu-b.test']);
    expect(await intents()).toMatchObject([{ attempt: 1, level: 1 }]);
  });

  it('of several levels that were tried, the last one', async () => {
    await begin({ '*': { levels: [at('stuck'), at('works')] } }, back);
    silence();
    await pipeline.run();
    expect(switchedOn).toEqual(['works.a.test']);
    expect(await intents()).toMatchObject([{ attempt: 1, level: 1 }]);
  });

  it('a host whose death a person has confirmed is not switched on while no device of it answers', async () => {
    await begin({ '*': at('silent') }, back);
    silence();
    await pipeline.run(1200);
    services.cloud.power = 'off';
    await confirmOff();
    await pipeline.run();
    expect(await outcomeNow()).toBe('recovered');
    expect(switchedOn).toEqual([]);
    expect((await hostNow())?.returning).toMatchObject({
      status: 'waiting',
      shut: expect.arrayContaining([
        expect.objectContaining({ check: 'reports', because: expect.stringContaining('its power is unknown') }),
      ]),
    });
  });

  it('one whose device answers by then is, for all that a person has confirmed it', async () => {
    await begin({ '*': at('silent') }, back);
    silence();
    await pipeline.run(1200);
    services.cloud.power = 'off';
    await confirmOff();
    const { device } = services.fencing;
    Object.assign(services.fencing, {
      device: (config: Parameters<Fencing['device']>[0]) => device({ ...config, ...at('works') }),
    });
    await pipeline.run();
    expect(switchedOn).toEqual(['works.a.test']);
  });
});
