import * as z from 'zod';
import type { Answer, OpenStackApi } from './api.ts';
import { until } from './poll.ts';

const migration = z.object({
  id: z.int(),
  uuid: z.string(),
  status: z.string(),
  instance_uuid: z.string(),
  source_compute: z.string().nullable(),
  dest_compute: z.string().nullable(),
});
/** One evacuation's record as os-migrations tells it (Compute API 2.59 and newer: newest first). */
export type Migration = z.infer<typeof migration>;

/** A migration that has one of these goes on by itself. */
const unfinished = new Set(['queued', 'accepted', 'preparing', 'pre-migrating']);

/** An instance's evacuations, newest first. */
export async function evacuationsOf(admin: OpenStackApi, serverId: string): Promise<Migration[]> {
  const path = `/os-migrations?migration_type=evacuation&instance_uuid=${serverId}`;
  const schema = z.object({ migrations: z.array(migration) });
  return (await admin.get('compute', path, schema, { microversion: '2.90' })).migrations;
}

/** POST /servers/{id}/action evacuate, whatever comes back. */
export function requestEvacuation(
  api: OpenStackApi,
  serverId: string,
  options: { readonly microversion: string; readonly host?: string },
): Promise<Answer> {
  const evacuate = options.host === undefined ? {} : { host: options.host };
  return api.send('compute', 'POST', `/servers/${serverId}/action`, {
    json: { evacuate },
    microversion: options.microversion,
  });
}

/** Waits for the end of the instance's newest evacuation and gives its record. */
export function evacuationEnd(admin: OpenStackApi, serverId: string): Promise<Migration> {
  return until(`the end of the evacuation of ${serverId}`, async () => {
    const [newest] = await evacuationsOf(admin, serverId);
    return newest !== undefined && !unfinished.has(newest.status) ? newest : undefined;
  });
}

const fault = z.record(z.string(), z.object({ code: z.int(), message: z.string() }));

/** The message of an error answer of Nova, as in `{"badRequest": {"code": 400, "message": …}}`. */
export function messageOf(answer: Answer): string | undefined {
  const parsed = fault.safeParse(answer.body);
  return parsed.success ? Object.values(parsed.data)[0]?.message : undefined;
}
