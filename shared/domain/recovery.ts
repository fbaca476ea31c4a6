import { choose, type Destination } from './choose.ts';
import { type Candidate, taken, type Wanting } from './destinations.ts';
import { judgeInstance, type Verdict } from './instances.ts';
import { groupPriorities, inOrder, type Rank, rankOf } from './order.ts';
import { heldTogether, joined, type PlacedGroup } from './placed-groups.ts';
import type { Segment } from './policy.ts';
import { isRunning, type SeenMigration, type SeenServer, type Signs } from './seen.ts';

/**
 * What a recovery of a host would be, from what was read at one moment: nothing is asked here, and nothing is done. The
 * same deciders judge, order and place when a host has really failed; only how many are in flight at once is left out.
 */
export interface RecoveryInput {
  readonly segment: Segment;
  /** Every instance of the host. */
  readonly servers: readonly SeenServer[];
  /** What their images and the host's aggregates say, by instance; nothing of one that is not named. */
  readonly signs: ReadonlyMap<string, Signs>;
  /** Evacuations, and other unfinished migrations, of these instances. */
  readonly evacuations: readonly SeenMigration[];
  readonly otherMigrations: readonly SeenMigration[];
  /** As the functions `candidates` and `asleep` have them. */
  readonly candidates: readonly Candidate[];
  readonly asleep: readonly Candidate[];
  /** Server groups of these instances. */
  readonly groups: readonly PlacedGroup[];
}

export interface PlannedRecovery {
  /** In the order in which they would be asked for, those that would not be evacuated behind them. */
  readonly instances: readonly PlannedInstance[];
  /** What is left for a next host that fails with it: each takes the room of the one before. */
  readonly left: Pick<RecoveryInput, 'candidates' | 'asleep' | 'groups'>;
}

export interface PlannedInstance extends Rank {
  readonly server: SeenServer;
  readonly verdict: Verdict;
  /** Null where nothing is evacuated. */
  readonly destination: Destination | null;
}

/** Who would come back, in what order, and where to; and who would not, and why. */
export function planRecovery(input: RecoveryInput): PlannedRecovery {
  const { servers, segment } = input;
  const running = new Map(input.evacuations.filter(isRunning).map((each) => [each.instanceId, each]));
  const moving = new Map(input.otherMigrations.map((each) => [each.instanceId, each]));
  const ofGroups = groupPriorities(servers, segment.order);
  const judged = servers.map((server, index): PlannedInstance => {
    const context = {
      instances: segment.instances,
      signs: input.signs.get(server.id) ?? {},
      runningEvacuation: running.get(server.id),
      runningMigration: moving.get(server.id),
    };
    const rank = rankOf(server, ofGroups[index] ?? null, segment.order);
    return { server, ...rank, verdict: judgeInstance(server, context), destination: null };
  });
  const placing = new Placing(input);
  const instances = judged
    .sort((a, b) => Number(a.verdict.kind !== 'evacuate') - Number(b.verdict.kind !== 'evacuate') || inOrder(a, b))
    .map((each) => (each.verdict.kind === 'evacuate' ? { ...each, destination: placing.place(each.server) } : each));
  return { instances, left: placing.left };
}

/** Places one after the other, each beside those before it. */
class Placing {
  readonly #destinations: Segment['destinations'];
  #left: PlannedRecovery['left'];

  constructor({ segment, candidates, asleep, groups }: RecoveryInput) {
    this.#destinations = segment.destinations;
    this.#left = { candidates, asleep, groups };
  }

  get left(): PlannedRecovery['left'] {
    return this.#left;
  }

  place({ id, memoryMb, vcpus }: SeenServer): Destination {
    const { candidates, asleep, groups } = this.#left;
    const group = groups.find(({ members }) => members.includes(id));
    const held = heldTogether(group);
    if (held !== undefined) return { to: 'nowhere', because: held };
    const wanting: Wanting = { memoryMb, vcpus, notAt: [], group };
    const chosen = choose({ candidates, asleep }, wanting, Number.POSITIVE_INFINITY, this.#destinations);
    if (chosen.to === 'full') throw new Error('a plan knows no share of a host');
    if (chosen.to === 'scheduler' || chosen.to === 'nowhere') return chosen;
    const { host } = chosen;
    const awake = chosen.to === 'host' ? candidates : [...candidates, ...asleep.filter((each) => each.host === host)];
    this.#left = {
      candidates: taken(awake, host, wanting),
      asleep: chosen.to === 'host' ? asleep : asleep.filter((each) => each.host !== host),
      groups: group === undefined ? groups : groups.map((each) => (each === group ? joined(each, host) : each)),
    };
    return chosen;
  }
}
