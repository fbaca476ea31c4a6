import { combine, isAskedAgain, type TimedRead, type TimedReading, timeOf } from '#shared/domain/fence-levels.ts';
import type { FenceDeviceConfig } from '#shared/domain/policy-devices.ts';
import type { Clock, FenceDevice, Objection, PowerOffAnswer, PowerReading } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { openDevice } from './device.ts';

/**
 * So long from its beginning on a step asks devices again that don't answer, in ms: it has a power-off to ask for, and to
 * read back.
 */
const READ_AGAIN_MS = 20_000;
/** A device that was busy is free a moment later. */
const PAUSE_MS = 500;

/** All fence devices of one host, level by level. */
export interface Ladder {
  readonly levels: number;
  /**
   * Asks all devices at once; or those of one level only, after they were asked to switch off. Those that don't answer are
   * asked as often as their `attempts` say, while the step is young.
   */
  readPower(level?: number): Promise<TimedReading>;
  /**
   * Asks the devices of one level to switch off, one after the other, each to be the system that it was read as; the first
   * that does not accept ends it.
   * @param objection asked again before each request
   */
  powerOff(level: number, objection: Objection): Promise<PowerOffAnswer>;
  /** The same for the way back, of the devices that read off; each is asked, whatever the one before has said. */
  powerOn(level: number, objection: Objection): Promise<PowerOffAnswer>;
}

interface Rung {
  readonly config: FenceDeviceConfig;
  /** Or why it can't be asked. */
  readonly device: FenceDevice | string;
  systemUuid: string | null;
  power: PowerReading['power'];
}

/** @returns or why none of the devices can be asked: a secret or a CA is missing */
export async function openLadder(
  services: Pick<Services, 'fencing' | 'clock'>,
  levels: readonly (readonly FenceDeviceConfig[])[],
): Promise<Ladder | string> {
  const { clock } = services;
  const beganMs = clock.now();
  const againUntilMs = beganMs + READ_AGAIN_MS;
  const rungs = await Promise.all(
    levels.map((level) =>
      Promise.all(
        level.map(
          async (config): Promise<Rung> => ({
            config,
            device: await openDevice(services, config),
            systemUuid: null,
            power: 'unknown',
          }),
        ),
      ),
    ),
  );
  const faults = rungs.flat().map(({ device }) => device);
  if (faults.every((fault) => typeof fault === 'string')) return faults.join('; ');
  return {
    levels: levels.length,
    readPower: async (only) => {
      const asked = only === undefined ? rungs : rungs.slice(only, only + 1);
      const read = await Promise.all(
        asked.map((level) => Promise.all(level.map((rung) => readRung(rung, clock, againUntilMs)))),
      );
      const reading = combine(read);
      return { ...reading, ...timeOf(reading, read.flat(), beganMs) };
    },
    powerOff: (level, objection) => switchLevel('off', rungs[level] ?? [], objection),
    powerOn: (level, objection) => {
      const off = (rungs[level] ?? []).filter(({ power }) => power === 'off');
      return switchLevel('on', off, objection);
    },
  };
}

async function readRung(rung: Rung, clock: Clock, againUntilMs: number): Promise<TimedRead> {
  const read = await readDevice(rung, clock, againUntilMs);
  rung.power = read.reading.power;
  if (read.reading.power !== 'unknown') rung.systemUuid = read.reading.systemUuid;
  return read;
}

async function readDevice({ config, device }: Rung, clock: Clock, againUntilMs: number): Promise<TimedRead> {
  if (typeof device === 'string') {
    const reading = { power: 'unknown', systemUuid: null, detail: device, durationMs: 0 } as const;
    return { config, reading, askedAtMs: clock.now() };
  }
  for (let asked = 1, spentMs = 0; ; asked += 1) {
    const askedAtMs = clock.now();
    const reading = await device.readPower();
    const durationMs = spentMs + reading.durationMs;
    if (!isAskedAgain(config, reading, asked, clock.now() + PAUSE_MS, againUntilMs)) {
      const detail = asked === 1 ? reading.detail : `${reading.detail} (asked ${asked} times)`;
      return { config, reading: { ...reading, detail, durationMs }, askedAtMs: reading.askedAtMs ?? askedAtMs };
    }
    spentMs = durationMs;
    await clock.sleep(PAUSE_MS);
  }
}

async function switchLevel(to: 'on' | 'off', rungs: readonly Rung[], objection: Objection): Promise<PowerOffAnswer> {
  const answers: PowerOffAnswer[] = [];
  for (const { device, systemUuid } of rungs) {
    const answer: PowerOffAnswer =
      typeof device === 'string'
        ? { kind: 'refused', detail: `nothing was sent: ${device}`, durationMs: 0 }
        : await (to === 'off' ? device.powerOff(systemUuid, objection) : device.powerOn(systemUuid, objection));
    answers.push(answer);
    if (to === 'off' && answer.kind !== 'accepted') break;
  }
  const [only, ...others] = answers;
  if (only !== undefined && others.length === 0) return only;
  const kinds = new Set(answers.map(({ kind }) => kind));
  return {
    // Some outlets may be switched by now: only a reading tells.
    kind: kinds.size === 1 ? (answers[0]?.kind ?? 'unknown') : 'unknown',
    detail: answers.map(({ detail }, index) => `device ${index + 1} of ${rungs.length}: ${detail}`).join('; '),
    durationMs: answers.reduce((sum, { durationMs }) => sum + durationMs, 0),
  };
}
