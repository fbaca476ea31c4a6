import type { ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { type Loaded, load, put } from './items.ts';

/** What a reporter that always sends everything has told last: one item for each reporter and kind of program. */
const KEEP_MS = 7 * 86_400_000;

const keyOf = (reporter: string, program: string): ItemKey => ({ partition: `snapshot#${reporter}`, sort: program });

export const loadSnapshot = <T>(
  state: StateReader,
  reporter: string,
  program: string,
): Promise<Loaded<T> | undefined> => load<T>(state, keyOf(reporter, program));

export const snapshotWrite = <T extends object>(
  before: Loaded<T> | undefined,
  reporter: string,
  program: string,
  snapshot: T,
  nowMs: number,
): StateWrite => put(keyOf(reporter, program), before?.version ?? 'absent', snapshot, { expiresAtMs: nowMs + KEEP_MS });
