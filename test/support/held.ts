import { hostKeyOf, type Incident } from '#shared/domain/host.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { uuid } from './builders.ts';
import type { FakeServices } from './fakes.ts';

/** Hosts of a fake cloud by their numbers, as `aService` makes them. */
export const nameOf = (number: number): string => `compute-${number}`;
export const keyOf = (number: number): string => hostKeyOf('default', 'RegionOne', uuid(2, number));

export const incidentOf = async ({ state }: FakeServices, number: number): Promise<Incident | null> =>
  (await loadHost(state, keyOf(number)))?.value.incident ?? null;

/** The gates that hold a host, by the numbers of the last look; none when it is not held. */
export async function closedGatesOf(services: FakeServices, number: number): Promise<readonly string[]> {
  const incident = await incidentOf(services, number);
  return incident?.status === 'held' ? incident.failedGates.map(({ gate }) => gate) : [];
}
