/** What stands on one screen, at every turn of an incident, from the state that the real functions have written. */
import { beforeEach, describe, expect, it } from 'vitest';
import { statusText } from '#cli/commands/status.ts';
import { hostItemKey } from '#shared/state/hosts.ts';
import { History } from '#shared/views/history.ts';
import { loadNow, regionsOf } from '#shared/views/now.ts';
import { aPolicy } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { aCommand } from '#test/support/operator.ts';
import { Pipeline } from '#test/support/pipeline.ts';

let services: FakeServices;
let pipeline: Pipeline;
beforeEach(async () => {
  services = fakeServices(aPolicy({}, { graceSeconds: 30 }));
  pipeline = new Pipeline(services);
  await pipeline.start();
});

const now = async () => loadNow(services.state, await regionsOf(services.state), services.clock.now());
const tileOf = async (host: string) => (await now()).hosts.find((each) => each.host === host);
const text = async () => statusText(await now());

describe('now', () => {
  it('is quiet while all is well', async () => {
    await pipeline.run(120);
    const { segments, incidents, needs, hosts } = await now();
    expect(segments).toMatchObject([
      { segment: 'az1', hosts: hosts.length, disarmed: false, notFenceable: 0, survivesOne: null },
    ]);
    expect({ incidents, needs }).toEqual({ incidents: [], needs: [] });
    expect(await text()).toMatch(/no incident is open, nothing needs you; salvor was last at work \d+ s ago/);
  });

  it('shows a host through its incident, and each of its instances', async () => {
    pipeline.report();
    await pipeline.run(10);
    expect(await tileOf('compute-1')).toMatchObject({ state: 'suspected' });
    await pipeline.run(32);
    const { incidents } = await now();
    expect(await tileOf('compute-1')).toMatchObject({ state: 'recovering' });
    const [incident] = incidents;
    expect(incident).toMatchObject({ host: 'compute-1', status: 'evacuating', total: 3 });
    expect(incident?.instances.map(({ name, phase }) => [name, phase])).toContainEqual([
      expect.any(String),
      'evacuating',
    ]);
    expect(await text()).toMatch(/^compute-1 +evacuating +\d+ s +\d of 3 done/m);
    await pipeline.run(900);
    expect((await now()).incidents).toEqual([]);
  });

  it('says of a held host what a person may type', async () => {
    services.cloud.services = services.cloud.services.map((each) => ({ ...each, state: 'up' }));
    pipeline.report();
    await pipeline.run(60);
    expect(await tileOf('compute-1')).toMatchObject({ state: 'held' });
    expect((await now()).incidents).toMatchObject([{ closed: [{ gate: 'nova-sees-it-down', releasable: true }] }]);
    expect((await now()).needs).toMatchObject([
      {
        about: 'compute-1',
        says: 'said to be down, and held by nova-sees-it-down',
        commands: [
          'salvor explain compute-1',
          'salvor release compute-1 --reason …',
          'salvor dismiss compute-1 --reason …',
        ],
      },
    ]);
    expect(await text()).toContain('NEEDS YOU\n  compute-1: said to be down, and held by nova-sees-it-down');
  });

  it('asks for a confirmation where no device answers', async () => {
    services.cloud.deaf.add('compute-1');
    pipeline.report();
    await pipeline.run(90);
    expect(await tileOf('compute-1')).toMatchObject({ state: 'fencing' });
    expect((await now()).needs).toMatchObject([
      {
        says: expect.stringMatching(/^not proven off after \d+ tries: no power state/),
        commands: [expect.stringContaining('confirm-off')],
      },
    ]);
  });

  it('shows all the rest where something can not be read, and says so; so do the lists', async () => {
    pipeline.report();
    await pipeline.run(10);
    const time = services.clock.now().toString(16).padStart(12, '0');
    const broken = { kind: 'put', expect: 'absent', body: { unreadable: 'not {JSON' } } as const;
    await services.state.transact([
      { ...broken, ...hostItemKey('broken'), dueAtMs: services.clock.now() },
      { ...broken, partition: 'incidents', sort: `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000` },
    ]);
    const { incidents, needs } = await now();
    expect(incidents).toMatchObject([{ host: 'compute-1' }]);
    expect(needs).toMatchObject([
      { about: 'salvor', says: 'the state of a host can not be read, and stands still', commands: ['salvor doctor'] },
      { about: 'salvor', says: 'an incident of the list can not be read' },
    ]);
    expect(await new History(services.state).list({})).toMatchObject([{ host: 'compute-1' }]);
  });

  it('shows who has disarmed what', async () => {
    pipeline.command(aCommand('disarm', { segment: 'az1' }));
    await pipeline.run(5);
    const { segments } = await now();
    expect(segments).toMatchObject([{ segment: 'az1', disarmed: true }]);
    expect(await text()).toMatch(/something is DISARMED.*\nDISARMED: segment az1, by /);
  });

  it('shows what Nova says of hosts without an incident', async () => {
    services.cloud.services = services.cloud.services.map((each) => {
      if (each.host === 'compute-2') return { ...each, status: 'disabled' as const, disabledReason: 'new disks' };
      return each.host === 'compute-3' ? { ...each, state: 'down' as const } : each;
    });
    await pipeline.start();
    expect(await tileOf('compute-2')).toMatchObject({ state: 'disabled', why: ['new disks'] });
    expect(await tileOf('compute-3')).toMatchObject({ state: 'down' });
    expect(await text()).toMatch(/^az1 +6 +3 +2 down, 1 disabled +0 +not known$/m);
  });
});
