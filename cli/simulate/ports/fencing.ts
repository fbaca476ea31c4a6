import type {
  FenceDevice,
  FenceDeviceConfig,
  Fencing,
  Objection,
  PowerOffAnswer,
  PowerReading,
} from '#shared/ports.ts';
import type { SimHost } from '#sim/world/types.ts';
import type { World } from '#sim/world/world.ts';
import { happens } from '../engine/chance.ts';
import type { Invocation } from '../engine/invocation.ts';
import type { OutsideRequest } from '../engine/log.ts';
import type { FaultKind } from '../faults.ts';
import { MAIN, type Wired, wiredBy } from './devices.ts';
import { drawTimes, type Latencies } from './latency.ts';
import type { Course, Outside } from './outside.ts';

const DEVICE_FAULTS: readonly FaultKind[] = ['bmc-hangs', 'bmc-errors', 'bmc-refuses', 'bmc-slow', 'bmc-wrong-host'];
const POWER_OFF_FAULTS: readonly FaultKind[] = [...DEVICE_FAULTS, 'bmc-stuck', 'bmc-conflict', 'bmc-late-effect'];

/** The hosts' devices as a function sees them by way of the drivers. */
export function fencingPort(current: () => Invocation, world: World, outside: Outside, latencies: Latencies): Fencing {
  return {
    device: async (config) => deviceOf(current, world, outside, latencies, wiredBy(world, config), config),
  };
}

