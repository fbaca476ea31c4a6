import { type Cut, type CutList, cutScenario, lengthOf } from './cut.ts';
import { runScenario } from './run.ts';
import type { Scenario } from './scenario.ts';

export interface ShrinkLimits {
  readonly runs: number;
  readonly seconds: number;
}

/** In this order: what takes most with it first. */
const ORDER: readonly CutList[] = ['failures', 'works', 'faults', 'noise', 'hosts', 'instances', 'faults'];

/** Leaves out of a broken scenario what it needs not to break the same invariant. */
export async function shrink(scenario: Scenario, id: string, limits: ShrinkLimits): Promise<Cut> {
  const endMs = performance.now() + limits.seconds * 1000;
  let runs = 0;
  let cut: Cut = {};
  const breaks = async (smaller: Cut): Promise<boolean> => {
    runs += 1;
    const { violation } = await runScenario(cutScenario(scenario, smaller));
    return violation?.id === id;
  };
  const mayGoOn = (): boolean => runs < limits.runs && performance.now() < endMs;
  for (const list of ORDER) {
    let places: readonly number[] = cut[list] ?? Array.from({ length: lengthOf(scenario, list) }, (_, place) => place);
    // Halves first, then ever smaller parts.
    for (let size = Math.ceil(places.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
      for (let start = 0; start < places.length && mayGoOn(); ) {
        const fewer = [...places.slice(0, start), ...places.slice(start + size)];
        const smaller = { ...cut, [list]: fewer };
        if (await breaks(smaller)) {
          places = fewer;
          cut = smaller;
        } else start += size;
      }
  }
  return cut;
}
