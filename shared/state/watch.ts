import type { Accused, Look } from '#shared/domain/watch.ts';
import type { ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { type Loaded, load, put } from './items.ts';

/** Whom salvor itself has called down, by Nova's word. */
interface WatchState {
  readonly accused: Accused;
  /** Absent before it was noted the first time. */
  readonly looked?: Look;
}

const KEY: ItemKey = { partition: 'watch', sort: 'nova' };

export async function loadWatch(state: StateReader): Promise<Loaded<WatchState>> {
  return (await load<WatchState>(state, KEY)) ?? { value: { accused: {} }, version: 'absent' };
}

export const watchWrite = ({ version }: Loaded<WatchState>, watch: WatchState): StateWrite => put(KEY, version, watch);
