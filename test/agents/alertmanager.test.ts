import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetch } from 'undici';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { freePort } from './free-port.ts';
import { connectedTo, type Ingest, startIngest } from './ingest.ts';
import { describeWith, missingPrograms, type Running, run } from './program.ts';

describeWith('Alertmanager', missingPrograms('prometheus-alertmanager'), () => {
  let ingest: Ingest;
  let alertmanager: Running;
  let api: string;

  beforeEach(async () => {
    ingest = await startIngest();
    const port = await freePort();
    const config = join(ingest.folder, 'alertmanager.yml');
    const { receivers, route } = parse(connectedTo(ingest, 'Alertmanager'));
    // Everything goes to salvor, and at once; how often it is said again is as the page has it.
    const quick = { ...route, receiver: 'salvor', group_wait: '0s', group_interval: '1s', routes: [] };
    writeFileSync(config, stringify({ receivers, route: quick }));
    const paths = [`--config.file=${config}`, `--storage.path=${join(ingest.folder, 'data')}`];
    const listen = [`--web.listen-address=127.0.0.1:${port}`, '--cluster.listen-address='];
    alertmanager = run('prometheus-alertmanager', [...paths, ...listen]);
    api = `http://127.0.0.1:${port}/api/v2/alerts`;
    await vi.waitFor(async () => expect((await fetch(api)).status).toBe(200), { timeout: 20_000, interval: 100 });
  });
  afterEach(async () => {
    await alertmanager.stop();
    await ingest.close();
  });

  const alert = (alertname: string, instance: string, endsAt?: string) => ({
    labels: { alertname, instance, job: 'node' },
    annotations: { summary: `${instance} does not answer` },
    ...(endsAt === undefined ? {} : { endsAt }),
  });
  const raise = (...alerts: readonly object[]) =>
    fetch(api, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(alerts) });

  it('says that hosts are down, and up again when their alerts are resolved', async () => {
    await raise(
      alert('HostDown', 'compute-1:9100'),
      alert('HostDown', 'compute-2:9100'),
      alert('DiskFull', 'compute-3:9100'),
    );
    await ingest.events((events) => events.length >= 2);
    await raise(alert('HostDown', 'compute-1:9100', new Date().toISOString()));
    const events = await ingest.events((all) => all.some(({ type }) => type === 'host.up'));
    const downs = events.filter(({ type }) => type === 'host.down').map(({ data }) => data.host);
    expect([...new Set(downs)].sort()).toEqual(['compute-1', 'compute-2']);
    expect(events.filter(({ type }) => type === 'host.up')).toMatchObject([
      { source: '/alertmanager/salvor', reporter: 'monitor', data: { host: 'compute-1' } },
    ]);
  });

  it('sends it again while salvor is away', async () => {
    ingest.away(503);
    await raise(alert('HostDown', 'compute-1:9100'));
    await vi.waitFor(() => expect(ingest.requests.length).toBeGreaterThan(0), { timeout: 20_000 });
    ingest.away(undefined);
    expect(await ingest.events((all) => all.length > 0)).toMatchObject([
      { type: 'host.down', data: { host: 'compute-1' } },
    ]);
  });
});
