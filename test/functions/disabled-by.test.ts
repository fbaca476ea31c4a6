/** Planned work, processes that have stopped and reserved hosts disable services: none of them undoes another. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { obeyOperator } from '#functions/obey-operator.ts';
import { replayHost } from '#shared/domain/replay/replay.ts';
import { hostItemKey, loadHost } from '#shared/state/hosts.ts';
import { put } from '#shared/state/items.ts';
import { loadProcesses } from '#shared/state/processes.ts';
import { readHostLog } from '#shared/state/read-log.ts';
import { aHost, aPolicy, aService, HOST_KEY, iso, SERVICE_ID, servicesOf } from '#test/support/builders.ts';
import { aRecord, type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { aProcessEvent } from '#test/support/instances.ts';
import { aCommand } from '#test/support/operator.ts';
import { Pipeline } from '#test/support/pipeline.ts';
import { aReturn } from '#test/support/returns.ts';

const OF_PROCESS = 'salvor: process libvirtd down';
const OF_WORK = 'salvor maintenance by ann: network test';
const OF_RESERVE = 'reserved: rack 2';
let services: FakeServices;
let pipeline: Pipeline;
afterEach(() => services.state.close());

const changes = () => services.cloud.actions.filter((action) => /^(enable|disable)/.test(action));
const command = (type: 'maintenance-on' | 'maintenance-off', hostKey = HOST_KEY) =>
  pipeline.command(aCommand(type, { hostKey, time: iso(services.clock.now()) }));

describe('planned work, and a process that has stopped', () => {
  const service = () => services.cloud.services.find(({ id }) => id === SERVICE_ID);
  const says = (what: 'down' | 'up') => pipeline.hear(aProcessEvent(what, 'libvirtd', { atMs: services.clock.now() }));
  const processes = async () => (await loadProcesses(services.state, HOST_KEY)).value;

  beforeEach(async () => {
    services = fakeServices(aPolicy({}, { processRecovery: {} }));
    services.cloud.services = [aService(), ...servicesOf(5).slice(1)];
    pipeline = new Pipeline(services);
    await pipeline.start();
    says('down');
    await pipeline.run(30);
    expect(service()).toMatchObject({ status: 'disabled', disabledReason: OF_PROCESS });
  });

  it('leaves the process to whoever works on the host, and enables it when the work is over', async () => {
    command('maintenance-on');
    await pipeline.run(30);
    expect(service()).toMatchObject({ status: 'disabled', disabledReason: OF_WORK });
    expect(await processes()).toMatchObject({ incident: null, lastIncident: { outcome: 'left' } });
    says('up');
    await pipeline.run(900);
    expect(changes()).toEqual(['disable', 'disable']);
    command('maintenance-off');
    await pipeline.run(60);
    expect(service()).toMatchObject({ status: 'enabled' });
    expect((await loadHost(services.state, HOST_KEY))?.value.lastReturn).toMatchObject({ outcome: 'returned' });
    expect(replayHost(await readHostLog(services.state, HOST_KEY))).toMatchObject({ different: 0, undecided: 0 });
  });

  it('enables nothing for a process in the middle of the work, whichever reason has come last', async () => {
    command('maintenance-on');
    await pipeline.run(0);
    // The two requests have crossed.
    services.cloud.changeService(SERVICE_ID, { disabledReason: OF_PROCESS });
    says('up');
    await pipeline.run(900);
    expect(service()).toMatchObject({ status: 'disabled', disabledReason: OF_PROCESS });
    expect((await processes()).incident).toMatchObject({ heldBy: 'it is in maintenance by ann: network test' });
    command('maintenance-off');
    await pipeline.run(300);
    expect(service()).toMatchObject({ status: 'enabled' });
    expect(await processes()).toMatchObject({ incident: null, lastIncident: { outcome: 'recovered' } });
    expect(pipeline.deadLetters).toEqual([]);
  });
});

describe('a reserved host', () => {
  let spare: string;
  let spareKey: string;
  const service = () => services.cloud.services.find(({ id }) => id === spare);

  beforeEach(async () => {
    const reservedHosts = { names: ['compute-2'] };
    services = fakeServices(
      aPolicy(
        {},
        {
          graceSeconds: 0,
          evacuation: { deadlineSeconds: 7200 },
          destinations: { method: 'reserved_host', reservedHosts },
        },
      ),
    );
    spare = services.cloud.services.find(({ host }) => host === 'compute-2')?.id ?? '';
    spareKey = HOST_KEY.replace(SERVICE_ID, spare);
    services.cloud.changeService(spare, { status: 'disabled', disabledReason: OF_RESERVE });
    pipeline = new Pipeline(services);
    await pipeline.start();
  });

  it('is not woken while it is worked on, and is when the work is over', async () => {
    command('maintenance-on', spareKey);
    await pipeline.run(30);
    pipeline.report();
    await pipeline.run(1800);
    expect(changes()).toEqual([]);
    expect(service()).toMatchObject({ status: 'disabled', disabledReason: OF_RESERVE });
    command('maintenance-off', spareKey);
    await pipeline.run(1800);
    expect(changes()).toEqual(['enable']);
    expect(services.cloud.servers.map(({ host }) => host)).toEqual(Array(3).fill('compute-2'));
  });

  it('is not woken when the work begins right before', async () => {
    const { compute } = services;
    let begun = 0;
    const service = async (host: string) => {
      const seen = await compute.service(host);
      if (host === 'compute-2' && begun++ === 0) {
        const on = aCommand('maintenance-on', { hostKey: spareKey, time: iso(services.clock.now()) });
        await obeyOperator.handle(services, [aRecord(on)]);
      }
      return seen;
    };
    pipeline = new Pipeline({ ...services, compute: { ...compute, service } });
    await pipeline.start();
    pipeline.report();
    await pipeline.run(1800);
    expect(begun).toBeGreaterThan(0);
    expect(changes()).toEqual([]);
  });

  it('was woken, needed by nobody, and worked on when that shows: it sleeps again when the work is over', async () => {
    services.cloud.readMs = 1;
    services.cloud.during = (action) => {
      if (!action.startsWith('enable')) return;
      services.cloud.servers = [];
      command('maintenance-on', spareKey);
    };
    pipeline.report();
    await pipeline.run(300);
    expect((await loadHost(services.state, spareKey))?.value.maintenance).toMatchObject({ status: 'away' });
    expect(service()).toMatchObject({ status: 'disabled', disabledReason: OF_RESERVE });
    services.cloud.during = () => undefined;
    command('maintenance-off', spareKey);
    await pipeline.run(600);
    expect(service()).toMatchObject({ status: 'disabled', disabledReason: OF_RESERVE });
    expect((await loadHost(services.state, spareKey))?.value).toMatchObject({ maintenance: null, returning: null });
    expect(changes().filter((change) => change === 'enable')).toHaveLength(1);
    expect(replayHost(await readHostLog(services.state, HOST_KEY))).toMatchObject({ different: 0, undecided: 0 });
    expect(replayHost(await readHostLog(services.state, spareKey))).toMatchObject({ different: 0, undecided: 0 });
  });

  it('that holds instances by then is a host like any other, and is enabled when the work is over', async () => {
    pipeline.report();
    await pipeline.run(300);
    expect(services.cloud.servers.map(({ host }) => host)).toEqual(Array(3).fill('compute-2'));
    command('maintenance-on', spareKey);
    await pipeline.run(60);
    command('maintenance-off', spareKey);
    await pipeline.run(600);
    expect(service()).toMatchObject({ status: 'enabled' });
  });

  it('is not woken while it is on its way back', async () => {
    const host = { ...aHost(), key: spareKey, name: 'compute-2', serviceId: spare, returning: aReturn('waiting') };
    await services.state.transact([put(hostItemKey(spareKey), 'absent', host)]);
    pipeline.report();
    await pipeline.run(600);
    expect(changes()).toEqual([]);
  });
});
