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
