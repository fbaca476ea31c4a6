import * as z from 'zod';
import type { OpenStackApi } from './api.ts';
import { until } from './poll.ts';
import type { Rig } from './rig.ts';

const compute = { microversion: '2.90' };
const computeService = z.object({
  id: z.string(),
  host: z.string(),
  state: z.enum(['up', 'down']),
  status: z.enum(['enabled', 'disabled']),
  forced_down: z.boolean(),
  disabled_reason: z.string().nullish(),
  /** When it last reported. */
  updated_at: z.string().nullish(),
});
/** A nova-compute as os-services tells it (Compute API 2.53 and newer: the id is a UUID). */
export type ComputeService = z.infer<typeof computeService>;

export async function serviceOf(admin: OpenStackApi, host: string): Promise<ComputeService> {
  const path = `/os-services?binary=nova-compute&host=${host}`;
  const { services } = await admin.get('compute', path, z.object({ services: z.array(computeService) }), compute);
  const service = services.find((candidate) => candidate.host === host);
  if (service === undefined) throw new Error(`Nova has no compute service of ${host}`);
  return service;
}

/** PUT /os-services/{id}. Throws with Nova's answer when it says no. */
export async function setService(
  admin: OpenStackApi,
  id: string,
  change: {
    readonly forced_down?: boolean;
    readonly status?: 'enabled' | 'disabled';
    readonly disabled_reason?: string;
  },
): Promise<void> {
  const answer = await admin.send('compute', 'PUT', `/os-services/${id}`, { ...compute, json: change });
  if (answer.status !== 200) throw new Error(`Nova answered ${answer.status} ${JSON.stringify(answer.body)}`);
}

export async function forceDown(admin: OpenStackApi, host: string): Promise<void> {
  await setService(admin, (await serviceOf(admin, host)).id, { forced_down: true });
}

/** Brings a host back after a test: power, nova-compute, no longer forced down, enabled, up. */
export async function heal(rig: Rig, admin: OpenStackApi, host: string): Promise<void> {
  await rig.bmcFault(host, undefined);
  await rig.spawnFault(host, undefined);
  if ((await rig.power(host, 'status')) === 'off') await rig.power(host, 'on');
  await rig.startCompute(host);
  const { id } = await serviceOf(admin, host);
  // Nova says 400 till the restarted nova-compute has completed the evacuations that left it.
  await until(`${host} to be no longer forced down`, async () => {
    const json = { forced_down: false, status: 'enabled' };
    return (await admin.send('compute', 'PUT', `/os-services/${id}`, { ...compute, json })).status === 200
      ? true
      : undefined;
  });
  await until(`${host} to be up`, async () => ((await serviceOf(admin, host)).state === 'up' ? true : undefined));
}
