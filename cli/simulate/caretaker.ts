import { fenceDeviceOf } from '#shared/domain/fence-device.ts';
import type { SimHost } from '#sim/world/types.ts';
import { boot, isAlive, setDisabled, setForcedDown } from './actions.ts';
import type { Simulation } from './engine/simulation.ts';
import {
  arm,
  confirmOff,
  endMaintenance as endWork,
  giveBack,
  isAskedForWords,
  isReleased,
  isTagged,
  mayBeConfirmedOff,
  release,
} from './operators.ts';
import { owedTo } from './owed.ts';

/** Why a reserved host is disabled. */
export const ASLEEP = 'reserved: spare';
const LOOK_MS = 20_000;
/** A dead host that salvor has done with is repaired after so long, and one that it holds by whoever sees to it. */
const REPAIR_AFTER_MS = 90_000;
const REPAIR_HELD_MS = 420_000;
/** For so long a host that salvor brings back by itself is left to it, and one that it switches on. */
const LEFT_TO_RETURN_MS = 1_500_000;
const ANSWER_AFTER_MS = 120_000;
/** For so long of the calm, what salvor ought to recover by itself is left to it: checks/l1-recovers.ts asks whether it does. */
const LEFT_TO_SALVOR_MS = 900_000;

/**
 * The operators' daily work: a dead host that salvor is not at work on is switched on, and one that has booted is given
 * back. In the calm at the end they also undo what was done to hosts meanwhile, so that everything can come to an end.
 * @param segmentOf the aggregate of each host that shall have one
 */
