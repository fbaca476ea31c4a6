import { choose, contending } from '../choose.ts';
import { type Candidate, type Wanting, withRoom } from '../destinations.ts';
import { heldTogether, type PlacedGroup, type RecordedGroup } from '../placed-groups.ts';
import type { Segment } from '../policy.ts';
import type { InstanceRecovery } from '../policy-instances.ts';
import type { SeenServer } from '../seen.ts';
import type { InstanceIncident } from './instance.ts';

/** What the host of a move is chosen among: of the hosts that would do those by which the same is chosen again. */
export interface MoveHosts {
  readonly candidates: readonly Candidate[];
  /** Its server group, with the hosts of its other members. Absent: it is in none, or the policy does not mind. */
  readonly group?: RecordedGroup;
}

/** Where a move goes; what it waits for; or why no host can ever take it. */
export type WhereTo =
  | { readonly destination: string | null; readonly because: string }
  | { readonly waits: string }
  | { readonly person: string };

type Wants = Pick<SeenServer, 'memoryMb' | 'vcpus'>;

/**
 * The host of a move, as that of an evacuation: by the same policy, with Nova's scheduler where that is the fallback there
 * too. Reserved hosts are enabled for hosts that fail, not for one instance.
 * @param refusedBy hosts that Nova would not move it to
 */
export function whereTo(
  server: Wants,
  hosts: MoveHosts | undefined,
  refusedBy: readonly string[],
  segment: Segment,
): WhereTo {
  if (hosts === undefined) return { waits: 'nobody has looked where it may go' };
  const wanting = wantingOf(server, hosts.group, refusedBy);
  const held = heldTogether(wanting.group, 'its host');
  if (held !== undefined) return { person: held };
  const { evacuation, destinations } = segment;
  const among = { candidates: hosts.candidates.map(withRoom), asleep: [] };
  const chosen = choose(among, wanting, evacuation.maxInFlightPerDestination, destinations);
  switch (chosen.to) {
    case 'host':
      return { destination: chosen.host, because: `to ${chosen.host}` };
    case 'scheduler':
      return { destination: null, because: `to where Nova's scheduler says: ${chosen.because}` };
    case 'nowhere':
      return { waits: chosen.because };
    case 'full':
      return { waits: 'each host that would do has as many instances on their way to it as the policy allows' };
    case 'reserved-host':
      throw new Error('a reserved host was chosen among none');
  }
}

/** Of all hosts those by which the same is chosen again. */
export function contendingFor(
  server: Wants,
  { candidates, group }: MoveHosts,
  refusedBy: readonly string[],
  { evacuation, destinations }: Segment,
): MoveHosts {
  const wanting = wantingOf(server, group, refusedBy);
  const among = contending({ candidates, asleep: [] }, wanting, evacuation.maxInFlightPerDestination, destinations);
  return { candidates: among.candidates, ...(group === undefined ? {} : { group }) };
}

/** Whether the next look may begin a move, so that it must be known where to. */
export function mayBegin(
  { status, moved }: Pick<InstanceIncident, 'status' | 'moved'>,
  { thenMove, ...reasons }: InstanceRecovery,
): boolean {
  if (status !== 'suspected' && status !== 'held') return false;
  if (moved !== null) return moved === 'reset-state';
  const { processGone, guestHung, ioError, noAnswer } = reasons;
  return thenMove || [processGone, guestHung, ioError, noAnswer].some((each) => each.do === 'move');
}

function wantingOf(
  { memoryMb, vcpus }: Wants,
  group: RecordedGroup | undefined,
  refusedBy: readonly string[],
): Wanting {
  const placed: PlacedGroup | undefined = group && { ...group, members: [] };
  return { memoryMb, vcpus, notAt: refusedBy, refusedBy, group: placed };
}
