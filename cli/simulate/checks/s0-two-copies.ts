import type { Check, Scene } from './check.ts';

/** Two guests of one instance write to one disk. */
export function noTwoCopies({ truth }: Scene): Check {
  return {
    id: 'S0',
    sentence: 'no instance runs on two hosts at once',
    see: (happening) => {
      if (happening.kind !== 'fact' || happening.fact.kind !== 'guest' || happening.fact.what !== 'DOUBLE')
        return undefined;
      const { serverId, host, otherHost = '' } = happening.fact;
      if (truth.isLiedFor(otherHost)) return undefined;
      return `${serverId} starts on ${host} while it runs on ${otherHost}`;
    },
  };
}
