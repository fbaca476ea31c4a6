import { describe, expect, it } from 'vitest';
import { scenarioOf } from '#cli/simulate/generate.ts';
import { runScenario } from '#cli/simulate/run.ts';
import type { FenceDevice } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';

/** It asks the device, and does not hear what it says. */
const believer = (device: FenceDevice): FenceDevice => ({
  readPower: async () => ({ ...(await device.readPower()), power: 'off' }),
  powerOff: async () => ({ kind: 'accepted', detail: 'surely', durationMs: 0 }),
  powerOn: async () => ({ kind: 'accepted', detail: 'surely', durationMs: 0 }),
});

interface Broken {
  readonly how: string;
  readonly breaks: string;
  readonly wrap: (services: Services) => Services;
}

/** Whoever looks at an instance is told that its host has no incident, and nothing is asked when the intent is committed. */
function blindToHosts(services: Services): Services {
  let looks = false;
  return {
    ...services,
    compute: {
      ...services.compute,
      serverActions: (id) => {
        looks = true;
        return services.compute.serverActions(id);
      },
    },
    state: {
      ...services.state,
      get: async (key) => {
        const item = await services.state.get(key);
        if (!looks || !key.partition.startsWith('host#')) return item;
        looks = false;
        return item && { ...item, body: { ...item.body, incident: null } };
      },
      transact: (writes) =>
        services.state.transact(
          JSON.stringify(writes).includes('instance-request-intended')
            ? writes.filter(({ kind }) => kind !== 'check')
            : writes,
        ),
    },
  };
}

/** salvor, broken in one of its parts. The world must notice, whatever salvor says of itself. */
const BROKEN: readonly Broken[] = [
  {
    how: 'takes every host for off whatever its device says',
    breaks: 'S1',
    wrap: (services) => ({
      ...services,
      fencing: { device: async (config) => believer(await services.fencing.device(config)) },
    }),
  },
  {
    how: 'asks Nova twice for one evacuation',
    breaks: 'A1',
    wrap: (services) => ({
      ...services,
      compute: {
        ...services.compute,
        evacuate: async (...asked) => {
          await services.compute.evacuate(...asked);
          return services.compute.evacuate(...asked);
        },
      },
    }),
  },
  { how: 'restarts instances of a host that has an incident', breaks: 'S4', wrap: blindToHosts },
  {
    how: 'asks Nova twice for one restart',
    breaks: 'A1',
    wrap: (services) => ({
      ...services,
      compute: {
        ...services.compute,
        rebootHard: async (...asked) => {
          await services.compute.rebootHard(...asked);
          return services.compute.rebootHard(...asked);
        },
      },
    }),
  },
  {
    how: 'forgets the record of an intent',
    breaks: 'A1',
    wrap: (services) => ({
      ...services,
      state: {
        ...services.state,
        transact: (writes) =>
          services.state.transact(
            writes.filter(
              (write) => write.kind !== 'append' || !JSON.stringify(write.body).includes('evacuate-intended'),
            ),
          ),
      },
    }),
  },
  {
    how: 'loses what it has to do next',
    breaks: 'L1',
    wrap: (services) => ({
      ...services,
      outbox: {
        send: (messages) => services.outbox.send(messages.filter(({ message }) => message.type !== 'fence-host')),
      },
    }),
  },
];

const SEEDS = 60;

async function isNoticed({ wrap, breaks }: Broken): Promise<boolean> {
  for (let seed = 1; seed <= SEEDS; seed += 1)
    if ((await runScenario(scenarioOf(seed), wrap)).violation?.id === breaks) return true;
  return false;
}

describe('the simulated world notices a salvor that', () => {
  it.for(BROKEN)('$how', { timeout: 240_000 }, async (broken) => {
    expect(await isNoticed(broken)).toBe(true);
  });
});
