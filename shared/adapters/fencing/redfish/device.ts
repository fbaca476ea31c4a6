import { setTimeout as pause } from 'node:timers/promises';
import type { Exchange } from '#shared/http/transport.ts';
import type { FenceDevice, Objection, PowerOffAnswer, PowerReading } from '#shared/ports.ts';
import { answer, isFinal, noReading, nothingSent, otherSystem, timed, type Untimed } from '../answers.ts';
import { readOwnAccount } from './account.ts';
import { type RedfishOptions, redfishHttp } from './http.ts';
import { type ComputerSystem, uuidOf } from './schema.ts';
import { resetTypes, systemFinder } from './system.ts';
import { lookAtTask, monitorOf } from './task.ts';
import { type Visit, visit } from './visit.ts';

export interface RedfishDeviceOptions extends RedfishOptions {
  /** Of one call: each ends by then, however many requests it needs. */
  readonly timeoutSeconds: number;
  /** Switch this system only; of a device with several, find it by this. */
  readonly systemUuid?: string;
}

type Reading = Untimed<PowerReading>;
type Answer = Untimed<PowerOffAnswer>;
type Answered = Extract<Exchange, { kind: 'answer' }>;

/** Between two looks at the power while a task runs. */
const LOOK_AGAIN_MS = 300;

/** A host's BMC by Redfish (DMTF DSP0266; ComputerSystem of DSP0268). */
export function redfishDevice(options: RedfishDeviceOptions): FenceDevice {
  const http = redfishHttp(options);
  const finder = systemFinder(http.named, options.systemUuid);
  const call = <T extends object>(work: (visit: Visit) => Promise<T>) =>
    timed(visit(http, options, options.timeoutSeconds * 1000, work));

  async function read(visit: Visit): Promise<Reading> {
    const system = await finder.find(visit);
    if (system.kind !== 'ok') return noReading(system);
    const { PowerState: state } = system.value;
    return { power: powerOf(state), systemUuid: uuidOf(system.value), detail: `PowerState ${state ?? 'missing'}` };
  }

  async function switchPower(
    visit: Visit,
    to: Switch,
    asked: string | null,
    objection: Objection | undefined,
  ): Promise<Answer> {
    const system = await finder.find(visit);
    if (system.kind !== 'ok') return nothingSent(system.kind, system.detail);
    const uuid = uuidOf(system.value);
    const other = otherSystem(uuid, options.systemUuid, asked);
    if (other !== undefined) return nothingSent('refused', other);
    const target = system.value.Actions?.['#ComputerSystem.Reset']?.target;
    if (target === undefined) return nothingSent('refused', 'the system has no action ComputerSystem.Reset');
    const types = await resetTypes(visit, system.value);
    if (types.kind !== 'ok') return nothingSent(types.kind, types.detail);
    const type = resetTypeOf(to, types.value);
    if (type === undefined)
      return nothingSent('refused', `the device does not allow ${to.resetTypes[0]}, only ${types.value?.join(', ')}`);
    const objected = await objection?.();
    if (objected !== undefined) return nothingSent('refused', objected);
    return reset(visit, { ...to, type }, target, uuid);
  }

  /** Also sent to a system that says it is so already: what it says may be old. */
  async function reset(visit: Visit, to: Chosen, target: string, uuid: string | null): Promise<Answer> {
    const { type } = to;
    const exchange = await visit.post(target, { ResetType: type });
    if (exchange.kind === 'failed') return answer('unknown', `${type}: ${exchange.error}`);
    const { status, body } = exchange;
    if (status === 202) return follow(visit, to, exchange, uuid);
    if (status >= 200 && status < 300) return answer('accepted', `${type} answered ${status}`);
    return refused(visit, to, status, `${type} answered ${status}: ${visit.messageOf(body)}`, uuid);
  }

  /** Devices refuse to switch off what is off, and on what is on, each with a status of its own. */
  async function refused(
    visit: Visit,
    to: Chosen,
    status: number | undefined,
    said: string,
    uuid: string | null,
  ): Promise<Answer> {
    const ends = status !== undefined && isFinal(status);
    if (status !== 401 && (ends || status === undefined || status === 409) && (await isThere(visit, to, uuid)))
      return answer('accepted', `it was ${to.power} already (${said})`);
    return answer(ends ? 'refused' : 'unknown', said);
  }

  async function isThere(visit: Visit, { power }: Chosen, uuid: string | null): Promise<boolean> {
    const now = await read(visit);
    return now.power === power && now.systemUuid === uuid;
  }

  /** A task is followed for what it says when it fails. The power tells sooner that it has done its work. */
  async function follow(visit: Visit, to: Chosen, accepted: Answered, uuid: string | null): Promise<Answer> {
    const monitor = monitorOf(accepted);
    const said = `${to.type} answered 202`;
    if (monitor === undefined) return answer('accepted', said);
    let nextLookMs = 0;
    do {
      if (await isThere(visit, to, uuid)) return answer('accepted', `${said}, and it is ${to.power}`);
      if (performance.now() >= nextLookMs) {
        const task = await lookAtTask(visit, monitor);
        if (task.kind === 'over') return answer('accepted', `${said}, and its task is over`);
        if (task.kind === 'failed') return refused(visit, to, task.status, `${said}, and ${task.said}`, uuid);
        nextLookMs = performance.now() + task.pauseMs;
      }
      await pause(Math.max(0, Math.min(LOOK_AGAIN_MS, visit.deadlineMs() - performance.now())));
    } while (performance.now() < visit.deadlineMs() - LOOK_AGAIN_MS);
    return answer('accepted', `${said}, and its task still runs`);
  }

  return {
    readPower: async () => ({ ...(await call(read)), ...http.shown() }),
    readAccount: () =>
      visit(http, options, options.timeoutSeconds * 1000, (own) => readOwnAccount(own, options.username)),
    powerOff: (systemUuid, objection) => call((visit) => switchPower(visit, OFF, systemUuid, objection)),
    powerOn: (systemUuid, objection) => call((visit) => switchPower(visit, ON, systemUuid, objection)),
  };
}

/** Where to, and the values of ResetType (DSP0268) that lead there, the usual one first. */
interface Switch {
  readonly power: 'on' | 'off';
  readonly resetTypes: readonly [string, ...string[]];
}
interface Chosen extends Switch {
  readonly type: string;
}
/** Nothing else will do: a button that is pressed asks the operating system, and may switch on. */
const OFF: Switch = { power: 'off', resetTypes: ['ForceOff'] };
const ON: Switch = { power: 'on', resetTypes: ['On', 'ForceOn'] };

/** Of a device that does not say what it allows, the usual one is asked for. */
const resetTypeOf = ({ resetTypes }: Switch, allowed: readonly string[] | undefined): string | undefined =>
  allowed === undefined ? resetTypes[0] : resetTypes.find((type) => allowed.includes(type));

/**
 * `off` is proof that nothing runs, so that only `Off` is. A system that is paused or on its way up has power; one on
 * its way down may still run.
 */
function powerOf(state: ComputerSystem['PowerState']): PowerReading['power'] {
  switch (state) {
    case 'Off':
      return 'off';
    case 'On':
    case 'PoweringOn':
    case 'Paused':
      return 'on';
    default:
      return 'unknown';
  }
}
