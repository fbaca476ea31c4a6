import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { directly } from '#cli/simulate/engine/store.ts';
import { scenarioOf } from '#cli/simulate/generate.ts';
import { runScenario } from '#cli/simulate/run.ts';
import { replayHost } from '#shared/domain/replay/replay.ts';
import { readHostLog } from '#shared/state/read-log.ts';
import { verifyAudit } from '#shared/state/verify-audit.ts';
import { FakeClock } from '#test/support/fakes.ts';

const HOST = 'host#';

/** Whatever befalls the cloud, the queues, the store and the functions in a run of the simulated world. */
async function replayed(seed: number) {
  const { simulation } = await runScenario(scenarioOf(seed));
  const state = directly(simulation.store);
  const { findings } = await verifyAudit(state, new FakeClock());
  const hosts = (await Array.fromAsync(state.partitions('items'))).filter((name) => name.startsWith(HOST));
  const logs = await Promise.all(hosts.map((name) => readHostLog(state, name.slice(HOST.length))));
  const decisions = logs.flatMap((log) => replayHost(log).decisions);
  const wrong = decisions.filter(({ difference, cannot }) => difference !== null || cannot !== null);
  return { findings, decisions, wrong };
}

describe('the log of any run of the simulated world', () => {
  it('is whole, and every decision made again from it comes out the same', { timeout: 240_000 }, async () => {
    let made = 0;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1_000_000 }), async (seed) => {
        const { findings, decisions, wrong } = await replayed(seed);
        made += decisions.length;
        expect(findings).toEqual([]);
        expect(wrong).toEqual([]);
      }),
      { numRuns: 12, endOnFailure: true },
    );
    expect(made).toBeGreaterThan(500);
  });
});
