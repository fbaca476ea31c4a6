import type { Policy } from '#shared/domain/policy.ts';
import { aPolicy } from './builders.ts';
import { type FakeServices, fakeServices } from './fakes.ts';
import { Pipeline } from './pipeline.ts';

/**
 * A host that is recovered, comes back, is suspected for a moment, and dies again; the last incident is cut off while
 * its instances are evacuated. The store holds every kind of stream: open, ended and without tasks.
 */
export async function runThreeIncidents(
  policy: Policy = aPolicy({}, { graceSeconds: 30 }),
): Promise<{ readonly services: FakeServices; readonly pipeline: Pipeline }> {
  const services = fakeServices(policy);
  const pipeline = new Pipeline(services);
  const { cloud, clock } = services;
  await pipeline.start();
  pipeline.report();
  pipeline.report({ source: '/monitor/old', atMs: clock.now() - 3_600_000 });
  await pipeline.run(900);
  cloud.power = 'on';
  cloud.services = cloud.services.map((each) => ({ ...each, state: 'up', forcedDown: false }));
  cloud.servers = cloud.servers.map((each) => ({ ...each, host: 'compute-1' }));
  await clock.sleep(60_000);
  pipeline.report({ type: 'host.up' });
  await pipeline.run(60);
  pipeline.report();
  await pipeline.run(10);
  pipeline.report({ type: 'host.up', source: '/monitor/b' });
  await pipeline.run(60);
  cloud.services = cloud.services.map((each) => (each.host === 'compute-1' ? { ...each, state: 'down' } : each));
  pipeline.report();
  await pipeline.run(33);
  return { services, pipeline };
}
