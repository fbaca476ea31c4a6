import * as z from 'zod';
import type { Session } from './keystone.ts';
import { OLDEST } from './microversion.ts';
import { novaClient } from './nova-client.ts';

const hypervisorSchema = z.looseObject({ host_ip: z.string().nullish(), service: z.looseObject({ host: z.string() }) });

/** The address of each compute host (`my_ip` of its nova.conf), with its service host. Of two with one address, neither. */
export async function hostAddresses(session: Session): Promise<ReadonlyMap<string, string>> {
  const nova = novaClient(session);
  const found = await nova.list('/os-hypervisors/detail', 'hypervisors', hypervisorSchema, OLDEST, {});
  const byAddress = Map.groupBy(found, ({ host_ip }) => host_ip ?? '');
  return new Map(
    [...byAddress].flatMap(([address, [only, ...others]]) =>
      address === '' || only === undefined || others.length > 0 ? [] : [[address, only.service.host]],
    ),
  );
}
