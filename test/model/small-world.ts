import type { Policy } from '#shared/domain/policy.ts';
import { aPolicy } from '#test/support/builders.ts';
import { HEALTHY, instanceIdOf, servicesOf } from './cloud.ts';
import { openStatuses } from './ends.ts';
import { mirrorOf } from './inventory.ts';
import type { Profile } from './profiles.ts';
import type { Setting } from './replay.ts';
import { Runs } from './runs.ts';
import { type Cloud, type RealInstance, type State, Tables } from './state.ts';
import type { World } from './steps.ts';
import { successors } from './successors.ts';

/** What a test of the search breaks. */
export type Sabotage = Pick<Setting, 'sabotage'>;

const STORM = { maxHosts: 2, maxPercent: 100, windowSeconds: 600, coolDownSeconds: 10 };
/** The numbers are small, and of few kinds, so that few moments differ; see docs/decisions for each. */
export const policyOf = ({ segment, policy }: Profile): Policy =>
  aPolicy(
    {
      global: { storm: STORM },
      settling: { pauseSeconds: 0 },
      watch: { everySeconds: 0 },
      survey: { everySeconds: 0 },
      forecast: { everySeconds: 0 },
      observer: { devices: 0 },
      ...policy,
    },
    {
      graceSeconds: 10,
      reporters: { claimTtlSeconds: 20 },
      storm: STORM,
      instances: { sharedInstanceStorage: true },
      evacuation: {
        maxAttempts: 2,
        retryBaseSeconds: 20,
        retryMaxSeconds: 20,
        settleSeconds: 60,
        pollSeconds: 30,
        deadlineSeconds: 90,
      },
      fencing: { proofMaxAgeSeconds: 60, retryBaseSeconds: 20, retryMaxSeconds: 20 },
      ...segment,
    },
  );

/** The world of a profile, and the state from which it is searched. */
export async function smallWorld(
  profile: Profile,
  sabotage: Sabotage = {},
): Promise<{ readonly world: World; readonly initial: State }> {
  const hosts = Array.from({ length: profile.hosts }, (_, index) => `compute-${index + 1}`);
  const policy = policyOf(profile);
  const tables = new Tables();
  const cloud = cloudOf(profile, hosts);
  const inventory = await mirrorOf(policy, servicesOf(cloud));
  const setting: Setting = { policy, hosts, inventory, ...sabotage };
  const world: World = { setting, tables, runs: new Runs(setting, tables) };
  const budget = tables.budgets.idOf(
    profile.from === undefined ? profile.budget : { down: profile.bounds.suspects.length },
  );
  const first: State = { items: [], queue: [], runs: [], cloud: tables.clouds.idOf(cloud), budget, active: 0 };
  if (profile.from === undefined) return { world, initial: first };
  const reached = await fairlyTo(world, profile, first);
  return { world, initial: { ...reached, budget: tables.budgets.idOf(profile.budget) } };
}

/** Every suspect is reported, and then everything goes well up to the status at which the profile begins. */
async function fairlyTo(world: World, profile: Profile, first: State): Promise<State> {
  let state = first;
  for (let steps = 0; steps < 1000; steps += 1) {
    const statuses = openStatuses(world, state);
    const there = statuses.length === profile.bounds.suspects.length && statuses.every((each) => each === profile.from);
    if (there && state.runs.length === 0) return state;
    const all = await successors(world, profile.bounds, state);
    const unheard = state.runs.length === 0 && statuses.length < profile.bounds.suspects.length;
    const next = unheard ? all.find(({ fault }) => fault === 'down') : all.find(({ fault }) => fault === undefined);
    if (next === undefined) break;
    state = next.state;
  }
  throw new Error(`profile ${profile.name} never comes to ${profile.from}`);
}

function cloudOf(profile: Profile, hosts: readonly string[]): Cloud {
  const guests = Object.entries(profile.instances).flatMap(([host, count]) =>
    Array.from({ length: count }, () => host),
  );
  return {
    hosts: Object.fromEntries(
      hosts.map((host) => [host, profile.bounds.suspects.includes(host) ? { ...HEALTHY, reports: false } : HEALTHY]),
    ),
    instances: Object.fromEntries(
      guests.map((host, index): [string, RealInstance] => [
        instanceIdOf(index + 1),
        { host, vmState: 'active', taskState: null, runsOn: [host] },
      ]),
    ),
    migrations: [],
    landings: [],
    sweptAtMs: null,
    asked: {},
  };
}
