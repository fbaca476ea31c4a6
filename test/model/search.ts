import { isStopped, leftUndone } from './ends.ts';
import type { Breach, Fault, State } from './state.ts';
import type { Transition, World } from './steps.ts';
import { type Bounds, successors } from './successors.ts';
import { Visited } from './visited.ts';

export interface Violation extends Breach {
  /** The shortest way there, step by step. */
  readonly path: readonly string[];
}

export interface Found {
  readonly states: number;
  readonly transitions: number;
  /** Steps of the longest of the shortest ways to a state. */
  readonly depth: number;
  /** Every state within the bounds was looked at. */
  readonly exhausted: boolean;
  /** States in which nothing is left to do. */
  readonly ends: number;
  readonly longestFairRun: number;
  readonly faults: Readonly<Partial<Record<Fault, number>>>;
  readonly violation: Violation | undefined;
}

export interface Limits {
  readonly states: number;
  readonly onState?: (state: State) => void;
  readonly onProgress?: (states: number, waiting: number) => void;
}

const NONE = 0xffffffff;

/**
 * Breadth first over every state that can be reached, each looked at once. The first violation that is met has the
 * shortest path. Then, from each state, the fair successors are followed to an end: a circle would be a state from
 * which nothing ever ends.
 */
export async function search(world: World, bounds: Bounds, initial: State, limits: Limits): Promise<Found> {
  const visited = new Visited();
  const parents: number[] = [NONE];
  const fair: number[] = [];
  const upToAPerson: boolean[] = [];
  const faults: Partial<Record<Fault, number>> = {};
  visited.number(initial);
  let level: State[] = [initial];
  let [transitions, depth, at, ends] = [0, 0, 0, 0];
  const found = (violation: Violation | undefined, exhausted: boolean, longestFairRun = 0): Found => ({
    states: visited.size,
    transitions,
    depth,
    exhausted,
    ends,
    longestFairRun,
    faults,
    violation,
  });
  const pathTo = (state: number): Promise<string[]> => retrace(world, bounds, initial, parents, visited, state);

  while (level.length > 0) {
    const next: State[] = [];
    for (const state of level) {
      limits.onState?.(state);
      const all = await successors(world, bounds, state);
      let fairNext = NONE;
      for (const transition of all) {
        transitions += 1;
        if (transition.fault !== undefined) faults[transition.fault] = (faults[transition.fault] ?? 0) + 1;
        const [breach] = transition.breaches;
        if (breach !== undefined) return found({ ...breach, path: [...(await pathTo(at)), transition.label] }, false);
        const before = visited.size;
        const number = visited.number(transition.state);
        if (visited.size > before) {
          parents.push(at);
          next.push(transition.state);
        }
        if (fairNext === NONE && transition.fault === undefined) fairNext = number;
      }
      if (fairNext === NONE) {
        ends += 1;
        const because = leftUndone(world, state);
        if (because !== undefined)
          return found({ invariant: 'liveness', text: because, path: await pathTo(at) }, false);
      }
      fair.push(fairNext);
      upToAPerson.push(isStopped(world, state));
      at += 1;
      if (at % 10_000 === 0) limits.onProgress?.(visited.size, visited.size - at);
      if (visited.size > limits.states) return found(undefined, false);
    }
    level = next;
    if (next.length > 0) depth += 1;
  }
  const { circle, longest } = followFair(fair, upToAPerson);
  if (circle === undefined) return found(undefined, true, longest);
  const text = 'from here everything goes round in a circle, though nothing fails any more';
  return found({ invariant: 'liveness', text, path: await pathTo(circle) }, true, longest);
}

/** Follows the fair successor of each state to its end, or to where it is up to a person. */
function followFair(
  fair: readonly number[],
  upToAPerson: readonly boolean[],
): { readonly circle: number | undefined; readonly longest: number } {
  const steps = new Int32Array(fair.length).fill(-1);
  const onTheWay = new Uint8Array(fair.length);
  let longest = 0;
  for (let start = 0; start < fair.length; start += 1) {
    const way: number[] = [];
    let at = start;
    while (at !== NONE && (steps[at] ?? 0) < 0 && !upToAPerson[at]) {
      if (onTheWay[at]) return { circle: at, longest };
      onTheWay[at] = 1;
      way.push(at);
      at = fair[at] ?? NONE;
    }
    let length = at === NONE ? -1 : Math.max(0, steps[at] ?? 0);
    for (const each of way.reverse()) {
      length += 1;
      steps[each] = length;
      onTheWay[each] = 0;
    }
    longest = Math.max(longest, length);
  }
  return { circle: undefined, longest };
}

/** Goes the way again from the start, to tell what happened at each step. */
async function retrace(
  world: World,
  bounds: Bounds,
  initial: State,
  parents: readonly number[],
  visited: Visited,
  target: number,
): Promise<string[]> {
  const way: number[] = [];
  for (let at = target; parents[at] !== NONE; at = parents[at] ?? NONE) way.unshift(at);
  const labels: string[] = [];
  let state = initial;
  for (const number of way) {
    const all: readonly Transition[] = await successors(world, bounds, state);
    const taken = all.find((each) => visited.find(each.state) === number);
    if (taken === undefined) throw new Error('the search does not find its own way again');
    labels.push(taken.label);
    state = taken.state;
  }
  return labels;
}
