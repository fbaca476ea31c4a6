import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetch } from 'undici';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { freePort } from './free-port.ts';
import { connectedTo, type Ingest, startIngest } from './ingest.ts';
import { type Running, run } from './program.ts';

/**
 * Debian has no Consul any more, and to build one takes longer than all other tests together: `.ci/run` does it, by
 * `test/agents/build-consul.sh`. Elsewhere these are left out without one. What it sent is among the golden payloads.
 */
const CONSUL = process.env.SALVOR_CONSUL;
const isLeftOut = CONSUL === undefined && process.env.CI === undefined;
const HOW = 'test/agents/build-consul.sh FILE makes it, for SALVOR_CONSUL';

describe.skipIf(isLeftOut)(isLeftOut ? `Consul, left out: ${HOW}` : 'Consul', () => {
  it('is there', () => {
    expect(CONSUL, HOW).toSatisfy((file) => typeof file === 'string' && existsSync(file));
  });

  let ingest: Ingest;
  const agents: Running[] = [];
  let serverPorts: { readonly http: number; readonly serf: number };
  let watching: object;

  beforeEach(async () => {
    ingest = await startIngest();
    serverPorts = { http: await freePort(), serf: await freePort() };
    const [, watch = ''] = connectedTo(ingest, 'Consul').split('\n');
    const { watches } = JSON.parse(watch);
    watching = { watches: [...watches, { ...watches[0], type: 'nodes', state: undefined }] };
  });
  afterEach(async () => {
    await Promise.all(agents.splice(0).map((agent) => agent.stop()));
    await ingest.close();
  });

  async function start(node: string, more: object): Promise<Running> {
    const folder = join(ingest.folder, node);
    mkdirSync(folder, { recursive: true });
    const ports = {
      grpc: -1,
      dns: -1,
      http: await freePort(),
      serf_lan: await freePort(),
      server: await freePort(),
      serf_wan: -1,
    };
    // A dead agent is told by its neighbours within a second, and forgotten never.
    const gossip_lan = { gossip_interval: '50ms', probe_interval: '200ms', probe_timeout: '100ms', suspicion_mult: 2 };
    const fast = { gossip_lan, disable_update_check: true, leave_on_terminate: false };
    const config = { node_name: node, data_dir: join(folder, 'data'), bind_addr: '127.0.0.1', ports, ...fast, ...more };
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
    const agent = run(CONSUL ?? '', ['agent', '-config-file', join(folder, 'config.json')]);
    agents.push(agent);
    return agent;
  }
  const startServer = (more: object) =>
    start('server-1', {
      server: true,
      bootstrap: true,
      ports: { grpc: -1, dns: -1, serf_wan: -1, http: serverPorts.http, serf_lan: serverPorts.serf },
      ...more,
    });
  const startCompute = () =>
    start('compute-1', { retry_join: [`127.0.0.1:${serverPorts.serf}`], retry_interval: '1s' });
  const health = async (state: string): Promise<readonly { readonly Node: string }[]> => {
    const response = await fetch(`http://127.0.0.1:${serverPorts.http}/v1/health/state/${state}`);
    return (await response.json()) as readonly { readonly Node: string }[];
  };
  const passes = (node: string) =>
    vi.waitFor(async () => expect((await health('passing')).map(({ Node }) => Node)).toContain(node), {
      timeout: 60_000,
      interval: 200,
    });

  it('says by its watch that a host is down, and up when its agent is back', async () => {
    await startServer(watching);
    const compute = await startCompute();
    await passes('compute-1');
    compute.process.kill('SIGKILL');
    await ingest.events((all) => all.length > 0);
    await startCompute();
    const events = await ingest.events((all) => all.some(({ type }) => type === 'host.up'));
    expect(events.map(({ type, source, reporter, data: { host } }) => [type, source, reporter, host])).toEqual([
      ['host.down', '/consul', 'monitor', 'compute-1'],
      ['host.up', '/consul', 'monitor', 'compute-1'],
    ]);
  });

  it('says it again when it is asked every minute, by the commands of docs/sources.md', async () => {
    await startServer({});
    const compute = await startCompute();
    await passes('compute-1');
    compute.process.kill('SIGKILL');
    await vi.waitFor(async () => expect((await health('critical')).length).toBe(1), { timeout: 60_000, interval: 200 });
    const crontab = connectedTo(ingest, 'Consul').trim().split('\n').at(-1) ?? '';
    const command = crontab.replace('* * * * * ', '').replace('127.0.0.1:8500', `127.0.0.1:${serverPorts.http}`);
    const poll = run('sh', ['-c', command], { ...process.env, SALVOR_CONFIG: ingest.agentConfig });
    expect(await ingest.events((all) => all.length > 0)).toMatchObject([
      { type: 'host.down', data: { host: 'compute-1' } },
    ]);
    await poll.stop();
  });
});
