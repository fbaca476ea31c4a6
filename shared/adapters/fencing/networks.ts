import { type Caller, type Calls, entered, left } from '#shared/domain/fence-networks.ts';
import { type FenceDeviceConfig, LONGEST_CALL_SECONDS } from '#shared/domain/policy-devices.ts';
import { ConflictError } from '#shared/errors.ts';
import type { Chance, Clock, FenceDevice, Fencing, StateStore } from '#shared/ports.ts';
import { callsWrite, loadCalls } from '#shared/state/fence-networks.ts';

export interface Networks {
  readonly state: StateStore;
  readonly clock: Clock;
  readonly chance: Chance;
  /** `fenceNetworks` of the policy: calls at the same time, by network. */
  readonly limits: Readonly<Record<string, number>>;
}

/** A call that gets no place in this time is not made. */
const WAIT_MS = 5000;
const LOOK_AGAIN_MS = 200;
/** From the end of the longest call on its place is free, whatever became of who made it. */
const SPARE_MS = 5000;

/**
 * Devices of a BMC network that carries only so many calls at the same time: places are kept in the state, as functions share
 * nothing else. A call without a place is one without an answer: nothing was sent, and it is tried again later.
 */
export const withNetworks = (others: Fencing, networks: Networks): Fencing => ({
  device: async (config) => {
    const device = await others.device(config);
    const atOnce = config.network === undefined ? undefined : networks.limits[config.network];
    return config.network === undefined || atOnce === undefined
      ? device
      : limited(device, config, placesOf(config.network, atOnce, networks));
  },
});

interface Places {
  /** Undefined when there was none in time. */
  hold<T>(forMs: number, call: () => Promise<T>): Promise<T | undefined>;
  readonly full: string;
}

function limited(device: FenceDevice, { timeoutSeconds }: FenceDeviceConfig, { hold, full }: Places): FenceDevice {
  const forMs = Math.min(timeoutSeconds, LONGEST_CALL_SECONDS) * 1000;
  const noPlace = { kind: 'refused', detail: `nothing was sent: ${full}`, durationMs: WAIT_MS } as const;
  const readAccount = device.readAccount?.bind(device);
  return {
    ...(readAccount === undefined
      ? {}
      : {
          readAccount: async () =>
            (await hold(forMs, readAccount)) ?? { endsAtMs: null, trouble: null, untold: `it was not asked: ${full}` },
        }),
    readPower: async () =>
      (await hold(forMs, () => device.readPower())) ?? {
        ...{ power: 'unknown', systemUuid: null, detail: `it was not asked: ${full}`, durationMs: WAIT_MS },
      },
    // Objections are asked for once the place is there, as late as without one.
    powerOff: async (systemUuid, objection) =>
      (await hold(forMs, () => device.powerOff(systemUuid, objection))) ?? noPlace,
    powerOn: async (systemUuid, objection) =>
      (await hold(forMs, () => device.powerOn(systemUuid, objection))) ?? noPlace,
  };
}

function placesOf(network: string, atOnce: number, { state, clock, chance }: Networks): Places {
  /**
   * @param changed undefined: there is nothing to write, and it is told so
   * @param untilMs others are at it all the time: not tried again from then on
   */
  async function change(changed: (calls: Calls) => Calls | undefined, untilMs: number): Promise<boolean> {
    for (;;) {
      const before = await loadCalls(state, network);
      const calls = changed(before.value);
      if (calls === undefined) return false;
      try {
        await state.transact([callsWrite(network, before, calls)]);
        return true;
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
        if (clock.now() >= untilMs) return false;
        await clock.sleep(chance.random() * LOOK_AGAIN_MS);
      }
    }
  }

  async function enter(id: string, forMs: number): Promise<boolean> {
    const untilMs = clock.now() + WAIT_MS;
    const enterNow = (calls: Calls): Calls | undefined => {
      const nowMs = clock.now();
      const caller: Caller = { id, untilMs: nowMs + forMs + SPARE_MS };
      return entered(calls, caller, atOnce, nowMs);
    };
    for (;;) {
      if (await change(enterNow, untilMs)) return true;
      if (clock.now() >= untilMs) return false;
      await clock.sleep(LOOK_AGAIN_MS * (0.5 + chance.random()));
    }
  }

  return {
    full: `as many calls as fenceNetworks allows for ${network} (${atOnce}) were under way for ${WAIT_MS / 1000} s`,
    hold: async (forMs, call) => {
      const id = chance.id();
      if (!(await enter(id, forMs))) return undefined;
      try {
        return await call();
      } finally {
        // Who can't say so leaves its place when its time is over.
        await change((calls) => left(calls, id), clock.now() + WAIT_MS).catch(() => undefined);
      }
    },
  };
}
