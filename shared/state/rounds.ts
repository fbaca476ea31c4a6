import type { Round } from '#shared/domain/rounds.ts';
import type { ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { type Loaded, load, put } from './items.ts';

interface Region {
  readonly name: string;
  readonly region: string;
}

/** Of which function. */
export type RoundName = 'survey-devices' | 'mirror-instances';

const keyOf = (of: RoundName, { name, region }: Region): ItemKey => ({
  partition: `round#${of}#${name}/${region}`,
  sort: 'state',
});

export const loadRound = (state: StateReader, of: RoundName, region: Region): Promise<Loaded<Round> | undefined> =>
  load<Round>(state, keyOf(of, region));

export const roundWrite = (
  of: RoundName,
  region: Region,
  before: Loaded<Round> | undefined,
  round: Round,
): StateWrite => put(keyOf(of, region), before?.version ?? 'absent', round);
