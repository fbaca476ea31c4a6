import type { Check, Scene } from './check.ts';

/** salvor gives no host back: whoever unsets forced_down, enables a service or switches a host on is somebody else. */
export function noHostGivenBack(_scene: Scene): Check {
  let person = { host: '', atMs: -1 };
  return {
    id: 'S6',
    sentence: 'no host is given back to the scheduler while its evacuations run',
    see: (happening) => {
      if (happening.kind === 'person') person = happening;
      if (happening.kind !== 'fact') return undefined;
      const { fact } = happening;
      const givesBack = (fact.kind === 'forced-down' && !fact.forcedDown) || (fact.kind === 'status' && !fact.disabled);
      if (!givesBack || (person.host === fact.host && person.atMs === happening.atMs)) return undefined;
      return `${fact.host} was given back by nobody but salvor`;
    },
  };
}
