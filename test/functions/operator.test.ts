import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { obeyOperator } from '#functions/obey-operator.ts';
import type { AuditRecord } from '#shared/domain/audit.ts';
import { loadGuard } from '#shared/state/guards.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { loadOutcome } from '#shared/state/operator-log.ts';
import { listParked } from '#shared/state/parked.ts';
import { loadTasks } from '#shared/state/tasks.ts';
import { loadTokens } from '#shared/state/tokens.ts';
import { verifyAudit } from '#shared/state/verify-audit.ts';
import { aPolicy, HOST_KEY, iso, type SegmentInput } from '#test/support/builders.ts';
import { aRecord, type FakeServices, type Fault, fakeServices } from '#test/support/fakes.ts';
import { aCommand } from '#test/support/operator.ts';
import { Pipeline } from '#test/support/pipeline.ts';

let services: FakeServices;
let pipeline: Pipeline;

async function begin(segment: Partial<SegmentInput> = {}): Promise<void> {
  services = fakeServices(aPolicy({}, { graceSeconds: 30, ...segment }));
  pipeline = new Pipeline(services);
  await pipeline.start();
}
beforeEach(() => begin());
afterEach(async () => {
  expect((await verifyAudit(services.state, services.clock)).findings).toEqual([]);
  services.state.close();
});

const hostNow = async () => (await loadHost(services.state, HOST_KEY))?.value;
const statusNow = async () => (await hostNow())?.incident?.status;
const outcomeNow = async () => (await hostNow())?.lastIncident?.outcome;
const guardNow = async () => (await loadGuard(services.state, { segment: 'az1' })).value;

async function factsOf(stream: string, type: string): Promise<readonly AuditRecord['fact'][]> {
  const { items } = await services.state.queryAudit(stream);
  return items.map((item) => (item.body as unknown as AuditRecord).fact).filter((fact) => fact.type === type);
}

async function onIncident(type: 'release' | 'dismiss', gates: readonly string[] = []) {
  const incidentId = (await hostNow())?.incident?.id ?? 'none';
  const which = { incidentId, time: iso(services.clock.now()) };
  return type === 'release' ? aCommand('release', { ...which, gates: [...gates] }) : aCommand('dismiss', which);
}

async function tell(command: object): Promise<void> {
  expect(await obeyOperator.handle(services, [aRecord(command, { sentAtMs: services.clock.now() })])).toEqual([]);
}

async function say(type: 'release' | 'dismiss', gates: readonly string[] = []): Promise<string | undefined> {
  const command = await onIncident(type, gates);
  await tell(command);
  const outcome = await loadOutcome(services.state, command.id);
  return outcome && `${outcome.type}: ${outcome.said}`;
}

describe('a held host', () => {
  beforeEach(async () => {
    await begin({ minHealthyHosts: 50 });
    pipeline.report();
    await pipeline.run(120);
    expect(await hostNow()).toMatchObject({ incident: { status: 'held', failedGates: [{ gate: 'healthy-hosts' }] } });
  });

  it('that is released goes on to its end, and the decision tells who let it', async () => {
    const { id } = (await hostNow())?.incident ?? { id: '' };
    expect(await say('release', ['healthy-hosts'])).toBe('obeyed: healthy-hosts released for 900 s');
    await pipeline.run();
    expect(await outcomeNow()).toBe('recovered');
    const [confirmed] = await factsOf(`incident#${id}`, 'confirmed');
    expect(confirmed?.gates).toContainEqual({
      gate: 'healthy-hosts',
      open: false,
      because: '5 other healthy hosts in the segment; at least 50 are asked for',
      released: 'by ann: network test',
    });
  });

  it('is held on by a gate that was not released', async () => {
    services.cloud.services = services.cloud.services.map((each) => ({ ...each, state: 'up', status: 'disabled' }));
    await pipeline.run(20);
    await say('release', ['healthy-hosts']);
    await pipeline.run(300);
    expect(await hostNow()).toMatchObject({
      incident: { status: 'held', failedGates: [{ gate: 'in-service' }, { gate: 'nova-sees-it-down' }] },
    });
    expect(services.cloud.actions).toEqual([]);
  });

  it('is held again when the release is over, and a release of its incident is none of the next', async () => {
    services.cloud.novaIsAway = true;
    await say('release', ['healthy-hosts']);
    await pipeline.run(895);
    services.cloud.novaIsAway = false;
    services.clock.nowMs += 10_000;
    pipeline.report();
    await pipeline.run(30);
    expect(await hostNow()).toMatchObject({ incident: { status: 'held', failedGates: [{ gate: 'healthy-hosts' }] } });
    expect(services.cloud.actions).toEqual([]);
  });

  it('that is dismissed is not opened again by who said so then and goes on saying so', async () => {
    expect(await say('dismiss')).toBe('obeyed: dismissed; nothing was done to the host');
    expect(await outcomeNow()).toBe('dismissed');
    for (let minute = 0; minute < 30; minute += 1) {
      pipeline.report();
      await pipeline.run(60);
    }
    expect((await hostNow())?.incident).toBeNull();
    pipeline.report({ source: '/monitor/b' });
    await pipeline.run(60);
    expect(await statusNow()).toBe('held');
  });

  it.each([
    ['was seen up in between', () => pipeline.report({ type: 'host.up' })],
    ['was silent for as long as a word counts', () => services.clock.sleep(900_000)],
  ])('that is dismissed is opened by the same reporter once it %s', async (_, meanwhile) => {
    await say('dismiss');
    await meanwhile();
    await pipeline.run(30);
    pipeline.report();
    await pipeline.run(60);
    expect(await statusNow()).toBe('held');
  });
});

