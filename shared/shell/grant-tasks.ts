import type { EvacuateInstance } from '#events/commands.ts';
import { candidates } from '#shared/domain/destinations.ts';
import { grant, type TaskChange } from '#shared/domain/grant.ts';
import type { Segment } from '#shared/domain/policy.ts';
import { placesByAggregates, segmentsOf } from '#shared/domain/segments.ts';
import type { TaskState } from '#shared/domain/task.ts';
import { taskSight } from '#shared/domain/task-sight.ts';
import { tiersBefore } from '#shared/domain/tiers.ts';
import type { Hypervisor } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { openHosts, unchanged } from '#shared/state/hosts.ts';
import type { Loaded } from '#shared/state/items.ts';
import { countInFlight, inFlightElsewhere, loadTokens, tokenWrites } from '#shared/state/tokens.ts';
import { orOutage } from './live.ts';
import type { FullSight } from './look.ts';
import { changeTasks, type TasksNow } from './settle-tasks.ts';
import type { HostIn } from './step.ts';

/**
 * Grants the next evacuations: tokens first, then the tasks, then one message per instance. A crash in between
 * leaves tokens or grants without a message: the next look counts the tokens anew, and takes old grants back.
 */
export async function grantTasks(
  services: Services,
  loaded: Loaded<HostIn<'evacuating'>>,
  before: readonly Loaded<TaskState>[],
  sight: FullSight,
  segment: Segment,
): Promise<TasksNow> {
  const { state, policy } = services;
  const host = loaded.value;
  const { name: cloud, region } = policy.cloud;
  const tokens = await loadTokens(state, cloud, region);
  const changes =
    sight.listing === undefined
      ? []
      : await decideGrants(services, host, before, sight, segment, inFlightElsewhere(tokens.value, host.incident.id));
  const decided = new Map(changes.map((change) => [change.task.instanceId, change]));
  const granted = changes.flatMap(grantOf);
  const inFlight = countInFlight(before.map((task) => task.value));
  const share = granted.reduce(
    (sum, { destination }) => ({
      total: sum.total + 1,
      byDestination:
        destination === null
          ? sum.byDestination
          : { ...sum.byDestination, [destination]: (sum.byDestination[destination] ?? 0) + 1 },
    }),
    inFlight,
  );
  const writes = tokenWrites(cloud, region, tokens, host.incident.id, share);
  // A slow look must not take tokens for an incident that has closed meanwhile: nobody would ever give them back.
  if (writes.length > 0) await state.transact([...writes, unchanged(loaded)]);
  const now = await changeTasks(services, loaded, before, (task) => {
    const change = decided.get(task.instanceId);
    if (change === undefined) return undefined;
    const { atMs } = sight;
    const seen = taskSight(task, sight, segment);
    return { facts: change.facts, basis: { by: 'grant', atMs, ...change.basis, ...seen } };
  });
  const wanted = new Set(granted.map(({ instanceId }) => instanceId));
  await sendGrants(
    services,
    host,
    now.tasks.map((task) => task.value).filter(({ instanceId }) => wanted.has(instanceId)),
  );
  return now;
}

/** One message for each task that holds a grant. Sent again it does no harm: only the first finds the task granted. */
export function sendGrants(services: Services, host: HostIn<'evacuating'>, tasks: readonly TaskState[]): Promise<void> {
  return services.outbox.send(
    tasks.flatMap(({ instanceId, progress }) =>
      progress.status === 'granted'
        ? [{ message: messageFor(host, instanceId, progress.attempt.number), delaySeconds: 0 }]
        : [],
    ),
  );
}

async function decideGrants(
  services: Services,
  host: HostIn<'evacuating'>,
  before: readonly Loaded<TaskState>[],
  sight: FullSight,
  segment: Segment,
  elsewhere: ReturnType<typeof inFlightElsewhere>,
): Promise<readonly TaskChange[]> {
  const { listing } = sight;
  const tasks = before.map((task) => task.value);
  const grantable = tasks.some(({ progress }) => progress.status === 'waiting' && progress.notBeforeMs <= sight.atMs);
  if (!grantable || listing?.service === undefined) return [];
  const [open, hypervisors, aggregates] = await Promise.all([
    openHosts(services.state, Number.MAX_SAFE_INTEGER),
    orOutage(services.compute.hypervisors()),
    placesByAggregates(services.policy, segment) ? services.compute.aggregates() : [],
  ]);
  const known: readonly Hypervisor[] = 'value' in hypervisors ? hypervisors.value : [];
  const suspects = new Set(open.map((each) => each.name));
  const own = countInFlight(tasks);
  const inFlightTo: Record<string, number> = { ...elsewhere.byDestination };
  for (const [destination, count] of Object.entries(own.byDestination))
    inFlightTo[destination] = (inFlightTo[destination] ?? 0) + count;
  return grant(tasks, {
    sight,
    segment,
    forcedDown: listing.service.forcedDown,
    candidates: candidates(
      {
        services: listing.services,
        hypervisors: known,
        aggregates,
        failed: { host: host.name, zone: listing.service.zone },
        suspects,
        inFlightTo,
        isInSegment: (service) => segmentsOf(services.policy, service, aggregates).includes(segment),
      },
      segment.destinations,
    ),
    tiersBefore: (task) => tiersBefore(task, tasks, segment.order),
    otherMigrations: new Map(listing.otherMigrations.map((each) => [each.instanceId, each])),
    inFlight: own.total,
    inFlightElsewhere: elsewhere.total,
    maxInFlightOverAll: services.policy.global.maxEvacuationsInFlight,
  });
}

function grantOf({
  task,
  facts,
}: TaskChange): readonly { readonly instanceId: string; readonly destination: string | null }[] {
  return facts.flatMap((fact) =>
    fact.type === 'granted' ? [{ instanceId: task.instanceId, destination: fact.attempt.destination }] : [],
  );
}

const messageFor = (host: HostIn<'evacuating'>, instanceId: string, attempt: number): EvacuateInstance => ({
  type: 'evacuate-instance',
  version: 1,
  hostKey: host.key,
  incidentId: host.incident.id,
  instanceId,
  attempt,
});
