import { isAlive } from '../actions.ts';
import { isRunningEvacuation } from '../ports/nova-view.ts';
import { type Check, KNOWN_WITHIN_MS, type Scene } from './check.ts';
import { factsOf } from './intents.ts';
import { reasonsToKeep } from './reserved-hosts.ts';

/**
 * salvor gives no host back: whoever unsets forced_down, enables a service or switches a host on is somebody else; but for a
 * service that salvor itself had disabled for a process of a host that lived, while that has no incident. And it lets go of
 * none whose evacuations it has asked for and Nova still works on: a host that came back is cut off again.
 */
export function noHostGivenBack({ simulation, incidents }: Scene): Check {
  let person = { host: '', atMs: -1 };
  const askedFor = new Set<string>();

  /** Stood down means that nothing was done to the host. */
  function whenStoodDown(host: string, nowMs: number): string | undefined {
    const running = (simulation.world.migrationsBySource.get(host) ?? []).find(
      (each) =>
        each.userId === 'salvor' &&
        each.createdMs > incidents.openedAtMs(host) &&
        each.createdMs < nowMs - KNOWN_WITHIN_MS.state &&
        isRunningEvacuation(each),
    );
    return running && `${host} is taken for well again while evacuation ${running.id} of it runs`;
  }

  /** Hosts that salvor has asked Nova to disable last. */
  const ours = new Set<string>();
  const mayBeEnabled = (name: string): boolean => {
    const host = simulation.world.hosts.get(name);
    return host !== undefined && isAlive(host) && !host.forcedDown && simulation.states.incidentOf(name) === 'none';
  };

  return {
    id: 'S6',
    sentence: 'salvor gives no host back to the scheduler, and lets go of none while its evacuations run',
    see: (happening) => {
      if (happening.kind === 'person') person = happening;
      if (happening.kind === 'asked') {
        const { act, host } = happening.request;
        if (act === 'enable' && reasonsToKeep(simulation, host).length > 0) askedFor.add(host);
        if (act === 'disable') ours.add(host);
      }
      for (const { type, stream, fact } of factsOf(happening)) {
        if (type !== 'incident-closed' || fact.outcome !== 'stood-down') continue;
        const broken = whenStoodDown(incidents.hostOf(stream) ?? '', happening.atMs);
        if (broken !== undefined) return broken;
      }
      if (happening.kind !== 'fact') return undefined;
      const { fact } = happening;
      // One that was reserved has a check of its own: reserved-hosts.ts.
      const isEnabled = fact.kind === 'status' && !fact.disabled && !askedFor.has(fact.host);
      const givesBack = (fact.kind === 'forced-down' && !fact.forcedDown) || isEnabled;
      if (!givesBack || (person.host === fact.host && person.atMs === happening.atMs)) return undefined;
      if (fact.kind === 'status' && ours.delete(fact.host) && mayBeEnabled(fact.host)) return undefined;
      return `${fact.host} was given back by nobody but salvor`;
    },
  };
}
