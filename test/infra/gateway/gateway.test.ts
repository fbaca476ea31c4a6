import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { type HttpServer, startHttpServer } from '#infra/embedded/http-server.ts';
import type { Sender } from '#infra/gateway/forward.ts';
import { type Gateway, type ReadDatagram, startGateway } from '#infra/gateway/gateway.ts';
import { hbv2Reader, kdumpReader } from '#infra/gateway/readers.ts';
import { httpSender } from '#infra/gateway/senders.ts';
import { type FakeIngest, fakeIngest, fakeSecrets } from '#test/ingest/support.ts';
import { seconds } from '#test/support/builders.ts';
import { hbv2, sendTo, until } from './datagrams.ts';

const KEY = randomBytes(32);
const KDUMP = Buffer.from('402a301b01000000', 'hex');
const secrets: Record<string, Record<string, string>> = {};
const names = new Map([['127.0.0.1', 'compute-2']]);

let salvor: FakeIngest;
let server: HttpServer;
let gateway: Gateway | undefined;

beforeEach(async () => {
  secrets.gateway = { token: 'right-right-right' };
  const events = ['host.heartbeat' as const, 'host.dumping' as const];
  const reporters = { beats: { token: 'gateway', events, maxEventsPerMinute: 3 } };
  salvor = fakeIngest({ reporters }, fakeSecrets(secrets));
  await mirrorInventory(salvor);
  server = await startHttpServer(salvor, { address: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
  await server.close();
  salvor.state.close();
});

const toSalvor = (overrides: Record<string, Record<string, string>> = secrets): Sender =>
  httpSender({ endpoint: server.url, secrets: fakeSecrets(overrides), token: 'gateway' });

async function start(read: ReadDatagram, sender: Sender = toSalvor()): Promise<Gateway> {
  const { clock, log } = salvor;
  gateway = await startGateway({
    ...{ kind: 'test', address: '127.0.0.1', port: 0, read, sender, clock, log, everyMs: 10, healthPort: 0 },
  });
  return gateway;
}
const hbv2s = (): ReadDatagram =>
  hbv2Reader(
    '/hbv2/gw',
    () => ({ keys: [KEY], perHost: false }),
    (name) => name,
  );
const sent = () => salvor.outbox.sent.map(({ message }) => message);
const health = async ({ healthPort }: Gateway) => (await fetch(`http://127.0.0.1:${healthPort}/healthz`)).status;

describe('the gateway for heartbeats', () => {
  it('brings each signed datagram to salvor once, in the name of its own token', async () => {
    const { port, figures } = await start(hbv2s());
    const beat = hbv2('compute-1', salvor.clock.now(), KEY);
    await sendTo(port, beat, beat, Buffer.from('nonsense'), hbv2('compute-2', salvor.clock.now(), KEY));
    await until(() => sent().length === 2);
    expect(sent()).toMatchObject([
      { type: 'host.heartbeat', source: '/hbv2/gw', reporter: 'beats', data: { host: 'compute-1' } },
      { type: 'host.heartbeat', data: { host: 'compute-2' } },
    ]);
    await until(() => figures().received === 4 && figures().forwarded === 2);
    expect(figures()).toMatchObject({ read: 2, repeated: 1, malformed: 1, forwarded: 2, refused: 0 });
    expect(salvor.lines.filter(({ level }) => level !== 'info')).toEqual([]);
  });

  it('keeps the newest of each host while salvor is out of reach, says so, and is not well after a minute', async () => {
    const wrong = { gateway: { token: 'wrong' } };
    const running = await start(hbv2s(), toSalvor(wrong));
    const { port, figures } = running;
    const firstMs = salvor.clock.now();
    for (let after = 0; after < 5; after += 1) await sendTo(port, hbv2('compute-1', firstMs + seconds(after), KEY));
    await until(() => salvor.lines.some(({ message }) => message === 'salvor is out of reach'));
    await until(() => figures().read === 5);
    expect(await health(running)).toBe(200);
    salvor.clock.nowMs += seconds(61);
    expect(await health(running)).toBe(503);
    wrong.gateway.token = 'right-right-right';
    await until(() => sent().length > 0);
    expect(sent()).toMatchObject([{ time: new Date(firstMs + seconds(4)).toISOString() }]);
    await until(() => figures().forwarded === 1);
    expect(await health(running)).toBe(200);
  });

  it('lets a flood of one address take a minute’s worth, and then none of it', async () => {
    const { port, figures } = await start(hbv2s());
    for (let round = 0; round < 13; round += 1)
      await sendTo(port, ...Array.from({ length: 100 }, () => Buffer.from('flood')));
    await until(() => (figures().received ?? 0) >= 1250);
    expect(figures().malformed).toBe(1200);
    expect(figures().flooded).toBeGreaterThan(0);
    expect(salvor.lines.filter(({ level }) => level !== 'info')).toEqual([]);
  });

  it('is not limited in how many hosts it brings', async () => {
    const { port, figures } = await start(hbv2s());
    for (let host = 0; host < 20; host += 1) await sendTo(port, hbv2(`compute-${host}`, salvor.clock.now(), KEY));
    await until(() => figures().forwarded === 20);
    expect(figures().refused).toBe(0);
  });

  it('goes on when salvor refuses what it says', async () => {
    secrets.gateway = { token: 'right-right-right' };
    const { port, figures } = await start((_datagram, _address, nowMs) => ({
      event: {
        ...{ specversion: '1.0', id: String(nowMs), source: '/x', type: 'host.down' },
        ...{ time: new Date(nowMs).toISOString(), data: { schemaVersion: 1, host: 'compute-1' } },
      },
    }));
    await sendTo(port, Buffer.from('any'));
    await until(() => figures().refused === 1);
    expect(salvor.lines).toContainEqual(
      expect.objectContaining({ message: 'salvor refuses events of this gateway', level: 'warn' }),
    );
    expect(sent()).toEqual([]);
  });
});

describe('the gateway for kernel dumps', () => {
  it('tells the host by the address that the packet came from, every few seconds', async () => {
    const { port, figures } = await start(kdumpReader('/kdump/gw', (address) => names.get(address)));
    await sendTo(port, KDUMP, KDUMP, KDUMP);
    await until(() => sent().length === 1);
    expect(sent()).toMatchObject([{ type: 'host.dumping', reporter: 'beats', data: { host: 'compute-2' } }]);
    await until(() => figures().repeated === 2);
    salvor.clock.nowMs += seconds(5);
    await sendTo(port, KDUMP);
    await until(() => sent().length === 2);
  });

  it('says nothing of an address that it does not know', async () => {
    const { port, figures } = await start(kdumpReader('/kdump/gw', () => undefined));
    await sendTo(port, KDUMP);
    await until(() => figures().unknownHost === 1);
    expect(figures().read).toBeUndefined();
  });
});