function deviceOf(
  current: () => Invocation,
  world: World,
  outside: Outside,
  latencies: Latencies,
  { host, device, tellsSystem, words, powerOf, act }: Wired,
  config: FenceDeviceConfig,
): FenceDevice {
  const about = { hosts: [host.name], device };
  /** The host whose power the device holds. Whose outlet it is nobody can tell: that no fault changes. */
  const wired = (kind: FaultKind | undefined): SimHost =>
    kind === 'bmc-wrong-host' && tellsSystem ? neighbourOf(world, host) : host;
  const timedOut = { inMs: config.timeoutSeconds * 500, outMs: config.timeoutSeconds * 500 };

  function reading(invocation: Invocation): Course<PowerReading> {
    const lies: FaultKind = powerOf(host) === 'off' ? 'bmc-lies-on' : 'bmc-lies-off';
    const fault = invocation.struckBy([...DEVICE_FAULTS, lies], about);
    const times = drawTimes(invocation.random, latencies.bmc);
    const durationMs = Math.round(times.inMs + times.outMs);
    const nothing = (detail: string): PowerReading => ({ power: 'unknown', systemUuid: null, detail, durationMs });
    if (fault?.kind === 'bmc-hangs')
      return { about, times: timedOut, effect: undefined, heard: nothing('simulated: no answer in time') };
    if (fault?.kind === 'bmc-errors') return { about, times, effect: undefined, heard: nothing('simulated: 500') };
    if (fault?.kind === 'bmc-refuses') return { about, times, effect: undefined, heard: nothing('simulated: 401') };
    const slowMs = fault?.kind === 'bmc-slow' ? fault.sizeMs : 0;
    const effect = () => {
      const target = wired(fault?.kind);
      const power = powerOf(target);
      if (power === undefined)
        return { did: false, outcome: 'no power', answer: nothing('simulated: it has no power itself') };
      const lied = fault?.kind === 'bmc-lies-off' ? 'off' : fault?.kind === 'bmc-lies-on' ? 'on' : power;
      const systemUuid = tellsSystem ? target.systemUuid : null;
      const answer: PowerReading = { power: lied, systemUuid, detail: words[lied], durationMs };
      return { did: true, outcome: `${lied} ${target.name}`, answer };
    };
    return { about, times: { ...times, inMs: times.inMs + slowMs }, effect };
  }

  function switching(to: Switch, invocation: Invocation, asked: string | null): Course<PowerOffAnswer> {
    const { power, type } = to;
    const fault = invocation.struckBy(POWER_OFF_FAULTS, { ...about, act: `power-${power}` });
    const times = drawTimes(invocation.random, latencies.bmc);
    const durationMs = Math.round(times.inMs + times.outMs);
    const told = (kind: PowerOffAnswer['kind'], detail: string): PowerOffAnswer => ({ kind, detail, durationMs });
    const target = wired(fault?.kind);
    const cut = (answer: PowerOffAnswer) => () => {
      if (powerOf(target) === undefined)
        return { did: false, outcome: 'no power', answer: told('unknown', 'simulated: it has no power itself') };
      act(target, power);
      return { did: true, outcome: `${power} ${target.name}`, answer };
    };
    const accepted = told('accepted', `${type} answered 204`);
    const own = config.systemUuid ?? asked;
    if (own !== null && tellsSystem && target.systemUuid !== own)
      return {
        about,
        times,
        effect: undefined,
        heard: told('refused', `nothing was sent: the device belongs to system ${target.systemUuid}, not ${own}`),
      };
    switch (fault?.kind) {
      case 'bmc-hangs': {
        const heard = told('unknown', 'simulated: no answer in time');
        return { about, times: timedOut, effect: happens(invocation.random, 0.5) ? cut(heard) : undefined, heard };
      }
      case 'bmc-errors': {
        const heard = told('unknown', `simulated: ${type} answered 500`);
        return { about, times, effect: happens(invocation.random, 0.5) ? cut(heard) : undefined, heard };
      }
      case 'bmc-refuses':
        return { about, times, effect: undefined, heard: told('refused', 'nothing was sent: simulated: 401') };
      case 'bmc-stuck':
        return { about, times, effect: undefined, heard: accepted };
      case 'bmc-conflict':
        return { about, times, effect: () => conflict(to, powerOf(target), told) };
      case 'bmc-late-effect':
        return { about, times, effect: cut(accepted), heard: accepted, lateMs: fault.sizeMs };
      case 'bmc-slow':
        return { about, times: { ...times, inMs: times.inMs + fault.sizeMs }, effect: cut(accepted) };
      default:
        return { about, times, effect: cut(accepted) };
    }
  }

  const ask = (asked: OutsideRequest['act']) => ({
    act: asked,
    host: host.name,
    ...(device === MAIN ? {} : { device }),
  });
  async function switchPower(to: Switch, systemUuid: string | null, objection: Objection | undefined) {
    const invocation = current();
    // What the driver asks of the device before: whose system it is, and what it can do.
    const { inMs, outMs } = drawTimes(invocation.random, latencies.bmc);
    const tarriesMs = happens(invocation.random, 0.2) ? 1_000 + 8_000 * invocation.random.next() : 0;
    await invocation.sleep(inMs + outMs + tarriesMs);
    const objected = await objection?.();
    if (objected !== undefined)
      return { kind: 'refused', detail: `nothing was sent: ${objected}`, durationMs: 0 } as const;
    return outside.send(invocation, ask(`power-${to.power}`), () => switching(to, invocation, systemUuid));
  }

  return {
    readPower: () => {
      const invocation = current();
      return outside.send(invocation, ask('read-power'), () => reading(invocation));
    },
    powerOff: (systemUuid, objection) => switchPower(OFF, systemUuid, objection),
    powerOn: (systemUuid, objection) => switchPower(ON, systemUuid, objection),
  };
}

interface Switch {
  readonly power: 'on' | 'off';
  readonly type: string;
}
const OFF: Switch = { power: 'off', type: 'ForceOff' };
const ON: Switch = { power: 'on', type: 'On' };

/** As the driver reads it: a 409 of a system that is so already means just that. */
function conflict(
  { power, type }: Switch,
  current: PowerReading['power'] | undefined,
  told: (kind: PowerOffAnswer['kind'], detail: string) => PowerOffAnswer,
) {
  const answer =
    current === power
      ? told('accepted', `it was ${power} already (${type} answered 409)`)
      : told('unknown', `${type} answered 409`);
  return { did: false, outcome: '409', answer };
}

/** One that is off, if there is one: its reading would pass for a proof. */
function neighbourOf(world: World, host: SimHost): SimHost {
  const others = [...world.hosts.values()].filter((each) => each !== host);
  return others.find(({ power }) => power === 'off') ?? others[0] ?? host;
}
