import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { redactor } from '#shared/http/redact.ts';
import type { Exchange } from '#shared/http/transport.ts';
import type { AccountReading, FenceDevice, Objection, PowerOffAnswer, PowerReading } from '#shared/ports.ts';
import {
  answer,
  isFinal,
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
import { type BareMetalHost, hostSchema, isOn, neglectOf, powerOf, powerOffPatch, powerOnPatch } from './record.ts';

export interface Metal3DeviceOptions {
  readonly tls?: DeviceTls;
  /** Of the Kubernetes API. */
  readonly url: URL;
  /** Of a service account that may `get` and `patch` the host. */
  readonly token: string;
  readonly namespace: string;
  /** Of the BareMetalHost. */
  readonly name: string;
  readonly version: string;
  /** Of one call: each ends by then. */
  readonly timeoutSeconds: number;
  /** The `metadata.uid` of the BareMetalHost: switch no other. */
  readonly systemUuid?: string;
}

const LOOK_AGAIN_MS = 300;

/** Kubernetes API, "Status": what an error's body is. */
const statusSchema = z.looseObject({ message: z.string() });

interface Switch {
  readonly power: 'on' | 'off';
  readonly patch: (host: BareMetalHost, at: Date) => object;
  readonly isThere: (host: BareMetalHost) => boolean;
}
const OFF: Switch = { power: 'off', patch: powerOffPatch, isThere: (host) => powerOf(host).power === 'off' };
const ON: Switch = { power: 'on', patch: powerOnPatch, isThere: isOn };

/** A host that is a BareMetalHost of Metal3. What binds it is the object's uid: one that is made anew is another host. */
export function metal3Device(options: Metal3DeviceOptions): FenceDevice {
  const { url, token, namespace, name, version, timeoutSeconds, tls } = options;
  const transport = deviceTransport(tls);
  const redact = redactor([token]);
  const root = url.pathname.replace(/\/+$/, '');
  const [space, host] = [encodeURIComponent(namespace), encodeURIComponent(name)];
  const target = new URL(`${root}/apis/metal3.io/v1alpha1/namespaces/${space}/baremetalhosts/${host}`, url.origin);
  const headers = { accept: 'application/json', authorization: `Bearer ${token}`, 'user-agent': `salvor/${version}` };
  const deadline = () => performance.now() + timeoutSeconds * 1000;
  const left = (deadlineMs: number) => Math.max(1, Math.round(deadlineMs - performance.now()));
  const said = ({ status, body }: Extract<Exchange, { kind: 'answer' }>) =>
    `answered ${status}: ${redact(statusSchema.safeParse(jsonOf(body)).data?.message ?? body) || '(no reason given)'}`;

  async function find(deadlineMs: number): Promise<Result<BareMetalHost>> {
    const exchange = await transport.exchange({ method: 'GET', url: target, headers, timeoutMs: left(deadlineMs) });
    if (exchange.kind === 'failed') return { kind: 'failed', detail: `the Kubernetes API: ${exchange.error}` };
    const { status, body } = exchange;
    if (status !== 200) return refusal(status, `the Kubernetes API ${said(exchange)}`);
    const parsed = hostSchema.safeParse(jsonOf(body));
    if (parsed.success) return { kind: 'ok', value: parsed.data };
    const field = parsed.error.issues[0]?.path.map(String).join('.') || 'the answer';
    return { kind: 'failed', detail: `the Kubernetes API: ${field} is not as a BareMetalHost has it` };
  }

  async function readPower(deadlineMs: number): Promise<Untimed<PowerReading>> {
    const found = await find(deadlineMs);
    if (found.kind !== 'ok') return noReading(found);
    const { power, detail } = powerOf(found.value);
    return { power, systemUuid: found.value.metadata.uid.toLowerCase(), detail: redact(detail) };
  }

  async function switchPower(
    to: Switch,
    asked: string | null,
    objection: Objection | undefined,
    deadlineMs: number,
  ): Promise<Untimed<PowerOffAnswer>> {
    const found = await find(deadlineMs);
    if (found.kind !== 'ok') return nothingSent(found.kind, found.detail);
    const other = otherSystem(found.value.metadata.uid.toLowerCase(), options.systemUuid, asked);
    const against = other ?? neglectOf(found.value) ?? (await objection?.());
    if (against !== undefined) return nothingSent('refused', against);
    const exchange = await transport.exchange({
      method: 'PATCH',
      url: target,
      headers: { ...headers, 'content-type': 'application/merge-patch+json' },
      body: JSON.stringify(to.patch(found.value, new Date())),
      timeoutMs: left(deadlineMs),
    });
    if (exchange.kind === 'failed') return answer('unknown', `the patch: ${exchange.error}`);
    const { status } = exchange;
    if (status >= 200 && status < 300) return follow(to, `the patch answered ${status}`, deadlineMs);
    return answer(isFinal(status) ? 'refused' : 'unknown', `the patch ${said(exchange)}`);
  }

  async function follow(to: Switch, told: string, deadlineMs: number): Promise<Untimed<PowerOffAnswer>> {
    do {
      const found = await find(deadlineMs);
      if (found.kind === 'ok' && to.isThere(found.value)) return answer('accepted', `${told}, and it is ${to.power}`);
      await pause(Math.max(0, Math.min(LOOK_AGAIN_MS, deadlineMs - performance.now())));
    } while (performance.now() < deadlineMs - LOOK_AGAIN_MS);
    return answer('accepted', `${told}, and Metal3 is still at it`);
  }

  return {
    readPower: async () => ({ ...(await timed(readPower(deadline()))), ...transport.shown() }),
    readAccount: async () => tokenEnd(token),
    powerOff: (systemUuid, objection) => timed(switchPower(OFF, systemUuid, objection, deadline())),
    powerOn: (systemUuid, objection) => timed(switchPower(ON, systemUuid, objection, deadline())),
  };
}

const claimsSchema = z.looseObject({ exp: z.number() });

/** By the token itself, where it is a JWT (RFC 7519, "exp") as Kubernetes makes them; the API tells nothing of it. */
function tokenEnd(token: string): AccountReading {
  const parts = token.split('.');
  const claims = parts.length === 3 ? jsonOf(Buffer.from(parts[1] ?? '', 'base64url').toString('utf8')) : undefined;
  const parsed = claimsSchema.safeParse(claims);
  if (!parsed.success) return { endsAtMs: null, trouble: null, untold: 'its token names no end' };
  return { endsAtMs: parsed.data.exp * 1000, trouble: null, untold: null };
}
