import type { PowerReading } from '#shared/ports.ts';
import type { FenceDeviceConfig } from './policy-devices.ts';

/** What the devices of a host say together, level by level, and which level is asked next (Pacemaker's fencing topology). */

type Power = PowerReading['power'];

/** One device of a host and what it told. */
export interface DeviceRead {
  readonly config: FenceDeviceConfig;
  readonly reading: PowerReading;
}

export interface TimedRead extends DeviceRead {
  /** When it was asked for what it has told. */
  readonly askedAtMs: number;
}

/** One device as it goes into the audit. */
export interface DeviceWord {
  readonly driver: FenceDeviceConfig['driver'];
  readonly power: Power;
  /** Null where it told none. */
  readonly systemUuid: string | null;
}

/** What all devices of a host say, as one word. */
export interface HostReading extends PowerReading {
  /** Level by level; absent for a host with one device. */
  readonly levels?: readonly (readonly DeviceWord[])[];
}

/** A reading with the moment at which the devices were asked. */
export interface TimedReading extends HostReading {
  readonly askedAtMs: number;
  /** That was before this step began: its answer was kept. */
  readonly askedEarlier?: true;
}

/** An outlet of a power supply: that it is on says nothing of the host. */
const isOutlet = (config: FenceDeviceConfig): boolean => 'switches' in config && config.switches === 'outlet';

/**
 * - off: every device of some level says off, and no device that sees the system itself says on. One that does is right:
 *   the outlets that are off are another host's then.
 * - on: else, when any says on.
 * - unknown: else. No answer is never off.
 */
export function combine(levels: readonly (readonly DeviceRead[])[]): HostReading {
  const all = levels.flat();
  const [only, ...others] = all;
  if (only !== undefined && others.length === 0) return only.reading;
  const seenOn = all.find(({ config, reading }) => !isOutlet(config) && reading.power === 'on');
  const off = levels.find((level) => level.length > 0 && powerOf(level) === 'off');
  const anyOn = seenOn !== undefined || all.some(({ reading }) => reading.power === 'on');
  const power: Power = off !== undefined && seenOn === undefined ? 'off' : anyOn ? 'on' : 'unknown';
  const speaking = power === 'off' ? (off ?? all) : all.filter(({ reading }) => reading.power === power);
  const systemUuid = speaking.map(({ reading }) => reading.systemUuid).find((uuid) => uuid !== null) ?? null;
  return {
    power,
    systemUuid,
    detail: all.map(({ config, reading }) => `${config.driver}: ${reading.detail}`).join('; '),
    durationMs: Math.max(0, ...all.map(({ reading }) => reading.durationMs)),
    ...(all.some(({ reading }) => reading.pending) ? { pending: true } : {}),
    levels: levels.map((level) =>
      level.map(({ config, reading }) => ({
        driver: config.driver,
        power: reading.power,
        systemUuid: reading.systemUuid,
      })),
    ),
  };
}

/**
 * Of when their common word is: none among them was asked for before that. An on that was kept is as young as the last
 * that was, since one of them is enough.
 * @param beganMs when the step began
 */
export function timeOf(
  { power }: Pick<HostReading, 'power'>,
  all: readonly TimedRead[],
  beganMs: number,
): Pick<TimedReading, 'askedAtMs' | 'askedEarlier'> {
  const firstMs = Math.min(...all.map(({ askedAtMs }) => askedAtMs));
  if (power === 'unknown') return { askedAtMs: firstMs };
  const onMs = all.filter(({ reading }) => reading.power === 'on').map(({ askedAtMs }) => askedAtMs);
  const askedAtMs = power === 'on' ? Math.max(...onMs) : firstMs;
  return askedAtMs < beganMs ? { askedAtMs, askedEarlier: true } : { askedAtMs: firstMs };
}

function powerOf(level: readonly DeviceRead[]): Power {
  if (level.every(({ reading }) => reading.power === 'off')) return 'off';
  return level.some(({ reading }) => reading.power === 'on') ? 'on' : 'unknown';
}

/**
 * The level whose devices are asked to switch off: the first from `from` on, all of whose devices answer and one of which
 * does not say off; `from` itself where there is none.
 */
export function levelToTry(reading: HostReading, from: number): number {
  const { levels } = reading;
  if (levels === undefined) return 0;
  const order = levels.map((_, index) => (from + index) % levels.length);
  return order.find((level) => saysOn(reading, level)) ?? from % levels.length;
}

/** How often a level is asked to switch off before the next one: as often as the device of it that is given most attempts. */
export const attemptsAt = (levels: readonly (readonly FenceDeviceConfig[])[], level: number): number =>
  Math.max(1, ...(levels[level] ?? []).map(({ attempts = 1 }) => attempts));

/**
 * Whether a device that did not tell the power is asked again in the same step: while there is time for another call. One
 * that refuses the credentials is not, as accounts lock.
 * @param asked how often it was asked by now
 */
export const isAskedAgain = (
  { attempts = 1, timeoutSeconds }: Pick<FenceDeviceConfig, 'attempts' | 'timeoutSeconds'>,
  { power, refused }: Pick<PowerReading, 'power' | 'refused'>,
  asked: number,
  nowMs: number,
  untilMs: number,
): boolean =>
  power === 'unknown' && refused === undefined && asked < attempts && nowMs + timeoutSeconds * 1000 <= untilMs;

/**
 * The level whose devices are asked to switch on again: the last of those that salvor has asked to switch off, as long as
 * one of its devices reads off, so that outlets come back before the board that they feed. Behind them the first that sees
 * the system itself: that needs no outlet which somebody else has switched off.
 * @param asked levels that salvor has asked to switch off, in their order
 */
export function levelToSwitchOn(
  { power, levels }: Pick<HostReading, 'power' | 'levels'>,
  configs: readonly (readonly FenceDeviceConfig[])[],
  asked: readonly number[],
): number | undefined {
  const words: readonly (readonly Pick<DeviceWord, 'power'>[])[] = levels ?? [[{ power }]];
  const isOff = (level: number): boolean => words[level]?.some((word) => word.power === 'off') === true;
  const seesSystem = (level: number): boolean => configs[level]?.every((config) => !isOutlet(config)) === true;
  return asked.findLast(isOff) ?? words.map((_, level) => level).find((level) => isOff(level) && seesSystem(level));
}

/** Whether all devices of a level answer, and one of them says on. */
export function saysOn({ power, levels }: Pick<HostReading, 'power' | 'levels'>, level: number): boolean {
  const words: readonly Pick<DeviceWord, 'power'>[] = levels === undefined ? [{ power }] : (levels[level] ?? []);
  return words.every((word) => word.power !== 'unknown') && words.some((word) => word.power === 'on');
}

/** Whether no device that answered twice told another system the second time (S2). */
export function sameSystems(
  before: Pick<HostReading, 'systemUuid' | 'levels'>,
  after: Pick<HostReading, 'power' | 'systemUuid' | 'levels'>,
): boolean {
  if (after.power === 'unknown') return true;
  if (before.levels === undefined || after.levels === undefined) return before.systemUuid === after.systemUuid;
  const { levels } = before;
  return after.levels.every((level, at) =>
    level.every((word, index) => {
      const earlier = levels[at]?.[index];
      const answered = earlier !== undefined && earlier.power !== 'unknown' && word.power !== 'unknown';
      return !answered || earlier.systemUuid === word.systemUuid;
    }),
  );
}
