import { evolveHost } from '../evolve-host.ts';
import { type HostState, newHost } from '../host.ts';
import type { Policy } from '../policy.ts';
import { CannotDecide } from './cannot-decide.ts';
import { decideHostAgain } from './host.ts';
import { type Decision, type HostDecision, type HostLog, hostDecisions } from './log.ts';
import { evolved, type Replayed, replayed } from './replayed.ts';
import { replayTasks } from './tasks.ts';

/** What became of deciding everything about a host again, from the log alone. */
export interface Replay {
  /** In the order in which they were committed. */
  readonly decisions: readonly Replayed[];
  /** The first that is decided otherwise. */
  readonly first: Replayed | null;
  readonly different: number;
  readonly undecided: number;
}

export interface ReplayOptions {
  /** Tell of this one only; what came before it is what its decisions rest on. */
  readonly incidentId?: string;
  /** A policy to decide under, in place of those that were. */
  readonly other?: Policy | undefined;
}

/** Whether the incident is open behind the decision, or has ended with it; and whether it is about the way back from it. */
const concerns = ({ before, after }: Step, incidentId: string): boolean =>
  after.incident?.id === incidentId ||
  (after.lastIncident?.id === incidentId && before.lastIncident?.id !== incidentId) ||
  before.returning?.incidentId === incidentId ||
  after.returning?.incidentId === incidentId;

/**
 * Makes every decision again on what was recorded of its input, in the state that it was made in: that to which the
 * recorded facts led. So each difference stands by itself; behind the first one the course would have been another.
 */
export function replayHost(log: HostLog, { incidentId, other }: ReplayOptions = {}): Replay {
  const policyOf = ({ basis }: Decision): Policy => {
    const policy = other ?? (basis && log.policies.get(basis.policy));
    if (policy === undefined) throw new CannotDecide('the policy it was decided under is not recorded');
    return policy;
  };
  const course = courseOf(log);
  const hostAt = (version: number): HostState => stateAt(course, version) ?? unknownHost(log.key, log);
  const wanted = log.incidents.filter(({ id }) => incidentId === undefined || id === incidentId);
  const tasks = new Map(wanted.map((incident) => [incident.id, replayTasks(incident, log.key, hostAt, policyOf)]));
  const ofHost = course
    .filter((step) => incidentId === undefined || concerns(step, incidentId))
    .map(({ decision, before, impossible }) =>
      replayed(decision, () => {
        if (impossible !== null) throw new CannotDecide(impossible);
        const ofIncident = before.incident === null ? undefined : tasks.get(before.incident.id);
        return decideHostAgain(before, decision, policyOf(decision), ofIncident);
      }),
    );
  const all = [...ofHost, ...[...tasks.values()].flatMap((each) => each.decisions)];
  const decisions = all.sort((a, b) => a.atMs - b.atMs);
  return {
    decisions,
    first: decisions.find(({ difference }) => difference !== null) ?? null,
    different: decisions.filter(({ difference }) => difference !== null).length,
    undecided: decisions.filter(({ cannot }) => cannot !== null).length,
  };
}

interface Step {
  readonly decision: HostDecision;
  readonly before: HostState;
  readonly after: HostState;
  /** Why the facts can't follow from the state before: then they are passed over. */
  readonly impossible: string | null;
}

/** The host as it was before and behind each decision. */
export function courseOf(log: HostLog): readonly Step[] {
  let host = unknownHost(log.key, log);
  return hostDecisions(log).map((decision) => {
    const before = host;
    const { state, impossible } = evolved(before, decision, evolveHost);
    host = state;
    return { decision, before, after: host, impossible };
  });
}

/** The host behind the newest decision that is not newer than this version; a long-lived host has made very many. */
function stateAt(course: readonly Step[], version: number): HostState | undefined {
  let [low, high] = [0, course.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    // Stryker disable next-line OptionalChaining: the middle is within the course, and the check is for the compiler
    if ((course[middle]?.decision.version ?? 0) <= version) low = middle + 1;
    else high = middle;
  }
  return course[low - 1]?.after;
}

/** `cloud/region/compute service UUID`; the name is with its incidents. */
function unknownHost(key: string, log?: HostLog): HostState {
  // Stryker disable next-line StringLiteral: a split text has a part, and the default is for the compiler
  const [cloud = '', ...rest] = key.split('/');
  const serviceId = rest.pop() ?? '';
  const opened = log?.incidents[0]?.records[0]?.fact as { readonly host?: string } | undefined;
  return newHost({ key, cloud, region: rest.join('/'), serviceId, name: opened?.host ?? '' });
}
