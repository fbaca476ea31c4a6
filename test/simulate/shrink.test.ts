import { describe, expect, it } from 'vitest';
import { cutScenario, cutText, parseCut } from '#cli/simulate/cut.ts';
import { scenarioOf } from '#cli/simulate/generate.ts';

const scenario = scenarioOf(7);

describe('a cut', () => {
  it('keeps what it names, and every list that it does not name', () => {
    const cut = cutScenario(scenario, { failures: [0], faults: [] });
    expect(cut.failures).toEqual([scenario.failures[0]]);
    expect(cut.faults).toEqual([]);
    expect(cut.hosts).toEqual(scenario.hosts);
  });

  it('takes with a host all that is about it', () => {
    const [first] = scenario.hosts;
    const cut = cutScenario(scenario, { hosts: [0] });
    expect(cut.hosts).toEqual([first]);
    expect(cut.instances.length).toBeGreaterThan(0);
    for (const { host } of [...cut.instances, ...cut.failures, ...cut.faults]) expect(host).toBe(first?.name);
  });

  it('is read from its own text', () => {
    const cut = { failures: [0, 2], faults: [], noise: [] };
    expect(cutText(cut)).toBe('failures=0,2/faults=/noise=');
    expect(parseCut(cutText(cut))).toEqual(cut);
    expect(() => parseCut('everything')).toThrow(/is no cut/);
  });
});
