import type { Asleep } from './asleep.ts';
import { backoffMs } from './backoff.ts';
import type { GrantBasis } from './basis.ts';
import { choose, contending } from './choose.ts';
import { type Candidate, placesFor, taken, type Wanting } from './destinations.ts';
import { judgeAgain } from './judge-again.ts';
import { inOrder, rankOfTask } from './order.ts';
import { heldTogether, joined, type PlacedGroup } from './placed-groups.ts';
import type { Segment } from './policy.ts';
import { recordMigration, type SeenMigration, type SeenServer } from './seen.ts';
import type { Sight } from './settle.ts';
import { askedAnew, endedAs, type TaskFact, type TaskState } from './task.ts';
import { type TierSummary, tierGate } from './tiers.ts';

export interface GrantInput {
  readonly sight: Sight;
  readonly segment: Segment;
  /** Nova's word on the failed host in this look. */
  readonly forcedDown: boolean;
  readonly candidates: readonly Candidate[];
  /** Reserved hosts that are disabled yet. */
  readonly asleep: readonly Asleep[];
  /** Server groups of the tasks, with where their members are or go. */
  readonly groups: readonly PlacedGroup[];
  /** Tiers that must be up before a task may start. */
  readonly tiersBefore: (task: TaskState) => readonly TierSummary[];
  readonly otherMigrations: ReadonlyMap<string, SeenMigration>;
  /** Evacuations in flight now: of this incident, of others, and the cloud's limit. */
  readonly inFlight: number;
  readonly inFlightElsewhere: number;
  readonly maxInFlightOverAll: number;
  /** The fence proof is good for requests that this look may grant. */
  readonly proofIsYoung: boolean;
  /** Where a decision is made again: so many places were counted, of which not all hosts are on record. */
  readonly places?: number | undefined;
}

export interface TaskChange {
  readonly task: TaskState;
  readonly facts: readonly TaskFact[];
  readonly basis: GrantBasis;
}

/** A reserved host that is to be enabled, for a task that waits for it; and all that this was chosen among. */
export interface Wake {
  readonly task: TaskState;
  readonly wanting: Wanting;
  readonly host: Asleep;
  readonly candidates: readonly Candidate[];
  readonly asleep: readonly Asleep[];
}

export interface Grants {
  readonly changes: readonly TaskChange[];
  /** One at a time: the next look sees what room it has brought. */
  readonly wake: Wake | undefined;
  /** Room was made for one that waits for it, and the proof is too old to use it. */
  readonly needsProof: boolean;
}

/** Gives tokens to waiting tasks in their order, as far as the limits go; each is judged again by what Nova says now. */
export function grant(tasks: readonly TaskState[], input: GrantInput): Grants {
  const granting = new Granting(input);
  for (const task of [...tasks].sort((a, b) => inOrder(rankOfTask(a), rankOfTask(b)))) granting.look(task);
  return granting;
}

class Granting implements Grants {
  readonly changes: TaskChange[] = [];
  wake: Wake | undefined;
  needsProof = false;
  readonly #input: GrantInput;
  readonly #limit: number;
  #inFlight: number;
  #candidates: readonly Candidate[];
  #groups: readonly PlacedGroup[];

  constructor(input: GrantInput) {
    const { segment, maxInFlightOverAll, inFlightElsewhere } = input;
    this.#input = input;
    this.#limit = Math.min(segment.evacuation.maxInFlight, maxInFlightOverAll - inFlightElsewhere);
    this.#inFlight = input.inFlight;
    this.#candidates = input.candidates;
    this.#groups = input.groups;
  }

