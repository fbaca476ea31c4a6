import type { InstanceTickets } from '#shared/domain/instance-recovery/tickets.ts';
import type { ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { type Loaded, load, put } from './items.ts';

const keyOf = (segment: string): ItemKey => ({ partition: `instance-tickets#${segment}`, sort: 'state' });

export async function loadInstanceTickets(state: StateReader, segment: string): Promise<Loaded<InstanceTickets>> {
  return (await load<InstanceTickets>(state, keyOf(segment))) ?? { value: { tickets: [] }, version: 'absent' };
}

export const instanceTicketsWrite = (
  segment: string,
  { version }: Loaded<InstanceTickets>,
  tickets: InstanceTickets,
): StateWrite => put(keyOf(segment), version, tickets);
