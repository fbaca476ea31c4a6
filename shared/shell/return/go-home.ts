import type { HostState } from '#shared/domain/host.ts';
import { migrationOfMove, newestMigrationId } from '#shared/domain/moves.ts';
import { waitsBlind } from '#shared/domain/return/decide-return.ts';
import { decideHome, type HomeSight } from '#shared/domain/return/home.ts';
import type { GoingHome } from '#shared/domain/return/returning.ts';
import type { TaskState } from '#shared/domain/task.ts';
import type { Services } from '#shared/services.ts';
import type { Loaded } from '#shared/state/items.ts';
import { loadTasks } from '#shared/state/tasks.ts';
import { commitCare } from '../care-step.ts';
import { orOutage } from '../live.ts';
import { liveMigrate } from '../live-migrate.ts';
import { readSwitches } from '../switches.ts';
import { rulesOf } from './rules.ts';

/** One look at the instances that go home: one at a time is live-migrated back to the host it was evacuated from. */
export async function goHome(
  services: Services,
  loaded: Loaded<HostState>,
  returning: GoingHome,
): Promise<Loaded<HostState>> {
  const { clock, chance } = services;
  const host = loaded.value;
  const rules = rulesOf(services, returning);
  const switches = await readSwitches(services, rules.segment);
  const seen = await orOutage(readHome(services, host, returning, switches.halted));
  if ('outage' in seen) {
    const atMs = clock.now();
    const { outage } = seen;
    const { facts } = waitsBlind(returning, outage, atMs);
    return commitCare(services, loaded, { facts, basis: { by: 'return-blind', atMs, outage } });
  }
  const sight = seen.value;
  const random = chance.random();
  const facts = decideHome(host.name, returning, sight, rules, random);
  const basis = { by: 'home', atMs: sight.atMs, random, sight } as const;
  const intended = facts.find((fact) => fact.type === 'move-intended');
  const writes = intended === undefined ? [] : switches.unchanged;
  const committed = await commitCare(services, loaded, { facts, basis, writes });
  return intended === undefined ? committed : liveMigrate(services, committed, intended);
}

async function readHome(
  services: Services,
  host: HostState,
  { move, behind, incidentId }: GoingHome,
  halted: string | null,
): Promise<HomeSight> {
  const { compute, clock, state } = services;
  const service = await compute.service(host.name);
  const word = service && { state: service.state, status: service.status, forcedDown: service.forcedDown };
  const common = { halted, service: word ?? null };
  if (move !== null) {
    const [server, migrations] = await Promise.all([
      compute.server(move.instanceId),
      compute.liveMigrationsOf(move.instanceId),
    ]);
    const seen = server && { host: server.host, taskState: server.taskState };
    const migration = migrationOfMove(move, migrations);
    const moving = { instanceId: move.instanceId, server: seen ?? null, migration };
    return { ...common, atMs: clock.now(), moving, next: null };
  }
  const tasks = (await loadTasks(state, incidentId ?? '')).map(({ value }) => value);
  const task = tasks.find((each) => each.instanceId > behind && broughtTo(each) !== undefined);
  if (task === undefined) return { ...common, atMs: clock.now(), moving: null, next: null };
  const { instanceId, name } = task;
  const [server, migrations] = await Promise.all([compute.server(instanceId), compute.liveMigrationsOf(instanceId)]);
  const segment = services.policy.segments.find((each) => each.name === host.returning?.segment);
  const next = {
    instanceId,
    name,
    broughtTo: broughtTo(task) ?? null,
    server:
      server === undefined
        ? null
        : {
            host: server.host,
            vmState: server.vmState,
            taskState: server.taskState,
            locked: server.locked,
            metadata: segment === undefined ? {} : only(server.metadata, segment.instances.metadataKey),
          },
    lastMigrationId: newestMigrationId(migrations),
  };
  return { ...common, atMs: clock.now(), moving: null, next };
}

/** Where its evacuation has brought it; undefined for a task that has ended in any other way. */
const broughtTo = ({ progress }: TaskState): string | null | undefined =>
  progress.status === 'ended' && progress.outcome === 'recovered' ? progress.destination : undefined;

/** The rest is its owner's, and may be long. */
function only(metadata: Readonly<Record<string, string>>, key: string): Readonly<Record<string, string>> {
  const value = metadata[key];
  return value === undefined ? {} : { [key]: value };
}
