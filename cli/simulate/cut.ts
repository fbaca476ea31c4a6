import type { Scenario } from './scenario.ts';

/** What is left of a scenario: the places of what is kept in each of its lists. A list that is absent is kept whole. */
export interface Cut {
  readonly hosts?: readonly number[];
  readonly instances?: readonly number[];
  readonly failures?: readonly number[];
  readonly halts?: readonly number[];
  readonly works?: readonly number[];
  readonly faults?: readonly number[];
  readonly noise?: readonly number[];
}

const LISTS = ['hosts', 'instances', 'failures', 'halts', 'works', 'faults', 'noise'] as const;
export type CutList = (typeof LISTS)[number];

export const lengthOf = (scenario: Scenario, list: CutList): number =>
  list === 'noise' ? Object.keys(scenario.noise).length : scenario[list].length;

const kept = <T>(all: readonly T[], places: readonly number[] | undefined): readonly T[] =>
  places === undefined ? all : all.filter((_, place) => places.includes(place));

/** A host that is left out takes with it all that is about it. */
export function cutScenario(scenario: Scenario, cut: Cut): Scenario {
  const hosts = kept(scenario.hosts, cut.hosts);
  const names = new Set(hosts.map(({ name }) => name));
  const about = ({ host }: { readonly host: string }): boolean => names.has(host);
  return {
    ...scenario,
    hosts,
    instances: kept(scenario.instances, cut.instances).filter(about),
    failures: kept(scenario.failures, cut.failures).filter(about),
    halts: kept(scenario.halts, cut.halts),
    works: kept(scenario.works, cut.works).filter(about),
    faults: kept(scenario.faults, cut.faults).filter(about),
    noise: Object.fromEntries(kept(Object.entries(scenario.noise), cut.noise)),
  };
}

/** As it is given on the command line: `failures=0/faults=2,5/noise=`. */
export const cutText = (cut: Cut): string =>
  LISTS.flatMap((list) => (cut[list] === undefined ? [] : [`${list}=${cut[list].join(',')}`])).join('/');

/** @throws Error that says what is wrong with the text */
export function parseCut(text: string): Cut {
  const parts = text.split('/').map((part): readonly [CutList, readonly number[]] => {
    const [name = '', places = ''] = part.split('=');
    const list = LISTS.find((each) => each === name);
    const numbers = places === '' ? [] : places.split(',').map(Number);
    if (list === undefined || numbers.some((each) => !Number.isInteger(each)))
      throw new Error(`"${part}" is no cut; one is made of ${LISTS.join(', ')}, as in failures=0/faults=2,5`);
    return [list, numbers];
  });
  return Object.fromEntries(parts);
}