  look(task: TaskState): void {
    const { progress } = task;
    const { sight, segment, tiersBefore } = this.#input;
    if (progress.status !== 'waiting') return;
    const isEarly = isPaused(task, sight.atMs);
    if (isEarly && !this.#hasMoreRoom(task, progress)) return;
    const { server, ends } = judgeAgain(task, progress.because, this.#input);
    this.#change(task, ends);
    if (server === undefined) return;
    const tier = tierGate(tiersBefore(task), segment.order, sight.atMs);
    if (tier.gate === 'never') this.#change(task, [endedAs('person', tier.because, sight.atMs)]);
    // Said once, as long as the reason stays.
    if (tier.gate === 'shut' && progress.because !== tier.because)
      this.#change(task, [{ type: 'task-waits', for: 'tier', because: tier.because, atMs: sight.atMs }]);
    if (tier.gate === 'open') this.#place(task, server, tier.because, isEarly);
  }

  /** Since it began to wait for room, which there may be at any time: its pause is for what nobody sees. */
  #hasMoreRoom(task: TaskState, { for: waitsFor, places = Number.POSITIVE_INFINITY }: Waiting): boolean {
    return waitsFor === 'room' && this.#placesFor(task) > places;
  }

  /** At hosts that refused it as well: Nova knows why, and nobody else. */
  #placesFor(task: TaskState): number {
    const { asleep, places } = this.#input;
    const { memoryMb, vcpus = 0, failedAt } = task;
    const hosts = [...this.#candidates, ...asleep];
    return places ?? placesFor(hosts, { memoryMb, vcpus, notAt: failedAt, group: this.#groupOf(task) });
  }

  #groupOf({ instanceId }: TaskState): PlacedGroup | undefined {
    return this.#groups.find(({ members }) => members.includes(instanceId));
  }

  #place(task: TaskState, server: SeenServer, tier: string | null, isEarly: boolean): void {
    const { segment, sight, asleep, proofIsYoung } = this.#input;
    const { destinations, evacuation } = segment;
    const group = this.#groupOf(task);
    const held = heldTogether(group);
    if (held !== undefined) this.#change(task, [endedAs('person', held, sight.atMs)], { group });
    if (held !== undefined || this.#inFlight >= this.#limit) return;
    const { memoryMb, vcpus = 0, failedAt, refusedBy = [] } = askedAnew(task, sight.atMs);
    const wanting: Wanting = { memoryMb, vcpus, notAt: [...failedAt, ...refusedBy], refusedBy, group };
    const hosts = { candidates: this.#candidates, asleep };
    const share = evacuation.maxInFlightPerDestination;
    const chosen = choose(hosts, wanting, share, destinations);
    const places = this.#placesFor(task);
    const among = { ...contending(hosts, wanting, share, destinations), group, places };
    switch (chosen.to) {
      case 'full':
        return;
      case 'reserved-host':
        this.#wake(task, wanting, chosen.host, among);
        return;
      case 'nowhere': {
        if (isEarly) return;
        const { because } = chosen;
        const retryAtMs = sight.atMs + backoffMs(task.roomless ?? 0, evacuation, 1);
        this.#change(task, [{ type: 'no-room', because, places, retryAtMs, atMs: sight.atMs }], among);
        return;
      }
      case 'scheduler':
      case 'host': {
        // Of those whose pause is over whoever looks has made sure.
        if (isEarly && !proofIsYoung) {
          this.needsProof = true;
          return;
        }
        const host = chosen.to === 'host' ? chosen.host : null;
        this.#change(task, [this.#granted(task, server, host, tier, places)], among);
        this.#take(host, wanting);
      }
    }
  }

  #wake(task: TaskState, wanting: Wanting, name: string, among: Pick<Wake, 'candidates' | 'asleep'>): void {
    const host = this.#input.asleep.find((each) => each.host === name);
    if (host === undefined) return;
    this.wake ??= { task, wanting, host, candidates: among.candidates, asleep: among.asleep };
  }

  #take(host: string | null, wanting: Wanting): void {
    this.#inFlight += 1;
    if (host === null) return;
    this.#candidates = taken(this.#candidates, host, wanting);
    this.#groups = this.#groups.map((each) => (each === wanting.group ? joined(each, host) : each));
  }

  #change(task: TaskState, facts: readonly TaskFact[], among: Partial<Among> = {}): void {
    if (facts.length === 0) return;
    const { forcedDown, otherMigrations, inFlightElsewhere, tiersBefore } = this.#input;
    const { candidates = [], asleep = [], group } = among;
    // By them its pause is cut short, whatever is decided then.
    const { places = isPaused(task, this.#input.sight.atMs) ? this.#placesFor(task) : undefined } = among;
    const migration = otherMigrations.get(task.instanceId);
    const tiers = tiersBefore(task);
    const basis: GrantBasis = {
      forcedDown,
      migration: migration === undefined ? null : recordMigration(migration),
      inFlight: this.#inFlight,
      inFlightElsewhere,
      candidates,
      ...(places === undefined ? {} : { places }),
      ...(tiers.length === 0 ? {} : { tiers }),
      ...(asleep.length === 0 ? {} : { asleep }),
      ...(group === undefined ? {} : { group: { ...group, members: [] } }),
    };
    this.changes.push({ task, facts, basis });
  }

  #granted(task: TaskState, server: SeenServer, host: string | null, tier: string | null, places: number): TaskFact {
    const { sight, forcedDown } = this.#input;
    const known = sight.evacuationsOf.get(task.instanceId) ?? [];
    return {
      type: 'granted',
      attempt: {
        number: task.attempts + 1,
        way: task.attempts === 0 ? task.way : task.wayAgain,
        destination: host,
        grantedAtMs: sight.atMs,
        places,
        lastMigrationId: Math.max(0, ...known.map((each) => each.id)),
      },
      checks: {
        seenAtMs: sight.atMs,
        forcedDown,
        vmState: server.vmState,
        taskState: server.taskState,
        inFlight: this.#inFlight + 1,
        inFlightLimit: this.#limit,
        ...(tier === null ? {} : { tier }),
      },
    };
  }
}

/** What a choice was made among. */
interface Among {
  readonly candidates: readonly Candidate[];
  readonly asleep: readonly Asleep[];
  readonly group: PlacedGroup | undefined;
  readonly places: number;
}

const isPaused = ({ progress }: TaskState, atMs: number): boolean =>
  progress.status === 'waiting' && progress.notBeforeMs > atMs;

type Waiting = Extract<TaskState['progress'], { status: 'waiting' }>;
