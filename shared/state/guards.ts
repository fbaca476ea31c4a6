import { type GuardState, NO_GUARD } from '#shared/domain/guards.ts';
import type { ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { type Loaded, load, put } from './items.ts';

/** A segment's guard, or the global one. */
export type GuardName = { readonly segment: string } | 'global';

const keyOf = (name: GuardName): ItemKey => ({
  partition: name === 'global' ? 'guard#global' : `guard#segment#${name.segment}`,
  sort: 'state',
});

export async function loadGuard(state: StateReader, name: GuardName): Promise<Loaded<GuardState>> {
  return (await load<GuardState>(state, keyOf(name))) ?? { value: NO_GUARD, version: 'absent' };
}

export const guardWrite = (name: GuardName, { version }: Loaded<GuardState>, guard: GuardState): StateWrite =>
  put(keyOf(name), version, guard);