describe('a stopped host', () => {
  /** While an evacuation is asked for, its device says off and a reporter says up, again and again. */
  async function contradict(): Promise<void> {
    await begin({ evacuation: { maxInFlight: 1 } });
    services.cloud.during = async (action) => {
      if (!action.startsWith('evacuate')) return;
      services.cloud.during = () => {};
      await services.clock.sleep(8_000);
      pipeline.report({ type: 'host.up', source: '/monitor/b' });
    };
    pipeline.report();
    await pipeline.run(300);
    expect(await statusNow()).toBe('stopped');
  }
  beforeEach(contradict);

  it('has let go of its tokens, and stops its segment', async () => {
    expect((await loadTokens(services.state, 'default', 'RegionOne')).value.byIncident).toEqual({});
    expect((await guardNow()).stops).toHaveLength(1);
  });

  it('that is released goes on to its end with new readings, and its segment too', async () => {
    expect(await say('release')).toMatch(/^obeyed: the stop is lifted/);
    expect((await guardNow()).stops).toEqual([]);
    await pipeline.run();
    expect(await outcomeNow()).toBe('recovered');
    expect(services.cloud.doubles).toEqual([]);
  });

  it('is not released by who names gates: that was asked for while it was held', async () => {
    expect(await say('release', ['healthy-hosts'])).toMatch(/^refused: it is stopped now/);
    expect(await statusNow()).toBe('stopped');
    expect((await guardNow()).stops).toHaveLength(1);
  });

  it('that is released, and contradicts itself again, is stopped again', async () => {
    await say('release');
    await pipeline.run(1);
    services.clock.nowMs += 6_000;
    pipeline.report({ type: 'host.up', source: '/monitor/b' });
    await pipeline.run(60);
    expect(await statusNow()).toBe('stopped');
  });

  it('that is dismissed hands its instances to a person, lifts the stop, and says what was done', async () => {
    const { id } = (await hostNow())?.incident ?? { id: '' };
    expect(await say('dismiss')).toMatch(
      /^obeyed: its instances are handed to a person; its power was switched off .* Nova may have it forced down; instances of it were evacuated$/,
    );
    await pipeline.run(60);
    expect(await outcomeNow()).toBe('dismissed');
    expect((await guardNow()).stops).toEqual([]);
    const outcomes = (await loadTasks(services.state, id)).map(({ value }) =>
      value.progress.status === 'ended' ? value.progress.outcome : value.progress.status,
    );
    expect(outcomes.sort()).toEqual(['person', 'person', 'recovered']);
    expect((await factsOf(`incident#${id}`, 'incident-closed'))[0]).toMatchObject({
      outcome: 'dismissed',
      counts: { person: 2, recovered: 1 },
    });
  });
});

