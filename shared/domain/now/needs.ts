import { isReleasable } from '../gates/release.ts';
import type { HostState } from '../host.ts';
import type { OpenNow } from './progress.ts';
import type { Tile } from './tile.ts';

/** Something that waits for a person, and what he may type. */
export interface Need {
  /** The host; for instances that of their incident. */
  readonly about: string;
  readonly says: string;
  /** Commands of salvor that would move it on, the likeliest first. */
  readonly commands: readonly string[];
}

/** How many items of the state are no form of ours: of what is under way, and of the list of incidents. */
interface Unreadable {
  readonly due: number;
  readonly incidents: number;
}

/** What stands still until a person has looked. What salvor goes on with by itself is not there. */
export function needsOf(
  hosts: readonly HostState[],
  open: readonly OpenNow[],
  tiles: readonly Tile[],
  unreadable: Unreadable,
): readonly Need[] {
  return [
    ...ofUnreadable(unreadable),
    ...hosts.flatMap(ofHost),
    ...open.flatMap(({ host, id, counts }) => {
      const { person = 0 } = counts;
      if (person === 0) return [];
      const says = `${person} of its instances ${person === 1 ? 'is' : 'are'} for a person to decide`;
      return [{ about: host, says, commands: [`salvor audit ${id}`] }];
    }),
    ...unfenceable(tiles),
  ];
}

/** Nobody works on these, and they are on no list. */
function ofUnreadable({ due, incidents }: Unreadable): readonly Need[] {
  const need = (says: string): Need => ({ about: 'salvor', says, commands: ['salvor doctor'] });
  return [
    ...(due === 0
      ? []
      : [need(`the state of ${due === 1 ? 'a host' : `${due} hosts`} can not be read, and stands still`)]),
    ...(incidents === 0
      ? []
      : [need(`${incidents === 1 ? 'an incident' : `${incidents} incidents`} of the list can not be read`)]),
  ];
}

function ofHost({ name, incident, returning = null }: HostState): readonly Need[] {
  const commands = (...verbs: readonly string[]) => verbs.map((verb) => `salvor ${verb} ${name} --reason …`);
  switch (incident?.status) {
    case 'stopped':
      return [{ about: name, says: `stopped: ${incident.reason}`, commands: commands('release', 'dismiss') }];
    case 'held': {
      const gates = incident.failedGates.map(({ gate }) => gate).join(', ');
      const says = `said to be down, and held by ${gates}`;
      // Of gates that nobody may release, a release would be refused.
      const mayRelease = incident.failedGates.every(({ gate }) => isReleasable(gate));
      const acts = commands(...(mayRelease ? ['release'] : []), 'dismiss');
      return [{ about: name, says, commands: [`salvor explain ${name}`, ...acts] }];
    }
    case 'fencing': {
      const { lastFailure, failures, offConfirmed } = incident;
      if (lastFailure === null) return [];
      const more = offConfirmed?.complete === false ? '; one more person must confirm that it is off' : '';
      const says = `not proven off after ${failures} tries: ${lastFailure}${more}`;
      return [{ about: name, says, commands: commands('confirm-off') }];
    }
    default:
      break;
  }
  const isForPerson = returning?.quarantine?.untilMs === null && returning.askedFor === null;
  return isForPerson
    ? [{ about: name, says: 'in quarantine until a person gives it back', commands: commands('return') }]
    : [];
}

/** One line for all of them: one that dies would wait. */
function unfenceable(tiles: readonly Tile[]): readonly Need[] {
  const hosts = tiles.filter(({ fence, state }) => fence === 'not-ready' && state === 'in-service');
  const [first] = hosts;
  if (first === undefined) return [];
  const about = hosts.length === 1 ? first.host : `${hosts.length} hosts`;
  return [{ about, says: 'could not be fenced if it failed now', commands: ['salvor doctor'] }];
}
