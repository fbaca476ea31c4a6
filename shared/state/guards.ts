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
  const loaded = await load<Partial<GuardState>>(state, keyOf(name));
  // One that an earlier salvor wrote lacks what was added since.
  return { value: { ...NO_GUARD, ...loaded?.value }, version: loaded?.version ?? 'absent' };
}

export const guardWrite = (name: GuardName, { version }: Loaded<GuardState>, guard: GuardState): StateWrite =>
  put(keyOf(name), version, guard);
