import { isAlive } from '../actions.ts';
import type { DatedHappening, OutsideRequest } from '../engine/log.ts';
import { isRunningEvacuation } from '../ports/nova-view.ts';
import { type Check, INTENT_GOOD_MS, KNOWN_WITHIN_MS, type Scene } from './check.ts';
import { factsOf } from './intents.ts';

/** A service that reports is told from one that is silent after so long at the latest: `watch.staleSeconds` of the policies. */
const SILENCE_SEEN_AFTER_MS = 60_000;

/**
 * salvor gives a host back only by its policy or a person's word, when it is well and Nova works on no evacuation of it;
 * whoever else unsets forced_down or enables a service is somebody else. Besides it enables what it had disabled itself for
 * a process of a host that lived, while that has no incident, and reserved hosts (reserved-hosts.ts): neither of them a host
 * that it has in maintenance. It lets go of none while evacuations that it has asked for run: a host that came back is cut
 * off again.
 */
export function noHostGivenBack({ simulation, histories, incidents, switches, returns, segmentsOf }: Scene): Check {
  const { world, states } = simulation;
  let person = { host: '', atMs: -1 };
  /** Hosts that salvor has asked Nova to disable last, for one of their processes. */
  const forProcess = new Set<string>();
  const runsAlone = (name: string): boolean => {
    const host = world.hosts.get(name);
    return host !== undefined && isAlive(host) && !host.forcedDown && states.incidentOf(name) === 'none';
  };

  const runningOf = (host: string, beforeMs: number) =>
    (world.migrationsBySource.get(host) ?? []).find((each) => each.createdMs < beforeMs && isRunningEvacuation(each));

  /** Stood down means that nothing was done to the host. */
  function whenStoodDown(host: string, nowMs: number): string | undefined {
    const running = (world.migrationsBySource.get(host) ?? []).find(
      (each) =>
        each.userId === 'salvor' &&
        each.createdMs > incidents.openedAtMs(host) &&
        each.createdMs < nowMs - KNOWN_WITHIN_MS.state &&
        isRunningEvacuation(each),
    );
    return running && `${host} is taken for well again while evacuation ${running.id} of it runs`;
  }

  function whenAsked(request: OutsideRequest, nowMs: number): string | undefined {
    const { act, host } = request;
    const asker = returns.askerOf(request);
    if (act === 'disable' && asker === 'recover-process') forProcess.add(host);
    if (asker === 'return-host') return whenReturned(request, nowMs);
    const sinceMs = returns.inMaintenanceSinceMs(host);
    return act === 'enable' && sinceMs < nowMs - KNOWN_WITHIN_MS.state - INTENT_GOOD_MS.enable
      ? `${asker} enables ${host}, which is in maintenance`
      : undefined;
  }

  function whenReturned({ act, host: name }: OutsideRequest, nowMs: number): string | undefined {
    const host = world.hosts.get(name);
    const [segment] = segmentsOf(name);
    if ((act !== 'force-up' && act !== 'enable') || host === undefined) return undefined;
    const knownMs = nowMs - KNOWN_WITHIN_MS.host - INTENT_GOOD_MS[act];
    const what = `${act} of ${name}`;
    if (segment?.hostReturn.mode !== 'automatic' && !returns.isAskedFor(name) && !returns.wasWorkedOn(name))
      return `${what}, and neither its policy nor a person wants it`;
    if (
      states.incidentOf(name) !== 'none' &&
      incidents.openedAtMs(name) < nowMs - KNOWN_WITHIN_MS.state - INTENT_GOOD_MS[act]
    )
      return `${what} while an incident of it is open`;
    const running = runningOf(name, knownMs);
    if (running !== undefined) return `${what} while evacuation ${running.id} of it runs`;
    if (histories.of(name).silentSinceMs < knownMs - SILENCE_SEEN_AFTER_MS) return `${what}, which is dead`;
    if (switches.offSinceMs(segment?.name, nowMs) < nowMs - KNOWN_WITHIN_MS.state - INTENT_GOOD_MS[act])
      return `${what} while salvor is disarmed`;
    const isOthers = host.disabled && host.disabledReason?.startsWith('salvor maintenance') !== true;
    if (act === 'enable' && isOthers && histories.of(name).disabledSinceMs < knownMs)
      return `${what}, which salvor has not disabled`;
    return undefined;
  }

  function see(happening: DatedHappening): string | undefined {
    if (happening.kind === 'person') person = happening;
    if (happening.kind === 'asked') return whenAsked(happening.request, happening.atMs);
    for (const { type, stream, fact } of factsOf(happening)) {
      if (type !== 'incident-closed' || fact.outcome !== 'stood-down') continue;
      const broken = whenStoodDown(incidents.hostOf(stream) ?? '', happening.atMs);
      if (broken !== undefined) return broken;
    }
    if (happening.kind !== 'fact') return undefined;
    const { fact } = happening;
    const act =
      fact.kind === 'forced-down' && !fact.forcedDown
        ? 'force-up'
        : fact.kind === 'status' && !fact.disabled
          ? 'enable'
          : undefined;
    if (act === undefined || !('host' in fact)) return undefined;
    if (person.host === fact.host && person.atMs === happening.atMs) return undefined;
    const askers = returns.askersOf(fact.host, act);
    if (askers.some((asker) => asker !== 'recover-process')) return undefined;
    if (askers.length > 0 && forProcess.delete(fact.host) && runsAlone(fact.host)) return undefined;
    return `${fact.host} was given back, and nobody has asked for it`;
  }

  return {
    id: 'S6',
    sentence: 'a host is given back by its policy or a person, when it is up again and its evacuations have ended',
    see,
    atEnd: (waiting) =>
      [...world.hosts.keys()]
        .filter((name) => !waiting.includes(name) && states.returningOf(name) !== null && simulation.director.isCalm)
        .map((name) => `the return of ${name} is still ${states.returningOf(name)?.status}`),
  };
}
