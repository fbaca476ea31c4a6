import { describe, expect, it } from 'vitest';
import { runDrill } from '#cli/drill/drill.ts';
import { FAULTS } from '#cli/drill/faults.ts';
import { DEFAULTS, FAULT_NAMES } from '#cli/drill/options.ts';
import { silentLog } from '#cli/output.ts';
import { nobody } from './nobody.ts';

const QUICK = { ...DEFAULTS, instances: 10, graceSeconds: 1, evacuationSeconds: 0.3 };

/** The whole pipeline against the simulated cloud: each fault ends as its story says, and breaks no invariant. */
describe.concurrent('a drill', () => {
  it('brings every protected instance back when one host dies', { timeout: 120_000 }, async ({ expect }) => {
    const result = await runDrill(QUICK, nobody, silentLog);
    expect(broken(result)).toEqual([]);
    expect(result).toMatchObject({ ended: 'recovered', exitCode: 0 });
    expect(result.figures.instances).toEqual({ recovered: 10, 'not-protected': 1 });
    expect(result.figures.keystoneTokens).toBe(1);
  });

  it.for(FAULT_NAMES)('with %s ends as it must', { timeout: 180_000 }, async (fault, { expect }) => {
    const result = await runDrill({ ...QUICK, fault }, nobody, silentLog);
    expect(broken(result)).toEqual([]);
    expect(result.ended).toBe(FAULTS[fault].ending);
    expect(result.exitCode).toBe(FAULTS[fault].ending === 'recovered' ? 0 : 3);
  });
});

it('says which faults there are', () => {
  expect(Object.keys(FAULTS).sort()).toEqual([...FAULT_NAMES].sort());
});

const broken = (result: Awaited<ReturnType<typeof runDrill>>) =>
  result.verdicts.filter((verdict) => verdict.broken.length > 0);
