import type { Heartbeat } from '#shared/domain/policy-notify.ts';
import type { Secrets, Told } from '#shared/ports.ts';
import { request } from './http.ts';
import { webhookOf } from './secret.ts';

/** One request to whoever calls people when none comes: healthchecks.io, Dead Man's Snitch, an Uptime Kuma of one's own. */
export async function sendHeartbeat(secrets: Secrets, { credentials, method }: Heartbeat): Promise<Told> {
  const { url, fields } = await webhookOf(secrets, credentials);
  return request('the receiver of heartbeats', { method, url }, { secrets: Object.values(fields) });
}
