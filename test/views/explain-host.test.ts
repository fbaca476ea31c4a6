/** What an operator is told of a host, at every turn of its incidents, from the state that the real functions have written. */
import { beforeEach, describe, expect, it } from 'vitest';
import { listHosts } from '#shared/state/list-hosts.ts';
import { hostExplained } from '#shared/views/explain-host.ts';
import { aPolicy } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { Pipeline } from '#test/support/pipeline.ts';

let services: FakeServices;
let pipeline: Pipeline;
beforeEach(async () => {
  services = fakeServices(aPolicy({}, { graceSeconds: 30 }));
  pipeline = new Pipeline(services);
  await pipeline.start();
});

async function explained(host = 'compute-1') {
  const hosts = await Array.fromAsync(listHosts(services.state));
  const found = hosts.find(({ known }) => known.host === host);
  if (found === undefined) throw new Error(`no host ${host}`);
  const { verdict, paragraphs } = await hostExplained(services.state, found, services.clock.now());
  return { verdict, of: (title: string) => paragraphs.find((each) => each.title === title)?.sentences.join('\n') };
}

describe('salvor explain', () => {
  it('says that nothing was done to a host of which nobody has said anything', async () => {
    const { verdict, of } = await explained();
    expect(verdict).toBe('Nothing was done to compute-1: it never had an incident.');
    expect(of('Who says what of it')).toContain('No reporter has said anything of it');
    expect(of('If it failed now')).toContain('its devices were not asked yet');
  });

  it('counts down the grace period', async () => {
    pipeline.report();
    await pipeline.run(10);
    const { verdict, of } = await explained();
    expect(verdict).toMatch(/^compute-1 is not fenced yet: .* its grace period ends in \d+ s\.$/);
    expect(of('Who says what of it')).toMatch(/^\/monitor\/a said down at .* \(\d+ s ago\)\.$/m);
  });

  it('names each closed gate with its numbers', async () => {
    services.cloud.services = services.cloud.services.map((each) => ({ ...each, state: 'up' }));
    pipeline.report();
    await pipeline.run(60);
    const { verdict, of } = await explained();
    expect(verdict).toMatch(/^compute-1 is not fenced: since .* it is held by the gate nova-sees-it-down\.$/);
    expect(of('Why not')).toMatch(/^CLOSED nova-sees-it-down: Nova sees the service up/m);
  });

  it('says by what a fenced host was proven off, and what was asked before', async () => {
    pipeline.report();
    await pipeline.run(900);
    const { verdict, of } = await explained();
    expect(verdict).toMatch(/ended at .* as recovered, compute-1 was fenced \(proven off by power-off-read-back\): /);
    expect(of('What was asked before it was fenced')).toMatch(/^open reporters: 1 of 1 needed say down/m);
    expect(of('What happened')).toMatch(
      /it was proven off, .*\n.* instances were to be evacuated\.\n.* ended as recovered/,
    );
  });

  it('says why a host was let go that came back in its grace period', async () => {
    pipeline.report();
    await pipeline.run(10);
    pipeline.report({ type: 'host.up' });
    await pipeline.run(60);
    const { verdict, of } = await explained();
    expect(verdict).toMatch(/as stood-down, compute-1 was not fenced: /);
    expect(of('What was asked before it was fenced')).toBeUndefined();
  });

  it('says of a report that was not believed why', async () => {
    pipeline.report({ source: '/monitor/old', atMs: services.clock.now() - 3_600_000 });
    await pipeline.run(10);
    expect((await explained()).of('Who says what of it')).toMatch(/^\/monitor\/old was not believed at .*: .+\.$/m);
  });
});
