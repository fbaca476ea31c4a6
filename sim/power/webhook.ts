import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Context, Hono } from 'hono';
import * as z from 'zod';
import type { SimEnv } from '../http.ts';
import { logged } from '../logged.ts';
import { powerOff, powerOn } from '../world/power.ts';
import { apiDown, type PowerParts } from './parts.ts';

const requestSchema = z.object({
  action: z.enum(['status', 'on', 'off']),
  host: z.string(),
  requestId: z.string(),
  at: z.iso.datetime(),
  systemUuid: z.string().optional(),
});

/** Older requests are not taken: somebody may have kept one. */
const LONGEST_AGE_MS = 300_000;

/** A site's own power control, as docs/fencing.md ("Webhook") asks for it. */
export function webhookApi({ world, log, newRequestId, secrets }: PowerParts): Hono<SimEnv> {
  const { key } = secrets.webhook;
  const sign = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const seen = new Set<string>();
  const api = new Hono<SimEnv>({ strict: false });
  api.use(logged(log, 'webhook', newRequestId));
  api.use(async (c, next) => (await apiDown(c, world, 'webhook')) ?? next());

  api.post('/power-hook', async (c) => {
    const body = await c.req.text();
    const parsed = requestSchema.safeParse(isSigned(c, body, sign) ? JSON.parse(body) : undefined);
    if (!parsed.success) return c.text('the signature is wrong', 401);
    const { action, host: name, requestId, at } = parsed.data;
    if (Math.abs(Date.now() - Date.parse(at)) > LONGEST_AGE_MS || seen.has(requestId))
      return c.text('this request is an old one', 403);
    seen.add(requestId);
    const host = world.hosts.get(name);
    if (host === undefined) return c.text(`there is no host ${name}`, 404);
    const isStuck = action !== 'status' && world.faults.take('bmc-stuck', { host: name }) !== undefined;
    if (action === 'off' && !isStuck) powerOff(world, host);
    if (action === 'on' && !isStuck && host.power === 'off') powerOn(world, host);
    const answer = JSON.stringify({ power: host.power, systemUuid: host.systemUuid, detail: `outlet ${host.power}` });
    const seconds = Math.floor(Date.now() / 1000);
    c.header(
      'salvor-signature',
      `t=${seconds},v1=${sign(`salvor-answer.${seconds}.${requestId}.${answer}`).toString('hex')}`,
    );
    return c.body(answer, 200, { 'content-type': 'application/json' });
  });
  return api;
}

function isSigned(c: Context<SimEnv>, body: string, sign: (text: string) => Buffer): boolean {
  const header = c.req.header('salvor-signature') ?? '';
  const at = /(?:^|,)t=(\d+)/.exec(header)?.[1];
  const wanted = sign(`salvor-request.${at}.${body}`);
  return [...header.matchAll(/,v1=([0-9a-f]{64})/g)].some(([, hex = '']) =>
    timingSafeEqual(Buffer.from(hex, 'hex'), wanted),
  );
}
