import { setTimeout as pause } from 'node:timers/promises';
import { request } from 'undici';
import * as z from 'zod';
import type { OpenStackApi } from '#test/openstack/api.ts';
import type { Rig } from '#test/openstack/rig.ts';
import { forceDown } from '#test/openstack/services.ts';

/**
 * What an operator's script does, with nothing in the way: power off by Redfish and read back, force down, send all
 * evacuates at once, poll until all are well. No grace, no state, no checks: the bound to compare with.
 */
export async function bareScript(
  rig: Rig,
  admin: OpenStackApi,
  host: string,
  ids: readonly string[],
  spread: boolean,
): Promise<void> {
  await powerOff(rig, host);
  await forceDown(admin, host);
  const targets = rig.computes.filter((each) => each !== host);
  await Promise.all(
    ids.map((id, index) => {
      const to = spread ? { host: targets[index % targets.length] } : {};
      return admin.post('compute', `/servers/${id}/action`, { evacuate: to }, z.unknown(), { microversion: '2.94' });
    }),
  );
  while (!(await allWell(admin, host, ids))) await pause(1000);
}

async function powerOff(rig: Rig, host: string): Promise<void> {
  const { username, password, redfishSystemPath } = rig.bmc(host);
  const url = `${rig.redfishUrl}${redfishSystemPath}`;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const body = JSON.stringify({ ResetType: 'ForceOff' });
  await (await request(`${url}/Actions/ComputerSystem.Reset`, { method: 'POST', headers, body })).body.dump();
  for (;;) {
    const { PowerState } = (await (await request(url, { headers })).body.json()) as { PowerState: string };
    if (PowerState === 'Off') return;
    await pause(100);
  }
}

const listed = z.object({
  servers: z.array(
    z.looseObject({
      id: z.string(),
      status: z.string(),
      'OS-EXT-SRV-ATTR:host': z.string().nullish(),
      'OS-EXT-STS:task_state': z.string().nullish(),
    }),
  ),
});

async function allWell(admin: OpenStackApi, host: string, ids: readonly string[]): Promise<boolean> {
  const { servers } = await admin.get('compute', '/servers/detail?all_tenants=1&limit=500', listed, {
    microversion: '2.94',
  });
  const well = new Set(
    servers
      .filter(
        (server) =>
          server.status === 'ACTIVE' &&
          server['OS-EXT-SRV-ATTR:host'] !== host &&
          server['OS-EXT-STS:task_state'] == null,
      )
      .map((server) => server.id),
  );
  return ids.every((id) => well.has(id));
}
