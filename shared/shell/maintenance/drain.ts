import { candidates } from '#shared/domain/destinations.ts';
import type { HostState } from '#shared/domain/host.ts';
import { decideDraining, looksAgain } from '#shared/domain/maintenance/decide-maintenance.ts';
import { sortOut } from '#shared/domain/maintenance/drain-sight.ts';
import type { Draining, DrainSight } from '#shared/domain/maintenance/maintenance.ts';
import { type Move, type MoveSight, migrationOfMove, newestMigrationId } from '#shared/domain/moves.ts';
import { segmentDefaults } from '#shared/domain/policy.ts';
import { placesByAggregates, segmentsOf, usesAggregates } from '#shared/domain/segments.ts';
import type { Server, StateWrite } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { openHosts } from '#shared/state/hosts.ts';
import type { Loaded } from '#shared/state/items.ts';
import { loadTokens } from '#shared/state/tokens.ts';
import { commitCare } from '../care-step.ts';
import { orOutage } from '../live.ts';
import { liveMigrate } from '../live-migrate.ts';
import { readSwitches } from '../switches.ts';

/** One look at a host that is drained: as many of its instances are on their way as the policy lets. */
export async function drain(
  services: Services,
  loaded: Loaded<HostState>,
  maintenance: Draining,
): Promise<Loaded<HostState>> {
  const { clock, chance, policy } = services;
  const host = loaded.value;
  const seen = await orOutage(readDrain(services, host, maintenance));
  if ('outage' in seen) {
    const atMs = clock.now();
    services.log.warn('Nova does not answer: a host is not drained further', { because: seen.outage });
    return commitCare(services, loaded, { facts: [looksAgain(atMs)], basis: { by: 'timer', atMs } });
  }
  const { sight, unchanged } = seen.value;
  const random = chance.random();
  const facts = decideDraining(maintenance, sight, policy.maintenance, random);
  const basis = { by: 'drain', atMs: sight.atMs, random, sight } as const;
  const intended = facts.flatMap((fact) => (fact.type === 'move-intended' ? [fact] : []));
  const writes = intended.length === 0 ? [] : unchanged;
  let now = await commitCare(services, loaded, { facts, basis, writes });
  for (const move of intended) now = await liveMigrate(services, now, move);
  return now;
}

interface DrainReading {
  readonly sight: DrainSight;
  readonly unchanged: readonly StateWrite[];
}

async function readDrain(
  services: Services,
  { name, cloud, region }: HostState,
  maintenance: Draining,
): Promise<DrainReading> {
  const { compute, clock, state, policy } = services;
  const moves = Object.values(maintenance.moves);
  const byAggregates = usesAggregates(policy) || policy.segments.some((each) => placesByAggregates(policy, each));
  const [servers, all, aggregates, moving] = await Promise.all([
    compute.serversOn(name),
    compute.services(),
    byAggregates ? compute.aggregates() : [],
    Promise.all(moves.map((move) => readMove(services, move))),
  ]);
  const service = all.find(({ host }) => host === name);
  const holding = service === undefined ? [] : segmentsOf(policy, service, aggregates);
  const [segment] = holding;
  const { halted, unchanged } = await readSwitches(services, ...holding);
  const free = Math.max(0, policy.maintenance.maxInFlight - moves.length);
  const [open, tokens, hypervisors] = await Promise.all([
    openHosts(state, Number.MAX_SAFE_INTEGER),
    loadTokens(state, cloud, region),
    free === 0 ? { value: [] } : orOutage(compute.hypervisors()),
  ]);
  const inFlightTo: Record<string, number> = {};
  const towards = [
    ...Object.values(tokens.value.byIncident).flatMap(({ byDestination }) => Object.entries(byDestination)),
    ...moves.map(({ to }) => [to ?? '', 1] as const),
  ];
  for (const [host, count] of towards) inFlightTo[host] = (inFlightTo[host] ?? 0) + count;
  const among = candidates(
    {
      services: all,
      hypervisors: 'value' in hypervisors ? hypervisors.value : [],
      aggregates,
      failed: { host: name, zone: service?.zone ?? '' },
      suspects: new Set(open.map((each) => each.name)),
      inFlightTo,
      isInSegment: (each) => segment !== undefined && segmentsOf(policy, each, aggregates).includes(segment),
    },
    (segment ?? segmentDefaults).destinations,
  );
  const atMs = clock.now();
  const { ready, ...sorted } = sortOut(maintenance, servers, among, free, atMs);
  const withLast = await Promise.all(ready.map(withMigrations));
  return { sight: { atMs, host: name, halted, moving, ready: withLast, ...sorted }, unchanged };

  async function withMigrations<R extends { readonly instanceId: string }>(each: R) {
    return { ...each, lastMigrationId: newestMigrationId(await compute.liveMigrationsOf(each.instanceId)) };
  }
}

async function readMove({ compute }: Services, move: Move): Promise<MoveSight> {
  const { instanceId } = move;
  const [server, migrations] = await Promise.all([compute.server(instanceId), compute.liveMigrationsOf(instanceId)]);
  return { instanceId, server: seen(server), migration: migrationOfMove(move, migrations) };
}

const seen = (server: Server | undefined): MoveSight['server'] =>
  server === undefined ? null : { host: server.host, taskState: server.taskState };
