import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { HostEvent } from '#events/host-event.ts';
import { AGENTS, type Ingest, startIngest } from './ingest.ts';
import { describeWith, missingPrograms, type Running, run, withSbin } from './program.ts';

const NODE = fileURLToPath(new URL('./pacemaker-node.sh', import.meta.url));
const NAMESPACES = ['--mount', '--net', '--uts', '--pid', '--fork', '--mount-proc'];
/** The test's end of its cable to n1, and n1's. */
const [HERE, THERE] = ['10.77.1.254', '10.77.1.1'];

const sh = (command: string, ...args: readonly string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', env: withSbin(), stdio: ['ignore', 'pipe', 'pipe'] });

function missing(): string | undefined {
  const programs = missingPrograms('pacemakerd', 'corosync', 'crm_mon', 'ip', 'unshare', 'nsenter', 'curl');
  if (programs !== undefined) return programs;
  try {
    sh('unshare', ...NAMESPACES, 'ip', 'link', 'set', 'lo', 'up');
    return undefined;
  } catch {
    return 'namespaces can not be made (needs root)';
  }
}

describeWith('Pacemaker', missing(), () => {
  let ingest: Ingest;
  let relay: Server;
  let nodes: Running[];

  const childOf = ({ process: { pid } }: Running): string =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  /** Runs a command on a node. */
  const on = (node: number, ...command: readonly string[]): string => {
    const running = nodes[node - 1];
    if (running === undefined) throw new Error(`there is no node ${node}`);
    return sh('nsenter', '--target', childOf(running), '--mount', '--net', '--uts', '--pid', ...command);
  };
  const cable = (one: string, other: string, node: number): void => {
    const running = nodes[node - 1];
    if (running !== undefined) sh('ip', 'link', 'set', one, 'netns', childOf(running), 'name', other);
  };

  beforeEach(async () => {
    ingest = await startIngest();
    // Pacemaker runs its alert agents as hacluster.
    const [uid, gid] = ['-u', '-g'].map((option) => Number(sh('id', option, 'hacluster')));
    const spool = join(ingest.folder, 'spool');
    mkdirSync(spool);
    chmodSync(ingest.folder, 0o755);
    for (const path of [spool, ingest.tokenFile]) chownSync(path, uid ?? 0, gid ?? 0);

    const port = new URL(ingest.url).port;
    const config = join(ingest.folder, 'cluster.conf');
    writeFileSync(config, readFileSync(ingest.agentConfig, 'utf8').replace(ingest.url, `http://${HERE}:${port}`));
    const args = [`${AGENTS}pacemaker-alert.sh`, config];
    nodes = [1, 2].map((node) =>
      run('unshare', [...NAMESPACES, '--kill-child', NODE, `n${node}`, 'cluster', `10.77.0.${node}`, ...args]),
    );
    await vi.waitFor(() => expect(nodes.every((node) => childOf(node) !== '')).toBe(true), { timeout: 5_000 });
    const id = process.pid % 100_000;
    sh('ip', 'link', 'add', `sv${id}a`, 'type', 'veth', 'peer', 'name', `sv${id}b`);
    cable(`sv${id}a`, 'cluster', 1);
    cable(`sv${id}b`, 'cluster', 2);
    sh('ip', 'link', 'add', `sv${id}c`, 'type', 'veth', 'peer', 'name', `sv${id}d`);
    cable(`sv${id}d`, 'outside', 1);
    sh('ip', 'address', 'add', `${HERE}/24`, 'dev', `sv${id}c`);
    sh('ip', 'link', 'set', `sv${id}c`, 'up');
    on(1, 'ip', 'address', 'add', `${THERE}/24`, 'dev', 'outside');
    on(1, 'ip', 'link', 'set', 'outside', 'up');
    // Both nodes have a loopback of their own: n1 reaches the test's server through the cable.
    relay = createServer((client) => {
      const server = connect(Number(port), '127.0.0.1');
      for (const socket of [client, server]) socket.on('error', () => client.destroy() && server.destroy());
      client.pipe(server).pipe(client);
    }).listen(Number(port), HERE);
  });
  afterEach(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    relay.close();
    await ingest.close();
  });

  it('says which nodes are lost and joined, and what it fenced, for people only', async () => {
    const is = (type: HostEvent['type'], host: string) => (events: readonly HostEvent[]) =>
      events.some((event) => event.type === type && event.data.host === host);
    await vi.waitFor(() => expect(on(1, 'crm_mon', '-1')).toMatch(/dummy.*Started n1/), {
      timeout: 60_000,
      interval: 500,
    });
    on(1, 'crm_resource', '--resource', 'dummy', '--fail', '--node', 'n1');
    await ingest.events(is('process.down', 'n1'));
    // n2 stands still for a while, as a host does whose kernel hangs.
    const corosync = on(2, 'cat', '/run/corosync.test.pid').trim();
    on(2, 'kill', '-STOP', corosync);
    await ingest.events((all) => all.some(({ data }) => data.reason?.includes('no proof')));
    on(2, 'kill', '-CONT', corosync);
    const lost = (await ingest.events(is('host.down', 'n2'))).find(
      ({ type, data }) => type === 'host.down' && data.host === 'n2',
    );
    const events = await ingest.events((all) =>
      all.some(({ type, time, data }) => type === 'host.up' && data.host === 'n2' && time > (lost?.time ?? '')),
    );
    // To n2 it was n1 that was lost, and a cluster of two is always quorate: what it kept may come through its neighbour.
    const downs = events.filter(({ type, source }) => type === 'host.down' && source === '/pacemaker/n1');
    expect(new Set(downs.map(({ data }) => data.host))).toEqual(new Set(['n2']));
    expect(downs[0]).toMatchObject({
      source: '/pacemaker/n1',
      reporter: 'monitor',
      data: { reason: 'the cluster has lost the node' },
    });
    expect(events.find(({ type }) => type === 'process.down')).toMatchObject({ data: { process: 'dummy' } });
  });
});
