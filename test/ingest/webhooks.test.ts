import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ingestApp } from '#shared/ingest/app.ts';
import { iso, NOW_MS, seconds } from '#test/support/builders.ts';
import { captured, PAYLOADS } from './sources/captured.ts';
import { type FakeIngest, fakeIngest, fakeSecrets } from './support.ts';

let services: FakeIngest;
let app: ReturnType<typeof ingestApp>;

beforeEach(() => {
  const reporters = {
    monitor: { token: 'monitor', maxEventsPerMinute: 8 },
    rack: { token: 'rack', hosts: ['compute-3'] },
  };
  const secrets = fakeSecrets({ monitor: { token: 'token-of-the-monitor' }, rack: { token: 'rack-token-of-rack-a' } });
  services = fakeIngest({ reporters }, secrets);
  app = ingestApp(services);
});
afterEach(() => services.state.close());

interface Options {
  readonly token?: string;
  readonly type?: string;
  readonly headers?: Record<string, string>;
}

const post = (
  path: string,
  body: unknown,
  { token = 'token-of-the-monitor', type = 'application/json', headers = {} }: Options = {},
) =>
  app.request(`/v1/webhooks/${path}`, {
    method: 'POST',
    headers: { 'content-type': type, authorization: `Bearer ${token}`, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const said = () =>
  services.outbox.take().map(({ message }) => `${message.type} ${'data' in message ? message.data.host : ''}`);
const critical = (...hosts: readonly string[]) =>
  hosts.map((Node) => ({ Node, CheckID: 'serfHealth', Status: 'critical', ModifyIndex: 8 }));
const alertOf = (alertname: string, host: string) => ({
  status: 'firing',
  labels: { alertname, host },
  startsAt: iso(NOW_MS - seconds(5)),
  fingerprint: `${alertname}-${host}`,
});
const notification = (...alerts: readonly object[]) => ({ version: '4', receiver: 'salvor', alerts });

describe('what programs send', () => {
  it.each(captured.map((each) => [each.file, each] as const))(
    'is taken: %s',
    async (_, { file, source, query, events }) => {
      const path = `${source}?${new URLSearchParams(query)}`;
      const response = await post(path, readFileSync(new URL(file, PAYLOADS), 'utf8'));
      expect(response.status).toBe(202);
      expect(await response.json()).toMatchObject({ accepted: events.length, refused: [] });
      expect(services.outbox.sent).toHaveLength(events.length);
    },
  );

  it('is said in the name of the reporter, with the program as the source', async () => {
    await post('alertmanager', notification(alertOf('HostDown', 'compute-1')));
    expect(services.outbox.sent).toMatchObject([{ message: { reporter: 'monitor', source: '/alertmanager/salvor' } }]);
  });

  it('is answered with what said nothing, and why', async () => {
    const response = await post('alertmanager', notification(alertOf('DiskFull', 'compute-1')));
    expect(await response.json()).toEqual({
      accepted: 0,
      refused: [],
      ignored: ['alert DiskFull is not one that means a dead host: query option alerts, or label salvor'],
    });
  });

  it('is answered with a hundred of such reasons at most', async () => {
    const many = Array.from({ length: 150 }, (_, index) => alertOf('DiskFull', `compute-${index}`));
    const { ignored } = (await (await post('alertmanager', notification(...many))).json()) as { ignored: string[] };
    expect(ignored).toHaveLength(101);
    expect(ignored.at(-1)).toBe('50 more');
  });

  it('may be a form', async () => {
    const form = new URLSearchParams({
      event_id: '1',
      event_value: '1',
      host_name: 'compute-1',
      event_name: 'agent is not available',
    });
    expect((await post('zabbix', form.toString(), { type: 'application/x-www-form-urlencoded' })).status).toBe(202);
    expect(said()).toEqual(['host.down compute-1']);
  });

  it('was seen when the sender kept it, and never later than now', async () => {
    const form = { event_id: '1', event_value: '1', host_name: 'compute-1', event_name: 'agent is not available' };
    const times: unknown[] = [];
    for (const at of [NOW_MS - seconds(300), NOW_MS + seconds(300)]) {
      await post('zabbix', form, { headers: { 'salvor-seen-at': iso(at) } });
      times.push(...services.outbox.take().map(({ message }) => ('time' in message ? message.time : undefined)));
    }
    expect(times).toEqual([iso(NOW_MS - seconds(300)), iso(NOW_MS)]);
  });
});

describe('it is refused', () => {
  it.each([
    [404, 'an unknown source', () => post('nobody', {})],
    [404, 'a name that every object has', () => post('constructor', {})],
    [
      405,
      'a GET',
      () => app.request('/v1/webhooks/consul', { headers: { authorization: 'Bearer token-of-the-monitor' } }),
    ],
    [401, 'a wrong token', () => post('consul', [], { token: 'guess' })],
    [415, 'a text', () => post('consul', '[]', { type: 'text/plain' })],
    [400, 'what is not JSON', () => post('consul', '[')],
    [400, 'what is of another program', () => post('alertmanager', { version: '1', alerts: [] })],
    [413, 'what is too long', () => post('consul', `"${'x'.repeat(1024 * 1024)}"`)],
    [
      403,
      'a host that the reporter may not speak of',
      () => post('consul', critical('compute-1'), { token: 'rack-token-of-rack-a' }),
    ],
  ] as const)('with %i for %s', async (status, _, send) => {
    const response = await send();
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(services.outbox.sent).toEqual([]);
  });

  it('with 503 while the queue is away, and the list is not taken for told', async () => {
    services.outbox.faults.plan('fails');
    expect((await post('consul', critical('compute-1'))).status).toBe(503);
    expect((await post('consul', critical('compute-1'))).status).toBe(202);
    expect(said()).toEqual(['host.down compute-1']);
  });

  it('with 429 when it is too much, and what is left over is said by the next list', async () => {
    const nine = critical(...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => `compute-${number}`));
    expect((await post('consul', nine)).status).toBe(429);
    expect(said()).toHaveLength(8);
    services.clock.nowMs += seconds(60);
    await post('consul', nine.slice(8));
    expect(said()).toEqual(['host.down compute-9']);
  });
});

describe("Consul's lists", () => {
  it('are compared with the last one of the same reporter', async () => {
    await post('consul', critical('compute-1', 'compute-3'));
    await post('consul', [], { token: 'rack-token-of-rack-a' });
    expect(said()).toEqual(['host.down compute-1', 'host.down compute-3']);
    await post('consul', critical('compute-3'));
    expect(said()).toEqual(['host.up compute-1']);
  });

  it('carry their index in a header', async () => {
    await post('consul', critical('compute-1'), { headers: { 'x-consul-index': '20' } });
    const late = await post('consul', [], { headers: { 'x-consul-index': '19' } });
    expect(await late.json()).toMatchObject({ accepted: 0, ignored: ['index 19 is older than 20'] });
  });

  it('are in the queue before they are remembered: a crash between the two loses nothing', async () => {
    services.state.faults.plan('fails');
    expect((await post('consul', critical('compute-1'))).status).toBe(503);
    const [first] = services.outbox.take();
    services.clock.nowMs += seconds(5);
    expect((await post('consul', critical('compute-1'))).status).toBe(202);
    const [again] = services.outbox.take();
    expect(again?.message).toMatchObject({ id: first?.message && 'id' in first.message ? first.message.id : '' });
  });

  it('that lose a race are decided again, against the one that won', async () => {
    services.state.faults.plan('conflicts');
    expect((await post('consul', critical('compute-1'))).status).toBe(202);
    await post('consul', []);
    expect(said().at(-1)).toBe('host.up compute-1');
  });

  it('that lose every race are to be sent again', async () => {
    for (let race = 0; race < 8; race += 1) services.state.faults.plan('conflicts', race);
    expect((await post('consul', critical('compute-1'))).status).toBe(503);
  });
});
