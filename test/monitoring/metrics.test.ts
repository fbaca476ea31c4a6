/** What Prometheus scrapes, of what the real functions have written; and that whoever may not look does not. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sweep } from '#functions/sweep.ts';
import { siteApp } from '#infra/embedded/site-app.ts';
import { METRICS } from '#shared/metrics/definitions.ts';
import { aPolicy, type PolicyInput } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { Pipeline } from '#test/support/pipeline.ts';

const TOKEN = 'a-token-of-a-viewer';
const HERE = { headers: { host: '127.0.0.1' } };
let services: FakeServices;
let pipeline: Pipeline;
beforeEach(() => start());
afterEach(() => services.state.close());

async function start(policy: Partial<PolicyInput> = {}): Promise<void> {
  services = fakeServices(aPolicy({ watch: { everySeconds: 5 }, ...policy }, { graceSeconds: 30 }));
  pipeline = new Pipeline(services);
  await pipeline.start();
}

function app(isLocal = true) {
  const oldestAtMs = services.clock.nowMs - 7000;
  const depth = { name: 'fence-host', waiting: 2, inFlight: 1, delayed: 0, deadLetters: 3, oldestAtMs };
  const queues = { look: async () => ({ queues: [depth], clockOffMs: 0 }) };
  const secrets = { get: async () => ({ token: TOKEN }) };
  const tokens = { uri: async () => '', check: async () => undefined } as never;
  return siteApp({ ...services, secrets, tokens, isLocal, queues });
}

async function scrape(): Promise<ReadonlyMap<string, number>> {
  const response = await app().request('http://127.0.0.1/metrics', HERE);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

describe('GET /metrics', () => {
  it('tells of a host that dies and is recovered, as it goes', async () => {
    const before = await scrape();
    expect(before.get('salvor_hosts{segment="az1",state="down"}')).toBe(1);
    expect(before.get('salvor_incidents_open{segment="az1",status="suspected"}')).toBe(0);
    expect(before.get('salvor_queue_messages{queue="fence-host",state="waiting"}')).toBe(2);
    expect(before.get('salvor_queue_oldest_message_seconds{queue="fence-host"}')).toBe(7);
    expect(before.get('salvor_dead_letters{queue="fence-host"}')).toBe(3);
    pipeline.report();
    await pipeline.run(10);
    expect((await scrape()).get('salvor_incidents_open{segment="az1",status="suspected"}')).toBe(1);
    await pipeline.run();
    const after = await scrape();
    expect(after.get('salvor_incidents_open{segment="az1",status="suspected"}')).toBe(0);
    expect(after.get('salvor_incidents_total{segment="az1",outcome="recovered"}')).toBe(1);
    expect(after.get('salvor_incident_duration_seconds_count{segment="az1"}')).toBe(1);
    expect(after.get('salvor_incident_duration_seconds_sum{segment="az1"}')).toBeGreaterThan(30);
    expect(after.get('salvor_reporter_last_heard_timestamp_seconds{reporter="/monitor/a"}')).toBeGreaterThan(0);
  });

  it('counts an incident that ends between two scrapes once', async () => {
    const { siteMetrics } = await import('#shared/metrics/site-metrics.ts');
    const metrics = siteMetrics(services, undefined);
    pipeline.report();
    for (let scrapes = 0; scrapes < 6; scrapes += 1) {
      await pipeline.run(60);
      services.clock.nowMs += 10_000;
      await metrics();
    }
    services.clock.nowMs += 10_000;
    expect(await metrics()).toContain('salvor_incidents_total{segment="az1",outcome="recovered"} 1\n');
  });

  it('says that salvor is not alive when sweep has not run', async () => {
    expect((await scrape()).get('salvor_alive')).toBe(0);
  });

  it('says nothing of what it does not know, and so rings no alarm on an end in 1970', async () => {
    const unknown = [...(await scrape()).keys()].filter((name) => /expiry|last_nova_look|last_sweep/.test(name));
    expect(unknown).toEqual([]);
  });

  it('has the help and the type of each that it tells', async () => {
    await sweep(services);
    const text = await (await app().request('http://127.0.0.1/metrics', HERE)).text();
    const unknown = ['salvor_last_nova_look_timestamp_seconds', 'salvor_account_expiry_timestamp_seconds'];
    for (const [name, { type, help }] of Object.entries(METRICS)) {
      if (unknown.includes(name)) continue;
      expect(text).toContain(`# HELP ${name} ${help}\n`);
      expect(text).toContain(`# TYPE ${name} ${type}\n`);
    }
  });

  it('is for this machine only, unless the policy says who may look', async () => {
    expect((await app(false).request('http://salvor.test/metrics')).status).toBe(403);
    expect((await app().request('http://evil.test/metrics', { headers: { host: 'evil.test' } })).status).toBe(403);
    await start({ access: { people: { prometheus: { token: 'of-prometheus', role: 'viewer' } } } });
    expect((await app(false).request('http://salvor.test/metrics')).status).toBe(401);
    const headers = { authorization: `Bearer ${TOKEN}` };
    expect((await app(false).request('http://salvor.test/metrics', { headers })).status).toBe(200);
  });
});

describe('names', () => {
  it.each(Object.entries(METRICS))('%s is by the conventions of Prometheus', (name, { type, help, labels }) => {
    expect(name).toMatch(/^salvor(_[a-z]+)+$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    expect(name).not.toMatch(/_(ms|minutes|hours|days|percent)(_|$)/);
    expect(help).toMatch(/\.$/);
    for (const label of labels) expect(label).toMatch(/^[a-z]+$/);
  });
});
