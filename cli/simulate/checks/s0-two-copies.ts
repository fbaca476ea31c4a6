import type { Check, Scene } from './check.ts';

/**
 * Two guests of one instance write to one disk. A host whose device said off while it ran is beyond what salvor can
 * know: the guests that it has are not held against it, until it is really off.
 */
export function noTwoCopies(_scene: Scene): Check {
  const liedFor = new Set<string>();
  return {
    id: 'S0',
    sentence: 'no instance runs on two hosts at once',
    see: (happening) => {
      if (happening.kind === 'struck' && happening.strike.kind === 'bmc-lies-off') liedFor.add(happening.strike.host);
      if (happening.kind === 'fact' && happening.fact.kind === 'power' && happening.fact.power === 'off')
        liedFor.delete(happening.fact.host);
      if (happening.kind !== 'fact' || happening.fact.kind !== 'guest' || happening.fact.what !== 'DOUBLE')
        return undefined;
      const { serverId, host, otherHost = '' } = happening.fact;
      if (liedFor.has(otherHost)) return undefined;
      return `${serverId} starts on ${host} while it runs on ${otherHost}`;
    },
  };
}
