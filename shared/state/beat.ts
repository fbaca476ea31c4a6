import type { Beat } from '#shared/domain/settling.ts';
import type { ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { type Loaded, load, put } from './items.ts';

const KEY: ItemKey = { partition: 'beat', sort: 'state' };

export const loadBeat = (state: StateReader): Promise<Loaded<Beat> | undefined> => load<Beat>(state, KEY);

export const beatWrite = (before: Loaded<Beat> | undefined, beat: Beat): StateWrite =>
  put(KEY, before?.version ?? 'absent', beat);
