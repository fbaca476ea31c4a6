import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, BlockList, createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { HostEvent } from '#events/host-event.ts';
import { asker } from '#infra/probe/ask.ts';
import { type Probe, startProbe } from '#infra/probe/probe.ts';
import { type Target, wayOf } from '#infra/probe/target.ts';
import { cloudFromSecret } from '#shared/adapters/openstack/cloud-config.ts';
import { probeServers } from '#shared/adapters/openstack/probe-servers.ts';
import { systemChance, systemClock } from '#shared/adapters/system/clock.ts';
import { connect } from '#shared/connect.ts';
import { startSimulatedCloud } from '#sim/cloud.ts';
import type { SimulatedCloud } from '#sim/controls.ts';
import { until } from '#test/infra/gateway/datagrams.ts';
import { fakeSecrets } from '#test/ingest/support.ts';

const ranges = new BlockList();
ranges.addSubnet('127.0.0.0', 8);

const closing: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}
const http = (status: number) =>
  listen(createHttpServer((_, response) => response.writeHead(status).end('x'.repeat(100_000))));

function targetAt(wanted: string, address = '127.0.0.1'): Target {
  const way = wayOf(wanted);
  if (way === undefined) throw new Error(`${wanted} is no way`);
  return { instanceId: wanted, host: 'compute-1', address, way, wanted };
}

describe('an instance answers', () => {
  const ask = asker(1_000);

  // A new machine may have none; CI has it installed.
  const canPing = spawnSync('ping', ['-V']).error === undefined || process.env.CI === 'true';
  it.skipIf(!canPing)('to ping', async () => {
    expect(await ask(targetAt('icmp'))).toBeUndefined();
  });

  it('by taking a connection', async () => {
    expect(await ask(targetAt(`tcp:${await listen(createServer())}`))).toBeUndefined();
  });

  it.each([200, 302, 404])('by HTTP, with %d', async (status) => {
    expect(await ask(targetAt(`http:${await http(status)}/healthz`))).toBeUndefined();
  });
});

describe('an instance does not answer', () => {
  const ask = asker(300);

  it('by refusing a connection', async () => {
    const server = createServer();
    const port = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    expect(await ask(targetAt(`tcp:${port}`))).toBe(`no connection to port ${port}: ECONNREFUSED`);
    expect(await ask(targetAt(`http:${port}`))).toBe(`no answer from port ${port}: ECONNREFUSED`);
  });

  it('by HTTP, with an error or with nothing', async () => {
    const broken = await http(503);
    expect(await ask(targetAt(`http:${broken}`))).toBe(`port ${broken} answered 503`);
    const mute = await listen(createServer(() => {}));
    expect(await ask(targetAt(`http:${mute}`))).toBe(`no answer from port ${mute} within 300 ms`);
  });
});

describe('a probe beside a cloud', () => {
  let cloud: SimulatedCloud;
  const events: HostEvent[] = [];

  async function start(): Promise<Probe> {
    const { username, password, projectName } = cloud.credentials.admin;
    const connection = connect(
      cloudFromSecret(
        {
          region_name: cloud.region,
          auth: {
            ...{ auth_url: cloud.authUrl, username, password, project_name: projectName },
            ...{ user_domain_name: 'Default', project_domain_name: 'Default' },
          },
        },
        'sim',
      ),
      fakeSecrets({}),
    );
    closing.push(() => connection.close());
    const probe = startProbe({
      ...{ source: '/probe/test', choice: { kind: 'fixed', ranges }, intervalMs: 50, misses: 3, concurrency: 4 },
      servers: probeServers(connection.session),
      ask: asker(200),
      forwarder: { offer: (event) => events.push(event) > 0 },
      clock: systemClock,
      chance: systemChance,
      log: { info: () => {}, warn: () => {}, error: () => {} },
    });
    closing.push(() => probe.stop());
    return probe;
  }

  /** Instances at addresses of this machine, each with a port of its own that it listens on. */
  async function boot(count: number): Promise<readonly { readonly id: string; readonly server: Server }[]> {
    events.splice(0);
    cloud = await startSimulatedCloud({ hosts: 2 });
    closing.push(() => cloud.stop());
    const booted = cloud.boot(count, { host: 'compute-1' });
    return Promise.all(
      booted.map(async (server, index) => {
        const listening = createServer();
        listening.listen(0, `127.0.0.${index + 1}`);
        await once(listening, 'listening');
        closing.push(() => listening.close());
        server.metadata['salvor:probe'] = `tcp:${(listening.address() as AddressInfo).port}`;
        const fixed = {
          version: 4,
          'OS-EXT-IPS:type': 'fixed',
          'OS-EXT-IPS-MAC:mac_addr': 'fa:16:3e:00:00:01',
        } as const;
        server.addresses = { net: [{ addr: `127.0.0.${index + 1}`, ...fixed }] };
        return { id: server.id, server: listening };
      }),
    );
  }

  it('says of which instance it hears nothing any more, and on which host it is', async () => {
    const [dead, , ,] = await boot(3);
    const probe = await start();
    await until(() => (probe.figures().asked ?? 0) > 9);
    dead?.server.close();
    await until(() => events.length > 0);
    expect(events).toMatchObject([
      { type: 'instance.down', source: '/probe/test', data: { host: 'compute-1', instanceId: dead?.id } },
    ]);
    expect(events[0]?.data.reason).toMatch(/^\d+ times in a row: no connection to port \d+: ECONNREFUSED$/);
  });

  it('says nothing of one that its owner has stopped a moment ago', async () => {
    const [dead] = await boot(3);
    const probe = await start();
    await until(() => (probe.figures().asked ?? 0) > 9);
    cloud.setState(dead?.id ?? '', { vmState: 'stopped' });
    dead?.server.close();
    await until(() => (probe.figures().missed ?? 0) > 6);
    expect(events).toEqual([]);
  });

  it('blames itself when it hears nobody', async () => {
    const all = await boot(3);
    const probe = await start();
    await until(() => (probe.figures().asked ?? 0) > 9);
    for (const { server } of all) server.close();
    await until(() => probe.blamesItself() !== undefined);
    await sleep(200);
    expect(probe.blamesItself()).toMatch(/^none of 3 instances has answered for/);
    expect(events).toEqual([]);
  });
});
