import { aPolicy, aService, INSTANCE_ID, seconds, servicesOf } from './builders.ts';
import { type FakeServices, fakeServices } from './fakes.ts';
import { anInstanceDown, aProcessEvent, GONE } from './instances.ts';
import { Pipeline } from './pipeline.ts';

/**
 * An instance is restarted, by an answer that was lost and one that was refused, then moved, and is waited for at the end;
 * the processes of its host stop, are restarted by the edge, and run again. The store holds open incidents and ended ones.
 */
export async function runOthers(over: Partial<FakeServices> = {}): Promise<FakeServices> {
  const policy = aPolicy(
    {},
    {
      graceSeconds: 60,
      instanceRecovery: { protect: 'all', confirmSeconds: 5, maxRestarts: 2, thenMove: true },
      processRecovery: { restart: ['libvirtd'], worker: 'edge-1' },
    },
  );
  const services = { ...fakeServices(policy), ...over };
  const { cloud, clock } = services;
  cloud.services = [aService(), ...servicesOf(5).slice(1)];
  const pipeline = new Pipeline(services);
  await pipeline.start();
  const fails = (host = 'compute-1') => pipeline.hear(anInstanceDown(GONE, { atMs: clock.now(), host }));

  cloud.during = (action) => {
    if (!action.startsWith('reboot')) return;
    cloud.note(INSTANCE_ID, 'reboot');
    cloud.novaIsAway = true;
  };
  cloud.change(INSTANCE_ID, { taskState: 'powering-off' });
  fails();
  await pipeline.run(20);
  cloud.change(INSTANCE_ID, { taskState: null });
  await pipeline.run(20);
  cloud.during = () => {};
  cloud.novaIsAway = false;
  await pipeline.run(200);
  for (let round = 0; round < 2; round += 1) {
    fails();
    await pipeline.run(100);
    clock.nowMs += seconds(30);
  }
  pipeline.hear(aProcessEvent('down', 'libvirtd', { atMs: clock.now() }));
  await pipeline.run(100);
  pipeline.hear(aProcessEvent('up', 'libvirtd', { atMs: clock.now() }));
  await pipeline.run(400);
  pipeline.hear(aProcessEvent('down', 'nova-compute', { atMs: clock.now() }));
  cloud.change(INSTANCE_ID, { taskState: 'powering-off' });
  fails('compute-2');
  await pipeline.run(30);
  return services;
}
