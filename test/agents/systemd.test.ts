import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AGENTS, connectedTo, type Ingest, startIngest } from './ingest.ts';
import { describeWith, missingPrograms, type Running, run, withSbin } from './program.ts';

const MANAGER = fileURLToPath(new URL('./systemd-manager.sh', import.meta.url));
const INSTALLED = '/usr/lib/salvor/';

function missing(): string | undefined {
  const programs = missingPrograms('/lib/systemd/systemd', 'unshare', 'findmnt', 'curl');
  if (programs !== undefined) return programs;
  try {
    execFileSync('unshare', ['--mount', '--pid', '--fork', 'mkdir', cgroupOf('probe')], { stdio: 'ignore' });
    rmdirSync(cgroupOf('probe'));
    return undefined;
  } catch {
    return 'control groups can not be made (needs root)';
  }
}

const cgroupOf = (name: string): string => {
  const [first = ''] = execFileSync('findmnt', ['-n', '-t', 'cgroup2', '-o', 'TARGET'], { encoding: 'utf8' }).split(
    '\n',
  );
  return join(first, `salvor-test-${process.pid}-${name}`);
};

describeWith('systemd', missing(), () => {
  let ingest: Ingest;
  let manager: Running;
  let cgroup: string;

  beforeEach(async () => {
    ingest = await startIngest();
    const units = join(ingest.folder, 'units');
    mkdirSync(units);
    for (const name of readdirSync(join(AGENTS, 'systemd'))) {
      const unit = readFileSync(join(AGENTS, 'systemd', name), 'utf8');
      writeFileSync(join(units, name), unit.replaceAll(INSTALLED, AGENTS));
    }
    writeFileSync(join(units, 'nova-compute.service'), "[Service]\nExecStart=/bin/sh -c 'sleep 1; exit 3'\n");
    const documented = connectedTo(ingest, 'systemd: heartbeat and OnFailure');
    const dropIn = join(units, 'nova-compute.service.d');
    mkdirSync(dropIn);
    writeFileSync(join(dropIn, 'salvor.conf'), documented.slice(documented.indexOf('[Unit]')));
    writeFileSync(join(units, 'all.target'), '[Unit]\nWants=nova-compute.service salvor-heartbeat.timer\n');
    cgroup = cgroupOf('manager');
    mkdirSync(cgroup);
    symlinkSync(cgroup, join(ingest.folder, 'cgroup'));
    const namespaces = ['--mount', '--pid', '--fork', '--mount-proc', '--kill-child'];
    const env = { ...withSbin(), SALVOR_CONFIG: ingest.agentConfig };
    manager = run('unshare', [...namespaces, MANAGER, ingest.folder, 'all.target'], env);
  });
  afterEach(async () => {
    await manager.stop();
    // The groups of its units are gone once their last process is.
    const gone = () => {
      execFileSync('find', [cgroup, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';'], { stdio: 'ignore' });
    };
    await vi.waitFor(() => expect([gone(), existsSync(cgroup)]).toEqual([undefined, false]), {
      timeout: 10_000,
      interval: 200,
    });
    await ingest.close();
  });

  it('says by OnFailure= which unit has failed and why, and by its timer that the host is alive', async () => {
    await ingest.events((all) => all.some(({ type }) => type === 'process.down'));
    const events = await ingest.events(
      (all) => all.filter(({ type }) => type === 'host.heartbeat').length >= 2,
      60_000,
    );
    expect(events.find(({ type }) => type === 'process.down')).toMatchObject({
      source: `/systemd/${hostname()}`,
      reporter: 'monitor',
      data: {
        host: hostname(),
        process: 'nova-compute',
        reason: 'nova-compute.service has failed: exit-code (exited 3)',
      },
    });
    expect(events.filter(({ type }) => type === 'host.heartbeat')[0]).toMatchObject({ data: { host: hostname() } });
  });
});
