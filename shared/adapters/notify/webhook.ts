import { createHmac } from 'node:crypto';
import type { Secrets, Told } from '#shared/ports.ts';
import { postJson } from './http.ts';
import { webhookOf } from './secret.ts';
import type { ShownNotice } from './shown.ts';

/**
 * A notice as JSON, for whatever a site has. `id` is the same for each repeat. With a `key` in the secret the request carries
 *
 *     salvor-signature: t=<seconds since 1970>,v1=<HMAC-SHA256 by the key over "salvor-notice.<t>.<body>", hexadecimal>
 */
export async function tellWebhook(secrets: Secrets, credentials: string, notice: ShownNotice): Promise<Told> {
  const { url, fields } = await webhookOf(secrets, credentials);
  const { atMs, ...rest } = notice;
  const body = JSON.stringify({ version: 1, at: new Date(atMs).toISOString(), ...rest });
  const { key } = fields;
  const headers = key === undefined ? {} : { 'salvor-signature': signed(key, body, Math.floor(Date.now() / 1000)) };
  return postJson('the webhook', url, body, { secrets: Object.values(fields), headers });
}

function signed(key: string, body: string, atSeconds: number): string {
  const mac = createHmac('sha256', key).update(`salvor-notice.${atSeconds}.${body}`).digest('hex');
  return `t=${atSeconds},v1=${mac}`;
}
