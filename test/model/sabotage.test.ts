import { describe, expect, it } from 'vitest';
import type { PowerReading, StateWrite } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import type { Invariant } from './invariants.ts';
import type { Profile } from './profiles.ts';
import { searchWorld } from './search-profile.ts';
import { small } from './small.ts';
import type { Sabotage } from './small-world.ts';

const ONE = { instances: { 'compute-1': 1 } };
const OFF: PowerReading = { power: 'off', systemUuid: null, detail: '', durationMs: 0 };

const services = (change: (services: Services) => Partial<Services>): Sabotage => ({
  sabotage: (given) => ({ ...given, ...change(given) }),
});
const writes = (change: (writes: readonly StateWrite[]) => readonly StateWrite[]): Sabotage =>
  services(({ state }) => ({ state: { ...state, transact: (all) => state.transact(change(all)) } }));

interface Broken {
  readonly how: string;
  readonly sabotage: Sabotage;
  readonly profile: Profile;
  readonly invariant: Invariant;
}

/** A pipeline that is broken in one place. The search must find the way to what it does wrong. */
const BROKEN: readonly Broken[] = [
  {
    how: 'takes a host for off without asking its device',
    sabotage: services(({ fencing }) => ({
      fencing: { device: async (config) => ({ ...(await fencing.device(config)), readPower: async () => OFF }) },
    })),
    profile: small('fence-device', { down: 1, switch: 0 }),
    invariant: 'proof',
  },
  {
    how: 'does not see that a host was disabled',
    sabotage: services(({ compute }) => ({
      compute: {
        ...compute,
        services: async () => (await compute.services()).map((each) => ({ ...each, status: 'enabled' as const })),
      },
    })),
    profile: small('fence-operator', { down: 1, operator: 1, switch: 0 }),
    invariant: 'power',
  },
  {
    how: 'asks Nova twice for one evacuation',
    sabotage: services(({ compute }) => ({
      compute: {
        ...compute,
        evacuate: async (...request) => {
          await compute.evacuate(...request);
          return compute.evacuate(...request);
        },
      },
    })),
    profile: small('evacuate-nova', { switch: 0 }, ONE),
    invariant: 'audit',
  },
  {
    how: 'asks again before an unanswered request has had its time',
    sabotage: services(({ policy }) => ({
      policy: {
        ...policy,
        segments: policy.segments.map((each) => ({ ...each, evacuation: { ...each.evacuation, ...HASTY } })),
      },
    })),
    profile: small('evacuate-nova', { nova: 1, switch: 0 }, ONE),
    invariant: 'one-evacuation',
  },
  {
    how: 'writes no audit record of a task',
    sabotage: writes((all) => all.filter((each) => each.kind !== 'append' || !each.partition.startsWith('task#'))),
    profile: small('evacuate-nova', { switch: 0 }, ONE),
    invariant: 'audit',
  },
  {
    how: 'asks for fencing before its intent is on record',
    sabotage: writes((all) => all.filter((each) => each.kind !== 'append' || !isIntent(each.body))),
    profile: small('fence-device', { down: 1, switch: 0 }),
    invariant: 'audit',
  },
  {
    how: 'never sends what comes next',
    sabotage: services(() => ({ outbox: { send: async () => {} } })),
    profile: small('fence-device', { down: 1, switch: 0 }),
    invariant: 'liveness',
  },
];

/** A request that nobody answered is carried out 40 s later. */
const HASTY = { settleSeconds: 1, pollSeconds: 5, retryBaseSeconds: 0 };
const isIntent = (body: object): boolean => JSON.stringify(body).includes('-intended');

describe('a broken pipeline is caught by the search', () => {
  it.each(BROKEN)(
    'that $how',
    async ({ sabotage, profile, invariant }) => {
      const { found } = await searchWorld(profile, sabotage);
      expect(found.violation?.invariant).toBe(invariant);
      expect(found.violation?.path.length).toBeGreaterThan(0);
    },
    60_000,
  );

  it('and a whole one is not', async () => {
    for (const profile of new Set(BROKEN.map((each) => each.profile)))
      expect((await searchWorld(profile)).found).toMatchObject({ exhausted: true, violation: undefined });
  }, 60_000);
});
