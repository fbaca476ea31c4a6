import type { SimHost, SimServer } from './types.ts';
import type { World } from './world.ts';

/**
 * Starts a guest on a host. Where it still runs elsewhere the ledger gets a `DOUBLE` first:
 * two guests write to one disk, which fencing is there to make impossible.
 */
export function startGuest(world: World, host: SimHost, server: SimServer): void {
  if (host.guests.has(server.id)) return;
  for (const other of world.hosts.values()) {
    if (other !== host && other.guests.has(server.id)) {
      world.journal.record({
        kind: 'guest',
        host: host.name,
        serverId: server.id,
        what: 'DOUBLE',
        otherHost: other.name,
      });
    }
  }
  host.guests.add(server.id);
  world.journal.record({ kind: 'guest', host: host.name, serverId: server.id, what: 'on' });
}

export function stopGuest(world: World, host: SimHost, serverId: string): void {
  if (host.guests.delete(serverId)) {
    world.journal.record({ kind: 'guest', host: host.name, serverId, what: 'off' });
  }
}

export function stopAllGuests(world: World, host: SimHost): void {
  for (const serverId of [...host.guests]) stopGuest(world, host, serverId);
}

/** Moves a running guest at once, as the last step of a live migration does: never two at a time. */
export function handOverGuest(world: World, from: SimHost | undefined, to: SimHost, server: SimServer): void {
  if (from === undefined || !from.guests.has(server.id)) return;
  stopGuest(world, from, server.id);
  startGuest(world, to, server);
}
