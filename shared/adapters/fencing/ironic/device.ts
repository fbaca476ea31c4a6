import { setTimeout as pause } from 'node:timers/promises';
import type { BareMetal, FenceDevice, Objection, PowerOffAnswer, PowerReading } from '#shared/ports.ts';
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
import { FIELDS, messageOf, type Node, neglectOf, nodeSchema, powerError, powerOf } from './node.ts';

export interface IronicDeviceOptions {
  readonly bareMetal: BareMetal;
  /** Name or UUID. */
  readonly node: string;
  /** Of one call: each ends by then. */
  readonly timeoutSeconds: number;
  /** The node's UUID: switch no other. */
  readonly systemUuid?: string;
}

const LOOK_AGAIN_MS = 300;

/**
 * A host that is a node of Ironic (Bare Metal API v1). What binds it to its host is the UUID of the node: Ironic's own
 * name for the machine, which is not the system UUID that the machine's BMC tells.
 */
export function ironicDevice(options: IronicDeviceOptions): FenceDevice {
  const { bareMetal, timeoutSeconds } = options;
  const path = `/nodes/${encodeURIComponent(options.node)}`;
  const deadline = () => performance.now() + timeoutSeconds * 1000;

  async function find(deadlineMs: number): Promise<Result<Node>> {
    const exchange = await bareMetal.exchange({ method: 'GET', path: `${path}?fields=${FIELDS}`, deadlineMs });
    if (exchange.kind === 'refused') return exchange;
    if (exchange.kind === 'failed') return { kind: 'failed', detail: `Ironic: ${bareMetal.redact(exchange.error)}` };
    const { status, body } = exchange;
    if (status !== 200) return refusal(status, `Ironic answered ${status}: ${messageOf(body, bareMetal.redact)}`);
    const parsed = nodeSchema.safeParse(jsonOf(body));
    if (parsed.success) return { kind: 'ok', value: parsed.data };
    const field = parsed.error.issues[0]?.path.map(String).join('.') || 'the answer';
    return { kind: 'failed', detail: `Ironic: ${field} is not as a node has it` };
  }

  async function readPower(deadlineMs: number): Promise<Untimed<PowerReading>> {
    const node = await find(deadlineMs);
    if (node.kind !== 'ok') return noReading(node);
    const { power, detail } = powerOf(node.value);
    return { power, systemUuid: node.value.uuid.toLowerCase(), detail: bareMetal.redact(detail) };
  }

  async function switchPower(
    to: 'power on' | 'power off',
    asked: string | null,
    objection: Objection | undefined,
    deadlineMs: number,
  ): Promise<Untimed<PowerOffAnswer>> {
    const node = await find(deadlineMs);
    if (node.kind !== 'ok') return nothingSent(node.kind, node.detail);
    const other = otherSystem(node.value.uuid.toLowerCase(), options.systemUuid, asked);
    // Somebody is at work on a node that Ironic leaves alone (S2), and what became of it nobody would tell.
    const against = other ?? neglectOf(node.value) ?? (await objection?.());
    if (against !== undefined) return nothingSent('refused', bareMetal.redact(against));
    const body = { target: to };
    const exchange = await bareMetal.exchange({ method: 'PUT', path: `${path}/states/power`, body, deadlineMs });
    if (exchange.kind === 'refused') return nothingSent('refused', exchange.detail);
    if (exchange.kind === 'failed') return answer('unknown', `${to}: ${bareMetal.redact(exchange.error)}`);
    const { status } = exchange;
    const said = `${to} answered ${status}`;
    if (status >= 200 && status < 300) return follow(said, deadlineMs);
    // 409: somebody holds the node (NodeLocked). It is free again in a moment.
    const why = `${said}: ${messageOf(exchange.body, bareMetal.redact)}`;
    return answer(isFinal(status) ? 'refused' : 'unknown', why);
  }

  /** Ironic has set the target before it answers, and takes it away when the BMC has done as asked, or has not. */
  async function follow(said: string, deadlineMs: number): Promise<Untimed<PowerOffAnswer>> {
    do {
      const node = await find(deadlineMs);
      if (node.kind === 'ok' && node.value.target_power_state === null) {
        const error = powerError(node.value);
        return error === undefined
          ? answer('accepted', `${said}, and Ironic is done with it: power_state ${node.value.power_state ?? 'none'}`)
          : answer('unknown', `${said}, and then: ${bareMetal.redact(error)}`);
      }
      await pause(Math.max(0, Math.min(LOOK_AGAIN_MS, deadlineMs - performance.now())));
    } while (performance.now() < deadlineMs - LOOK_AGAIN_MS);
    return answer('accepted', `${said}, and Ironic is still at it`);
  }

  return {
    readPower: async () => ({ ...(await timed(readPower(deadline()))), ...bareMetal.shown?.() }),
    powerOff: (systemUuid, objection) => timed(switchPower('power off', systemUuid, objection, deadline())),
    powerOn: (systemUuid, objection) => timed(switchPower('power on', systemUuid, objection, deadline())),
  };
}
