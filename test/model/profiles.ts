import type { PolicyInput, SegmentInput } from '#test/support/builders.ts';
import type { Budget } from './state.ts';
import type { Bounds } from './successors.ts';

/** One small world, and what may go wrong in it: each is searched to its end. */
export interface Profile {
  readonly name: string;
  /** What it is for, in one sentence. */
  readonly about: string;
  /** All in one segment. */
  readonly hosts: number;
  readonly bounds: Bounds;
  /** Instances by host. */
  readonly instances: Readonly<Record<string, number>>;
  /** How often each thing may go wrong or happen; what is not named does not. Without `switch` functions interleave freely. */
  readonly budget: Budget;
  readonly segment?: Partial<SegmentInput>;
  readonly policy?: Partial<PolicyInput>;
  /** The search starts when the fair run has come to this status of every suspect, with the budget as it stands here. */
  readonly from?: 'planning' | 'evacuating';
}

const ONE: Bounds = { atOnce: 2, pausesMs: [9_000, 31_000], suspects: ['compute-1'] };
const BOTH: Bounds = { ...ONE, suspects: ['compute-1', 'compute-2'] };
const fencing = (name: string, about: string, budget: Budget, bounds: Partial<Bounds> = {}): Profile => ({
  name,
  about,
  hosts: 2,
  bounds: { ...ONE, ...bounds },
  instances: {},
  budget: { down: 1, ...budget },
});
const evacuating = (
  name: string,
  about: string,
  count: number,
  budget: Budget,
  bounds: Partial<Bounds> = {},
): Profile => ({
  name,
  about,
  hosts: 2,
  bounds: { ...ONE, ...bounds },
  instances: { 'compute-1': count },
  budget,
  from: 'planning',
});

export const PROFILES: readonly Profile[] = [
  fencing('fence-device', 'a device that hangs, refuses or is late', { bmc: 2, nova: 1, switch: 1 }),
  fencing('fence-slow', 'functions and messages that are late', { pause: 1, bmc: 1, switch: 1 }),
  fencing('fence-crash', 'functions that die, up to twice', { crash: 2, switch: 1 }),
  fencing('fence-duplicate', 'messages that come twice, and a function that dies', {
    crash: 1,
    duplicate: 1,
    switch: 1,
  }),
  fencing('fence-return', 'a host that is reported up, switched on by somebody, or back in Nova', {
    up: 1,
    power: 1,
    return: 1,
    bmc: 1,
    switch: 1,
  }),
  fencing('fence-late-word', 'an up report while a function is slow', { up: 1, pause: 1, power: 1, switch: 1 }),
  fencing('fence-operator', 'an operator who disarms, arms, dismisses, releases, or takes the host away', {
    command: 2,
    operator: 1,
    switch: 1,
  }),
  evacuating('evacuate-nova', 'a Nova that fails at requests and evacuations', 2, { nova: 2, failure: 1, switch: 0 }),
  evacuating('evacuate-crash', 'functions that die', 2, { crash: 1, switch: 1 }),
  evacuating('evacuate-duplicate', 'messages that come twice', 2, { duplicate: 1, switch: 1 }),
  evacuating('evacuate-unknown', 'requests of which nobody knows the outcome, and functions that die', 1, {
    nova: 1,
    crash: 1,
    switch: 1,
  }),
  evacuating('evacuate-slow', 'requests of which nobody knows the outcome, and functions that are late', 1, {
    nova: 1,
    pause: 1,
    switch: 1,
  }),
  evacuating('evacuate-return', 'a host that speaks or is switched on meanwhile', 1, {
    up: 1,
    power: 1,
    pause: 1,
    switch: 1,
  }),
  evacuating('evacuate-people', 'operators and owners who act meanwhile', 1, {
    command: 1,
    operator: 1,
    owner: 1,
    failure: 1,
    switch: 1,
  }),
  {
    name: 'storm',
    about: 'two hosts at once, a storm limit of one, and an index that lags behind',
    hosts: 3,
    bounds: BOTH,
    instances: { 'compute-1': 1, 'compute-2': 1 },
    budget: { down: 2, lag: 2, switch: 1 },
    segment: { storm: { maxHosts: 1, maxPercent: 100, windowSeconds: 600, coolDownSeconds: 10 } },
  },
  {
    name: 'both',
    about: 'two hosts at once that are both recovered',
    hosts: 3,
    bounds: BOTH,
    instances: { 'compute-1': 1, 'compute-2': 1 },
    budget: { down: 2, switch: 0 },
  },
];