describe('the deadline', () => {
  it('gives to a person what a device that died in the middle keeps from going on', async () => {
    await begin({ evacuation: { maxInFlight: 1, deadlineSeconds: 600 } });
    services.cloud.during = (action) => {
      if (!action.startsWith('evacuate')) return;
      services.cloud.power = 'unknown';
      services.cloud.services = services.cloud.services.map((each) => ({ ...each, forcedDown: false }));
    };
    pipeline.report();
    await pipeline.run(300);
    // The proof is void by now, and can't be renewed.
    expect(await statusNow()).toBe('fencing');
    await pipeline.run(600);
    expect(await outcomeNow()).toBe('partly-recovered');
    expect((await loadTokens(services.state, 'default', 'RegionOne')).value.byIncident).toEqual({});
  });

  it('ends an incident whose host can not be proven off, each instance with its outcome', async () => {
    await begin({ evacuation: { deadlineSeconds: 600 } });
    services.cloud.deaf.add('compute-1');
    pipeline.report();
    await pipeline.run(60);
    const { id } = (await hostNow())?.incident ?? { id: '' };
    await pipeline.run(900);
    expect((await factsOf(`incident#${id}`, 'incident-closed'))[0]).toMatchObject({
      outcome: 'partly-recovered',
      counts: { person: 3 },
    });
    expect(services.cloud.actions).toEqual([]);
  });

  it.each([
    ['power-off', 'power-off-intended', 'power-read'],
    ['force-down', 'force-down-intended', 'forced-down'],
  ])('waits for what became of a %s whose function has died', async (died, intent, outcome) => {
    await begin({ evacuation: { deadlineSeconds: 60 } });
    services.cloud.during = async (action) => {
      if (!action.startsWith(died)) return;
      services.cloud.during = () => {};
      await services.clock.sleep(90_000);
      throw new Error('killed');
    };
    pipeline.report();
    await pipeline.run(600);
    const { id = '' } = (await hostNow())?.lastIncident ?? {};
    const { items } = await services.state.queryAudit(`incident#${id}`);
    const types = items.map((item) => (item.body as unknown as AuditRecord).fact.type);
    expect(types.slice(types.indexOf(intent) + 1, types.indexOf('deadline-passed'))).toContain(outcome);
  });

  it('waits for a Nova that is away', async () => {
    await begin({ evacuation: { deadlineSeconds: 600 } });
    services.cloud.deaf.add('compute-1');
    pipeline.report();
    await pipeline.run(600);
    services.cloud.novaIsAway = true;
    await pipeline.run(600);
    expect(await statusNow()).toBe('handing-over');
    services.cloud.novaIsAway = false;
    await pipeline.run(60);
    expect(await outcomeNow()).toBe('partly-recovered');
  });
});

describe('a command', () => {
  const disarm = () => aCommand('disarm', { time: iso(services.clock.now()) });

  it('has one record, however often its message comes', async () => {
    const command = disarm();
    for (let time = 0; time < 3; time += 1) await tell(command);
    await tell(aCommand('arm', { time: iso(services.clock.now()) }));
    await tell(command);
    expect((await factsOf('operators', 'obeyed')).map((fact) => fact.command)).toEqual(['disarm', 'arm']);
    expect((await loadGuard(services.state, 'global')).value.disarmed).toBeNull();
  });

  it('that can not be obeyed is refused on record, with the reason', async () => {
    const command = aCommand('disarm', { segment: 'az9', time: iso(services.clock.now()) });
    await tell(command);
    expect(await loadOutcome(services.state, command.id)).toMatchObject({
      type: 'refused',
      on: 'segment az9',
      said: 'the policy has no segment az9, but az1',
    });
    expect(await factsOf('operators', 'refused')).toHaveLength(1);
  });

  it.each([
    ['is not JSON', 'disarm!', /^the body is not JSON/],
    ['has a misspelt key', { ...aCommand('arm'), segmnt: 'az1' }, /segmnt/],
    ['is of no kind that there is', { ...aCommand('arm'), type: 'armed' }, /not a message of operator-commands/],
  ])('that %s is parked, and changes nothing', async (_, body, because) => {
    await tell(disarm());
    expect(await obeyOperator.handle(services, [aRecord(body)])).toEqual([]);
    const parked = await Array.fromAsync(listParked(services.state));
    expect(parked).toMatchObject([{ subject: 'operator-commands', because: expect.stringMatching(because) }]);
    expect((await loadGuard(services.state, 'global')).value.disarmed).not.toBeNull();
  });

  it.each<['state' | 'outbox', Fault]>([
    ['outbox', 'fails'],
    ['outbox', 'fails-afterwards'],
    ['state', 'fails'],
    ['state', 'fails-afterwards'],
    ['state', 'conflicts'],
  ])('whose function dies is obeyed by the repeat, once: %s %s', async (part, fault) => {
    await begin({ minHealthyHosts: 50 });
    pipeline.sweeps = false;
    pipeline.report();
    await pipeline.run(120);
    const command = await onIncident('release', ['healthy-hosts']);
    services[part].faults.plan(fault);
    pipeline.command(command);
    await pipeline.run(300);
    expect(await outcomeNow()).toBe('recovered');
    expect(await factsOf('operators', 'obeyed')).toHaveLength(1);
  });
});
