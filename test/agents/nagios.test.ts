import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { connectedTo, type Ingest, startIngest } from './ingest.ts';
import { describeWith, missingPrograms, type Running, run, withSbin } from './program.ts';

const days = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

describeWith('Nagios', missingPrograms('nagios4', 'curl'), () => {
  let ingest: Ingest;
  let nagios: Running;
  const path = (name: string) => join(ingest.folder, name);

  beforeEach(async () => {
    ingest = await startIngest();
    for (const folder of ['var', 'results', 'rw']) mkdirSync(path(folder));
    writeFileSync(
      path('check.sh'),
      `#!/bin/sh\n[ ! -e "$0.$1" ] || { echo "$1 does not answer"; exit 2; }\necho "$1 is well"\n`,
      {
        mode: 0o755,
      },
    );
    writeFileSync(path('objects.cfg'), objects());
    writeFileSync(path('nagios.cfg'), configuration());
    nagios = run('nagios4', [path('nagios.cfg')], { ...withSbin(), SALVOR_CONFIG: ingest.agentConfig });
    await vi.waitFor(() => expect(nagios.output()).toContain('worker'), { timeout: 20_000, interval: 100 });
  });
  afterEach(async () => {
    await nagios.stop();
    await ingest.close();
  });

  const documented = () => connectedTo(ingest, 'Nagios, Naemon').trim().split('\n');
  const configuration = () => `
cfg_file=${path('objects.cfg')}
log_file=${path('var/nagios.log')}
object_cache_file=${path('var/objects.cache')}
precached_object_file=${path('var/objects.precache')}
status_file=${path('var/status.dat')}
state_retention_file=${path('var/retention.dat')}
temp_file=${path('var/nagios.tmp')}
temp_path=${path('var')}
check_result_path=${path('results')}
query_socket=${path('rw/nagios.qh')}
command_file=${path('rw/nagios.cmd')}
lock_file=${path('var/nagios.lock')}
nagios_user=${userInfo().username}
nagios_group=${userInfo().gid}
check_for_updates=0
check_external_commands=0
interval_length=1
cached_host_check_horizon=0
host_inter_check_delay_method=n
service_inter_check_delay_method=n
enable_notifications=1
enable_event_handlers=1
${documented()
  .filter((line) => /^\w+=/.test(line))
  .join('\n')}
`;

  /** With the command of docs/sources.md; the contact that repeats it and the checks are the test's. */
  const objects = () => `
define timeperiod {
  timeperiod_name always
  alias always
${days.map((day) => `  ${day} 00:00-24:00`).join('\n')}
}
${documented().slice(documented().indexOf('define command {')).join('\n')}
define command {
  command_name check
  command_line ${path('check.sh')} $ARG1$
}
define contact {
  contact_name salvor
  host_notification_period always
  service_notification_period always
  host_notification_options d,r
  service_notification_options n
  host_notification_commands salvor
  service_notification_commands salvor
}
define host {
  host_name compute-1
  address 192.0.2.1
  check_command check!host
  check_period always
  check_interval 1
  retry_interval 1
  max_check_attempts 3
  contacts salvor
  notification_period always
  notification_options d,r
  notification_interval 3
}
define service {
  host_name compute-1
  service_description nova-compute
  check_command check!service
  check_period always
  check_interval 1
  retry_interval 1
  max_check_attempts 1
  event_handler salvor
  contacts salvor
  notification_period always
  notification_options n
  notification_interval 0
}
`;

  it('says what is down and up in a hard state, and a host that stays down again at each notification', async () => {
    writeFileSync(path('check.sh.service'), '');
    await ingest.events((all) => all.some(({ type }) => type === 'process.down'));
    writeFileSync(path('check.sh.host'), '');
    const hostDowns = (all: readonly { readonly type: string; readonly id: string }[]) =>
      new Set(all.filter(({ type }) => type === 'host.down').map(({ id }) => id)).size;
    await ingest.events((all) => hostDowns(all) >= 2);
    rmSync(path('check.sh.host'));
    const events = await ingest.events((all) => all.some(({ type }) => type === 'host.up'));
    const types = events.map(({ type }) => type);
    expect(events[0]).toMatchObject({ type: 'process.down', data: { host: 'compute-1', process: 'nova-compute' } });
    expect(types.slice(1).filter((type) => type !== 'process.down')).toEqual(types.slice(1));
    expect(types.lastIndexOf('host.down')).toBeLessThan(types.indexOf('host.up'));
    expect(events.find(({ type }) => type === 'host.down')).toMatchObject({
      source: '/nagios',
      reporter: 'monitor',
      data: { host: 'compute-1', reason: 'DOWN: host does not answer' },
    });
    const states = ingest.requests.map(({ body }) => JSON.parse(body).NAGIOS_HOSTSTATETYPE);
    expect(states).toContain('SOFT');
  });
});
