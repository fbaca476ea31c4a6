import { fenceDeviceOf } from '#shared/domain/fence-device.ts';
import type { Segment } from '#shared/domain/policy.ts';
import type { SimHost, SimMigration, SimServer } from '#sim/world/types.ts';
import type { World } from '#sim/world/world.ts';
import { isAlive } from './actions.ts';
import { lossOf } from './checks/disks.ts';
import { mustBeLeft } from './checks/protection.ts';
import { sourcesAmong } from './checks/sources.ts';
import type { Simulation } from './engine/simulation.ts';
import { isRunningEvacuation, isUnfinishedMove } from './ports/nova-view.ts';
import { REPORTERS } from './reporters.ts';

/** Segments of the policy that hold the host, by what is true in the cloud now. */
export function segmentsOf({ policy, world }: Simulation, host: string): readonly Segment[] {
  return policy.segments.filter(({ hosts }) => {
    if ('availabilityZone' in hosts) return world.zoneOf(host) === hosts.availabilityZone;
    if ('names' in hosts) return hosts.names.includes(host);
    return world.aggregates.some((each) => each.name === hosts.aggregate && each.hosts.includes(host));
  });
}

const isUnderWay = (move: SimMigration): boolean => isUnfinishedMove(move) || isRunningEvacuation(move);

/**
 * An instance that salvor is to bring back if its host is dead: protected, ran or stopped like any other, no disk is lost,
 * and by Nova's records nothing moves it already.
 */
export const isFit = (world: World, server: SimServer, segment: Segment): boolean =>
  ['active', 'stopped'].includes(server.vmState) &&
  server.taskState === null &&
  !mustBeLeft(world, server, segment) &&
  lossOf(server, segment) === undefined &&
  !(world.migrationsByServer.get(server.id) ?? []).some(isUnderWay);

/** The instances that are still to be brought away from a dead host, as far as there is a host that can take them. */
export function fitOn(simulation: Simulation, host: SimHost, segment: Segment): readonly SimServer[] {
  const { world, states } = simulation;
  const { within, otherwise, method } = segment.destinations;
  const roomMb = Math.max(
    0,
    ...[...world.hosts.values()]
      .filter((each) => each !== host && !each.disabled && world.serviceIsUp(each))
      .filter(({ name }) => states.incidentOf(name) === 'none')
      .filter(
        ({ name }) => within === 'zone' || otherwise === 'scheduler' || segmentsOf(simulation, name).includes(segment),
      )
      .map(({ memoryMb, memoryUsedMb }) => memoryMb - memoryUsedMb),
  );
  // Where only reserved hosts will do, or only such as the instance's group allows, there may be none for long.
  const isFree = (server: SimServer): boolean =>
    method !== 'reserved_host' && !['affinity', 'anti-affinity'].includes(world.groupOf(server.id)?.policy ?? '');
  return world
    .serversOn(host.name)
    .filter((server) => isFit(world, server, segment) && isFree(server) && server.flavor.memoryMb <= roomMb)
    .filter(({ metadata }) => segment.order.ifNotUp === 'go-on' || metadata[segment.order.tierKey] === undefined);
}

/** What is left to be done for a dead host of a segment that salvor can act for, in words; undefined when nothing is. */
export function owedTo(simulation: Simulation, host: SimHost): string | undefined {
  const { policy } = simulation;
  const [segment, another] = segmentsOf(simulation, host.name);
  if (isAlive(host) || segment?.mode !== 'enforce' || another !== undefined) return undefined;
  if (fenceDeviceOf(policy, host.name) === undefined) return undefined;
  if (sourcesAmong(REPORTERS, policy).length < segment.reporters.required) return undefined;
  if (host.power === 'on') return 'has power';
  if (!host.forcedDown) return 'is not forced down';
  const [server] = fitOn(simulation, host, segment);
  return server && `still has ${server.name}`;
}
