import type { Binding } from '#shared/domain/fence.ts';
import type { ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { load, put } from './items.ts';

/** Which host a fence device's system belongs to: written once, at the first contact, and never changed by salvor (S2). */
const keyOf = (systemUuid: string): ItemKey => ({ partition: `binding#${systemUuid}`, sort: 'state' });

export async function loadBinding(state: StateReader, systemUuid: string | null): Promise<Binding> {
  if (systemUuid === null) return null;
  return (await load<NonNullable<Binding>>(state, keyOf(systemUuid)))?.value ?? null;
}

/** The write that binds the system to the host; none when it is bound, or when the device tells no UUID. */
export function bindingWrites(systemUuid: string | null, hostKey: string, known: Binding): readonly StateWrite[] {
  return systemUuid === null || known !== null ? [] : [put(keyOf(systemUuid), 'absent', { systemUuid, hostKey })];
}