export function startCaretaker(simulation: Simulation, segmentOf: ReadonlyMap<string, string>): void {
  const { world, scheduler, states, director, log, random, policy } = simulation;
  let calmSinceMs = Number.POSITIVE_INFINITY;
  const leftSinceMs = new Map<string, number>();
  /** Since when each host that is alive, or off, is on its way back by salvor's doing. */
  const returningSinceMs = new Map<string, number>();
  /** Whether somebody sees to a host that is held, drawn each time that one is. */
  const seenTo = new Map<string, boolean>();
  /** Until when a host is taken for under repair; it may fail in it. */
  const repairUntilMs = new Map<string, number>();
  const inRepair = (host: SimHost): boolean => (repairUntilMs.get(host.name) ?? 0) > scheduler.now();

  /** The aggregate that the host was taken out of. */
  const missedBy = ({ name }: SimHost) =>
    world.aggregates.find((each) => each.name === segmentOf.get(name) && !each.hosts.includes(name));
  /** Kept for failures: nobody but salvor enables it. */
  const isAsleep = ({ disabled, disabledReason }: SimHost): boolean => disabled && disabledReason === ASLEEP;

  const endMaintenance = (host: SimHost): void => {
    setDisabled(world, host, false);
    missedBy(host)?.hosts.push(host.name);
  };

  /** Nobody waits for salvor: it has nothing open, only hears again of what it has done, or holds it for good. */
  function isLeft(host: SimHost): boolean {
    const { name, forcedDown } = host;
    const state = states.incidentOf(name);
    const isHopeless = state === 'fencing' && director.isCalm && fenceDeviceOf(policy, name) === undefined;
    const waits = state === 'suspected' || state === 'held' || isHopeless;
    return (
      state === 'none' ||
      (waits && (forcedDown || director.isCalm)) ||
      (isSeenTo(name, state) && !isReleased(simulation, host))
    );
  }

  function isSeenTo(name: string, state: string): boolean {
    if (state !== 'held') {
      seenTo.delete(name);
      return false;
    }
    const chosen = seenTo.get(name) ?? random.next() < 0.6;
    seenTo.set(name, chosen);
    return chosen;
  }

  const isLeftToSalvor = (host: SimHost): boolean =>
    director.isCalm && scheduler.now() - calmSinceMs < LEFT_TO_SALVOR_MS && owedTo(simulation, host) !== undefined;

  /** Whether salvor is to bring the host back by itself; one that it keeps in quarantine is asked for now and then. */
  function isReturning(host: SimHost): boolean {
    const returning = states.returningOf(host.name);
    if (!host.forcedDown && !host.disabled) returningSinceMs.delete(host.name);
    if (returning === null) return false;
    const since = returningSinceMs.get(host.name) ?? scheduler.now();
    returningSinceMs.set(host.name, since);
    if (returning.quarantine !== null && returning.askedFor === null && random.next() < 0.1) giveBack(simulation, host);
    return scheduler.now() - since < LEFT_TO_RETURN_MS;
  }

  /** Hosts that nobody works on any more: what salvor has disabled for it is enabled again. */
  function endWorks(host: SimHost): boolean {
    if (!director.isCalm || !states.isInMaintenance(host.name)) return false;
    if (isAlive(host)) endWork(simulation, host);
    return isAlive(host);
  }

  /** Of a host in maintenance nothing is evacuated: in the calm, whoever works on it takes the tag off and repairs it. */
  const isKeptOff = (host: SimHost): boolean =>
    isTagged(simulation, host) && !(director.isCalm && states.isInMaintenance(host.name));

  const switchesOn = ({ name }: SimHost): boolean =>
    states.returningOf(name)?.persons === 0 &&
    policy.segments.some(
      (each) => each.name === segmentOf.get(name) && each.hostReturn.powerOn === 'after-evacuations',
    );

  function lookAt(host: SimHost): void {
    if (endWorks(host)) return;
    if (isAlive(host) && isAsleep(host)) return;
    if (director.isCalm && !inRepair(host) && (host.disabled || missedBy(host) !== undefined)) {
      log.add({ kind: 'person', act: 'ends the maintenance', host: host.name });
      endMaintenance(host);
    }
    if (isAlive(host)) {
      leftSinceMs.delete(host.name);
      repairUntilMs.delete(host.name);
      if (states.incidentOf(host.name) !== 'none' || !(host.forcedDown || host.disabled)) return;
      if (states.isInMaintenance(host.name) || isReturning(host)) return;
      log.add({ kind: 'person', act: 'gives the host back', host: host.name });
      setForcedDown(world, host, false);
      endMaintenance(host);
      return;
    }
    if (
      inRepair(host) ||
      isKeptOff(host) ||
      !isLeft(host) ||
      isLeftToSalvor(host) ||
      (switchesOn(host) && isReturning(host))
    ) {
      leftSinceMs.delete(host.name);
      return;
    }
    const since = leftSinceMs.get(host.name) ?? scheduler.now();
    leftSinceMs.set(host.name, since);
    const isHeld = states.incidentOf(host.name) === 'held' && !host.forcedDown;
    if (scheduler.now() - since < (director.isCalm || isHeld ? REPAIR_HELD_MS : REPAIR_AFTER_MS)) return;
    log.add({ kind: 'person', act: 'repairs the host', host: host.name });
    leftSinceMs.delete(host.name);
    repairUntilMs.set(host.name, scheduler.now() + world.options.hostBootMs + LOOK_MS);
    // A disabled service keeps salvor's hands off (docs/acting.md).
    setDisabled(world, host, true);
    boot(world, host);
  }

  /** Whoever has looked lets salvor go on where it waits for a person; some rather repair the host by themselves. */
  function answer(host: SimHost): void {
    const state = states.incidentOf(host.name);
    const waits = state === 'stopped' || (state === 'held' && !isAlive(host) && !inRepair(host));
    if (state === 'held' && isLeftToSalvor(host)) return;
    if (scheduler.now() - calmSinceMs <= ANSWER_AFTER_MS) return;
    // No device will ever answer for it, or people have said so before.
    const isTheirs = isTagged(simulation, host) || fenceDeviceOf(policy, host.name) === undefined;
    const isConfirmed =
      isTheirs && isAskedForWords(simulation, host) && mayBeConfirmedOff(simulation, host) && random.next() < 0.2;
    if (isConfirmed) for (const by of ['alice', 'bob']) confirmOff(simulation, host, by);
    else if (waits && random.next() < 0.2) release(simulation, host);
  }

  const look = (): void => {
    if (director.isCalm && calmSinceMs === Number.POSITIVE_INFINITY) {
      calmSinceMs = scheduler.now();
      for (const { name } of simulation.policy.segments) arm(simulation, name);
      arm(simulation, undefined);
    }
    for (const host of world.hosts.values()) {
      lookAt(host);
      answer(host);
    }
    scheduler.after(LOOK_MS, look);
  };
  scheduler.after(LOOK_MS, look);
}
