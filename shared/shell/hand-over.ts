import { closeIncident, handOver } from '#shared/domain/follow.ts';
import type { HostState } from '#shared/domain/host.ts';
import type { TaskState } from '#shared/domain/task.ts';
import { headsOf } from '#shared/domain/verify.ts';
import type { Services } from '#shared/services.ts';
import type { Loaded } from '#shared/state/items.ts';
import { loadTasks } from '#shared/state/tasks.ts';
import { loadTokens, NOTHING_IN_FLIGHT, tokenWrites } from '#shared/state/tokens.ts';
import { orOutage, segmentOf } from './live.ts';
import { look } from './look.ts';
import { giveBackReserved } from './reserve.ts';
import { changeTasks, settleTasks } from './settle-tasks.ts';
import { commitHost, followedUntil, type HostIn } from './step.ts';

const OUTAGE_LOOK_MS = 5_000;

/**
 * One look of the status `handing-over`: what Nova has ended is settled as it ended, all else goes to a person, and the
 * incident closes behind a fresh listing of its host (L1). Nothing is asked of Nova that changes anything.
 */
export async function handOverTasks(
  services: Services,
  loaded: Loaded<HostIn<'handing-over'>>,
): Promise<Loaded<HostState>> {
  const { clock, state } = services;
  const { incident } = loaded.value;
  const segment = segmentOf(services, incident.segment);
  const before = await loadTasks(state, incident.id);
  const seen = await orOutage(look(services, loaded.value, before, segment));
  if ('outage' in seen) {
    return commitHost(services, loaded, followedUntil(clock.now() + OUTAGE_LOOK_MS));
  }
  const settled = await settleTasks(services, loaded, before, seen.value, segment);
  const atMs = clock.now();
  const { tasks } = await changeTasks(services, loaded, settled.tasks, (task) => ({
    facts: handOver(task, incident, atMs),
    basis: { by: 'hand-over', atMs },
  }));
  const values = tasks.map((task) => task.value);
  return values.every((task) => task.progress.status === 'ended')
    ? ((await giveBackReserved(services, loaded, segment)) ?? closeWith(services, loaded, values))
    : commitHost(services, loaded, followedUntil(clock.now()));
}

/** Closes an incident all of whose tasks have ended. Its tokens are free from then on. */
export async function closeWith(
  services: Services,
  loaded: Loaded<HostIn<'evacuating' | 'handing-over'>>,
  tasks: readonly TaskState[],
): Promise<Loaded<HostState>> {
  const { state, policy, clock } = services;
  const { incident } = loaded.value;
  const atMs = clock.now();
  const dismissed = incident.status === 'handing-over' && incident.dismissed;
  const closing = closeIncident(tasks, headsOf(tasks), atMs, dismissed);
  const { name: cloud, region } = policy.cloud;
  const tokens = await loadTokens(state, cloud, region);
  const writes = tokenWrites(cloud, region, tokens, incident.id, NOTHING_IN_FLIGHT);
  return commitHost(services, loaded, { facts: [closing], basis: { by: 'end', atMs }, writes });
}
