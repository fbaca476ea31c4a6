import type { FenceDevice, Objection, PowerOffAnswer, PowerReading } from '#shared/ports.ts';
import { type ComputerSystem, isFinal, type RedfishOptions, redfishClient } from './redfish-client.ts';

export interface RedfishDeviceOptions extends RedfishOptions {
  /** Of one call: each ends by then, however many requests it needs. */
  readonly timeoutSeconds: number;
  /** Switch this system only. Lower case. */
  readonly systemUuid?: string;
}

/** A host's BMC by Redfish (DMTF DSP0266; ComputerSystem of DSP0268). */
export function redfishDevice(options: RedfishDeviceOptions): FenceDevice {
  const client = redfishClient(options);
  const deadline = () => performance.now() + options.timeoutSeconds * 1000;

  async function readPower(deadlineMs: number): Promise<Omit<PowerReading, 'durationMs'>> {
    const system = await client.system(deadlineMs);
    if (system.kind !== 'ok') return { power: 'unknown', systemUuid: null, detail: system.detail };
    const { PowerState: state } = system.value;
    return { power: powerOf(state), systemUuid: uuidOf(system.value), detail: `PowerState ${state ?? 'missing'}` };
  }

  async function switchPower(
    to: Switch,
    asked: string | null,
    objection: Objection | undefined,
    deadlineMs: number,
  ): Promise<Omit<PowerOffAnswer, 'durationMs'>> {
    const system = await client.system(deadlineMs);
    if (system.kind !== 'ok') return answer(system.kind, `nothing was sent: ${system.detail}`);
    const uuid = uuidOf(system.value);
    const others = [options.systemUuid?.toLowerCase(), asked].filter((own) => own != null && own !== uuid);
    if (others.length > 0)
      return answer(
        'refused',
        `nothing was sent: the device belongs to system ${uuid ?? 'without a UUID'}, not ${others[0]}`,
      );
    const target = system.value.Actions?.['#ComputerSystem.Reset']?.target;
    if (target === undefined)
      return answer('refused', 'nothing was sent: the system has no action ComputerSystem.Reset');
    const types = await client.resetTypes(system.value, deadlineMs);
    if (types.kind !== 'ok') return answer(types.kind, `nothing was sent: ${types.detail}`);
    const [usual] = to.resetTypes;
    const type = to.resetTypes.find((each) => types.value?.includes(each) ?? each === usual);
    if (type === undefined)
      return answer(
        'refused',
        `nothing was sent: the device does not allow ${usual}, only ${(types.value ?? []).join(', ')}`,
      );
    const objected = await objection?.();
    if (objected !== undefined) return answer('refused', `nothing was sent: ${objected}`);
    return reset(to, type, target, deadlineMs);
  }

  /** Also sent to a system that says it is so already: what it says may be old. */
  async function reset(
    { power }: Switch,
    type: string,
    target: string,
    deadlineMs: number,
  ): Promise<Omit<PowerOffAnswer, 'durationMs'>> {
    const exchange = await client.post(target, { ResetType: type }, deadlineMs);
    if (exchange.kind === 'failed') return answer('unknown', `${type}: ${exchange.error}`);
    const { status, body } = exchange;
    if (status >= 200 && status < 300) return answer('accepted', `${type} answered ${status}`);
    const said = `${type} answered ${status}: ${client.messageOf(body)}`;
    if (status === 400 || status === 409) {
      const now = await readPower(deadlineMs);
      if (now.power === power) return answer('accepted', `it was ${power} already (${said})`);
    }
    return answer(isFinal(status) ? 'refused' : 'unknown', said);
  }

  return {
    readPower: () => timed(readPower(deadline())),
    powerOff: (systemUuid, objection) => timed(switchPower(OFF, systemUuid, objection, deadline())),
    powerOn: (systemUuid, objection) => timed(switchPower(ON, systemUuid, objection, deadline())),
  };
}

/** Where to, and the values of ResetType (DSP0268) that lead there, the usual one first. */
interface Switch {
  readonly power: 'on' | 'off';
  readonly resetTypes: readonly [string, ...string[]];
}
const OFF: Switch = { power: 'off', resetTypes: ['ForceOff'] };
const ON: Switch = { power: 'on', resetTypes: ['On', 'ForceOn'] };

/**
 * `off` is proof that nothing runs, so that only `Off` is. A system that is paused or on its way up has power; one on
 * its way down may still run.
 */
function powerOf(state: string | null | undefined): PowerReading['power'] {
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

const uuidOf = (system: ComputerSystem): string | null => system.UUID?.toLowerCase() ?? null;

function answer(
  kind: 'accepted' | 'refused' | 'unknown' | 'failed',
  detail: string,
): Omit<PowerOffAnswer, 'durationMs'> {
  return { kind: kind === 'failed' ? 'unknown' : kind, detail };
}

async function timed<T extends object>(work: Promise<T>): Promise<T & { readonly durationMs: number }> {
  const startMs = performance.now();
  const result = await work;
  return { ...result, durationMs: Math.round(performance.now() - startMs) };
}
