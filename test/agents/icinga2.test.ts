import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { connectedTo, type Ingest, startIngest } from './ingest.ts';
import { describeWith, missingPrograms, type Running, run, withSbin } from './program.ts';

/** Where it keeps what it writes. */
const FOLDERS = { DataDir: 'data', LogDir: 'log', InitRunDir: 'run', CacheDir: 'cache', SpoolDir: 'spool-of-icinga' };

describeWith('Icinga 2', missingPrograms('icinga2', 'curl'), () => {
  let ingest: Ingest;
  let icinga: Running;
  const path = (name: string) => join(ingest.folder, name);

  beforeEach(async () => {
    ingest = await startIngest();
    for (const folder of Object.values(FOLDERS)) mkdirSync(path(folder));
    const [command, host] = connectedTo(ingest, 'Icinga 2').split(/^# in a host.*$/m);
    const check = `test ! -e ${path('down')} && echo well || { echo does not answer; exit 2; }`;
    writeFileSync(
      path('icinga2.conf'),
      `include <itl>
object CheckerComponent "checker" { }
${command}
object CheckCommand "check" { command = [ "/bin/sh", "-c", "${check}" ] }
object Host "compute-1" {
  check_command = "check"
  check_interval = 1s
  retry_interval = 1s
  max_check_attempts = 3
  ${host?.trim()}
}
`,
    );
    const { username } = userInfo();
    const constants = { ...Object.fromEntries(Object.entries(FOLDERS).map(([key, folder]) => [key, path(folder)])) };
    const defined = Object.entries({ ...constants, RunAsUser: username, RunAsGroup: username });
    const args = [
      'daemon',
      '-c',
      path('icinga2.conf'),
      ...defined.flatMap(([key, value]) => ['-D', `${key}=${value}`]),
    ];
    icinga = run('icinga2', args, { ...withSbin(), SALVOR_CONFIG: ingest.agentConfig });
  });
  afterEach(async () => {
    await icinga.stop();
    await ingest.close();
  });

  it('says that a host is down once that is a hard state, and that it is up', async () => {
    writeFileSync(path('down'), '');
    await ingest.events((all) => all.length > 0);
    rmSync(path('down'));
    const events = await ingest.events((all) => all.some(({ type }) => type === 'host.up'));
    expect(events).toMatchObject([
      { type: 'host.down', source: '/nagios', data: { host: 'compute-1', reason: 'DOWN: does not answer' } },
      { type: 'host.up', source: '/nagios', data: { host: 'compute-1', reason: 'UP: well' } },
    ]);
    expect(ingest.requests.map(({ body }) => JSON.parse(body).NAGIOS_HOSTSTATETYPE)).toContain('SOFT');
  });
});
