import * as z from 'zod';
import type { Session } from './keystone.ts';
import { OLDEST } from './microversion.ts';
import { novaClient } from './nova-client.ts';
import { addressesSchema } from './nova-records.ts';

const serverSchema = z
  .looseObject({
    id: z.string(),
    name: z.string(),
    status: z.string(),
    'OS-EXT-STS:task_state': z.string().nullable(),
    'OS-EXT-SRV-ATTR:host': z.string().nullable(),
    metadata: z.record(z.string(), z.string()),
    addresses: addressesSchema,
  })
  .transform((record) => ({
    id: record.id,
    name: record.name,
    /** Nova's service host. */
    host: record['OS-EXT-SRV-ATTR:host'],
    /** It should run, and nobody is at work on it. */
    isSteady: record.status === 'ACTIVE' && record['OS-EXT-STS:task_state'] === null,
    metadata: record.metadata,
    addresses: record.addresses,
  }));

export type ProbeServer = z.infer<typeof serverSchema>;

/** What a probe of instances needs of Nova: who there is, and how one of them is at this moment. */
export interface ProbeServers {
  /** Every instance of all projects. */
  list(): Promise<readonly ProbeServer[]>;
  find(id: string): Promise<ProbeServer | undefined>;
}

/** @throws as the reads of the port `Compute` */
export function probeServers(session: Session): ProbeServers {
  const nova = novaClient(session);
  return {
    list: () => nova.list('/servers/detail', 'servers', serverSchema, OLDEST, { all_tenants: '1' }),
    find: async (id) =>
      await nova.find(
        `/servers/${encodeURIComponent(id)}`,
        z.looseObject({ server: serverSchema }).transform(({ server }) => server),
        OLDEST,
      ),
  };
}
