import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { redactor } from '#shared/http/redact.ts';
import type { FenceDevice, Objection, PowerOffAnswer, PowerReading } from '#shared/ports.ts';
import {
  answer,
  jsonOf,
  noReading,
  nothingSent,
  otherSystem,
  type Result,
  refusal,
  timed,
  type Untimed,
} from '../answers.ts';
import { type DeviceTls, deviceTransport } from '../transport.ts';
import { isAnswerSigned, type Keys, SIGNATURE_HEADER, signRequest } from './signature.ts';

export interface WebhookDeviceOptions {
  readonly tls?: DeviceTls;
  readonly url: URL;
  /** The host as the webhook knows it. */
  readonly host: string;
  /** The newest first. */
  readonly keys: Keys;
  readonly version: string;
  /** Of one call: each ends by then. */
  readonly timeoutSeconds: number;
  readonly systemUuid?: string;
}

const answerSchema = z.looseObject({
  power: z.enum(['on', 'off', 'unknown']),
  systemUuid: z.string().toLowerCase().nullish(),
  detail: z.string().nullish(),
});
type Told = z.infer<typeof answerSchema> & { readonly status: number };

/**
 * A site's own power control, by signed HTTP. Only an answer of status 2xx that is signed over this very request counts:
 * neither a proxy nor a captive portal nor an old answer can say "off".
 */
export function webhookDevice(options: WebhookDeviceOptions): FenceDevice {
  const { url, host, keys, version, timeoutSeconds, tls } = options;
  const transport = deviceTransport(tls);
  const redact = redactor(keys);
  const deadline = () => performance.now() + timeoutSeconds * 1000;

  async function ask(
    action: 'status' | 'on' | 'off',
    systemUuid: string | null,
    deadlineMs: number,
  ): Promise<Result<Told>> {
    const [requestId, now] = [randomUUID(), Date.now()];
    const at = new Date(now).toISOString();
    const body = JSON.stringify({ action, host, requestId, at, ...(systemUuid === null ? {} : { systemUuid }) });
    const exchange = await transport.exchange({
      method: 'POST',
      url,
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        'user-agent': `salvor/${version}`,
        [SIGNATURE_HEADER]: signRequest(keys, Math.floor(now / 1000), body),
      },
      body,
      timeoutMs: Math.max(1, Math.round(deadlineMs - performance.now())),
    });
    if (exchange.kind === 'failed') return { kind: 'failed', detail: `the webhook: ${exchange.error}` };
    const { status, headers } = exchange;
    const mute = (why: string) => refusal(status, `the webhook answered ${status}${why}`);
    if (status < 200 || status > 299) return mute(`: ${redact(exchange.body) || '(no reason given)'}`);
    if (!isAnswerSigned(keys, headers[SIGNATURE_HEADER], requestId, exchange.body))
      return mute(', not signed with our key for this request');
    const parsed = answerSchema.safeParse(jsonOf(exchange.body));
    if (parsed.success) return { kind: 'ok', value: { ...parsed.data, status } };
    const field = parsed.error.issues[0]?.path.map(String).join('.') || 'the answer';
    return mute(`, and ${field} is not as it should be`);
  }

  async function readPower(deadlineMs: number): Promise<Untimed<PowerReading>> {
    const heard = await ask('status', options.systemUuid ?? null, deadlineMs);
    if (heard.kind !== 'ok') return noReading(heard);
    const { power, systemUuid, detail } = heard.value;
    return { power, systemUuid: systemUuid ?? null, detail: redact(detail || `the webhook says ${power}`) };
  }

  async function switchPower(
    to: 'on' | 'off',
    asked: string | null,
    objection: Objection | undefined,
    deadlineMs: number,
  ): Promise<Untimed<PowerOffAnswer>> {
    const before = await ask('status', options.systemUuid ?? asked, deadlineMs);
    if (before.kind !== 'ok') return nothingSent(before.kind, before.detail);
    const systemUuid = before.value.systemUuid ?? null;
    const against = otherSystem(systemUuid, options.systemUuid, asked) ?? (await objection?.());
    if (against !== undefined) return nothingSent('refused', against);
    const heard = await ask(to, systemUuid, deadlineMs);
    if (heard.kind !== 'ok') return answer(heard.kind, `${to}: ${heard.detail}`);
    const { power, detail, status } = heard.value;
    return answer('accepted', redact(`${to} answered ${status}: ${detail || `power ${power}`}`));
  }

  return {
    readPower: async () => ({ ...(await timed(readPower(deadline()))), ...transport.shown() }),
    powerOff: (systemUuid, objection) => timed(switchPower('off', systemUuid, objection, deadline())),
    powerOn: (systemUuid, objection) => timed(switchPower('on', systemUuid, objection, deadline())),
  };
}
