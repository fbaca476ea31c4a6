import type { HostState } from '#shared/domain/host.ts';
import { migrationOfMove, newestMigrationId } from '#shared/domain/moves.ts';
import type { Segment } from '#shared/domain/policy.ts';
import { recordServer, recordSigns } from '#shared/domain/recorded.ts';
import { waitsBlind } from '#shared/domain/return/decide-return.ts';
import { decideHome, type HomeCandidate, type HomeSight } from '#shared/domain/return/home.ts';
import type { GoingHome } from '#shared/domain/return/returning.ts';
import type { TaskState } from '#shared/domain/task.ts';
import type { StateWrite } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import type { Loaded } from '#shared/state/items.ts';
import { loadTasks } from '#shared/state/tasks.ts';
import { commitCare } from '../care-step.ts';
import { orOutage } from '../live.ts';
import { liveMigrate } from '../live-migrate.ts';
import { readSigns } from '../read-signs.ts';
import { mirroredSegment, readSwitches } from '../switches.ts';
import { rulesOf } from './rules.ts';

/** One look at the instances that go home: one at a time is live-migrated back to the host it was evacuated from. */
export async function goHome(
  services: Services,
  loaded: Loaded<HostState>,
  returning: GoingHome,
): Promise<Loaded<HostState>> {
  const { clock, chance } = services;
  const rules = rulesOf(services, returning);
  const seen = await orOutage(readHome(services, loaded.value, returning, rules.segment));
  if ('outage' in seen) {
    const atMs = clock.now();
    const { outage } = seen;
    const { facts } = waitsBlind(returning, outage, atMs);
    return commitCare(services, loaded, { facts, basis: { by: 'return-blind', atMs, outage } });
  }
  const { sight, unchanged } = seen.value;
  const random = chance.random();
  const facts = decideHome(returning, sight, rules, random);
  const basis = { by: 'home', atMs: sight.atMs, random, sight } as const;
  const intended = facts.find((fact) => fact.type === 'move-intended');
  const writes = intended === undefined ? [] : unchanged;
  const committed = await commitCare(services, loaded, { facts, basis, writes });
  return intended === undefined ? committed : liveMigrate(services, committed, intended);
}

interface HomeReading {
  readonly sight: HomeSight;
  readonly unchanged: readonly StateWrite[];
}

async function readHome(
  services: Services,
  { name }: HostState,
  returning: GoingHome,
  segment: Segment | null,
): Promise<HomeReading> {
  const { compute, clock } = services;
  const { move } = returning;
  const next = move === null ? await readNext(services, name, returning, segment) : null;
  // The host that it leaves is under a switch as well.
  const from = next?.broughtTo == null ? segment : await mirroredSegment(services, next.broughtTo);
  const { halted, unchanged } = await readSwitches(services, segment, from);
  const service = await compute.service(name);
  const word = service && { state: service.state, status: service.status, forcedDown: service.forcedDown };
  const moving = move === null ? null : await readMoving(services, move);
  return { sight: { atMs: clock.now(), host: name, halted, service: word ?? null, moving, next }, unchanged };
}

async function readMoving({ compute }: Services, move: NonNullable<GoingHome['move']>): Promise<HomeSight['moving']> {
  const { instanceId } = move;
  const [server, migrations] = await Promise.all([compute.server(instanceId), compute.liveMigrationsOf(instanceId)]);
  const seen = server && { host: server.host, taskState: server.taskState };
  return { instanceId, server: seen ?? null, migration: migrationOfMove(move, migrations) };
}

/** The next of those that were evacuated from the host; null when none is left. */
async function readNext(
  { compute, state }: Services,
  home: string,
  { behind, incidentId }: GoingHome,
  segment: Segment | null,
): Promise<HomeCandidate | null> {
  const tasks = (await loadTasks(state, incidentId ?? '')).map(({ value }) => value);
  const task = tasks.find((each) => each.instanceId > behind && broughtTo(each) !== undefined);
  if (task === undefined) return null;
  const { instanceId, name } = task;
  const [server, migrations] = await Promise.all([compute.server(instanceId), compute.liveMigrationsOf(instanceId)]);
  const common = {
    instanceId,
    name,
    broughtTo: broughtTo(task) ?? null,
    lastMigrationId: newestMigrationId(migrations),
  };
  if (server === undefined) return { ...common, server: null };
  const { host, vmState, taskState, locked, flavorName, projectId } = server;
  const seen = { host, vmState, taskState, locked, flavorName, projectId };
  if (segment === null) return { ...common, server: { ...seen, metadata: {}, extraSpecs: {} } };
  const { metadata, extraSpecs } = recordServer(server, segment);
  const signs = (await readSigns(compute, home, [server], segment.instances)).get(instanceId) ?? {};
  return { ...common, server: { ...seen, metadata, extraSpecs }, signs: recordSigns(signs, segment.instances) };
}

/** Where its evacuation has brought it; undefined for a task that has ended in any other way. */
const broughtTo = ({ progress }: TaskState): string | null | undefined =>
  progress.status === 'ended' && progress.outcome === 'recovered' ? progress.destination : undefined;
