import type { EvacuateInstance } from '#events/commands.ts';
import { asleep } from '#shared/domain/asleep.ts';
import { candidates, claimed, type HostsSeen } from '#shared/domain/destinations.ts';
import { type GrantInput, type Grants, grant, type TaskChange } from '#shared/domain/grant.ts';
import { groupsOfTasks, type PlacedGroup } from '#shared/domain/placed-groups.ts';
import type { Segment } from '#shared/domain/policy.ts';
import { mayBeWoken } from '#shared/domain/reserved-hosts.ts';
import { placesByAggregates, segmentsOf } from '#shared/domain/segments.ts';
import { grantedNumber, mayBeTried, type TaskState } from '#shared/domain/task.ts';
import { taskSight } from '#shared/domain/task-sight.ts';
import { tiersBefore } from '#shared/domain/tiers.ts';
import type { Services } from '#shared/services.ts';
import { openHosts, unchanged } from '#shared/state/hosts.ts';
import type { Loaded } from '#shared/state/items.ts';
import { countInFlight, inFlightElsewhere, loadTokens, tokenWrites } from '#shared/state/tokens.ts';
import { orOutage } from './live.ts';
import type { FullSight } from './look.ts';
import { groupsOrNone } from './read-signs.ts';
import { notInHand } from './reserve.ts';
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
  proofIsYoung: boolean,
): Promise<TasksNow & Pick<Grants, 'wake' | 'needsProof'>> {
  const { state, policy } = services;
  const host = loaded.value;
  const { name: cloud, region } = policy.cloud;
  const tokens = await loadTokens(state, cloud, region);
  const elsewhere = inFlightElsewhere(tokens.value, host.incident.id);
  const input = await readHosts(services, host, before, sight, segment, elsewhere);
  const { changes, wake, needsProof } =
    input === undefined
      ? NOTHING
      : grant(
          before.map((task) => task.value),
          { ...input, proofIsYoung },
        );
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
  return { ...now, wake, needsProof };
}

/** One message for each task that holds a grant. Sent again it does no harm: only the first finds the task granted. */
export function sendGrants(services: Services, host: HostIn<'evacuating'>, tasks: readonly TaskState[]): Promise<void> {
  return services.outbox.send(
    tasks.flatMap(({ instanceId, progress }) => {
      const number = grantedNumber(progress);
      return number === undefined ? [] : [{ message: messageFor(host, instanceId, number), delaySeconds: 0 }];
    }),
  );
}

/** All that a grant rests on; undefined when nothing is to be granted now, or it can't be known. */
async function readHosts(
  services: Services,
  host: HostIn<'evacuating'>,
  before: readonly Loaded<TaskState>[],
  sight: FullSight,
  segment: Segment,
  elsewhere: ReturnType<typeof inFlightElsewhere>,
): Promise<Omit<GrantInput, 'proofIsYoung'> | undefined> {
  const { listing } = sight;
  const { policy } = services;
  const tasks = before.map((task) => task.value);
  const due = tasks.filter((task) => mayBeTried(task, sight.atMs));
  if (due.length === 0 || listing?.service === undefined) return undefined;
  const [open, hypervisors, aggregated, groups] = await Promise.all([
    openHosts(services.state, Number.MAX_SAFE_INTEGER),
    orOutage(services.compute.hypervisors()),
    placesByAggregates(policy, segment) ? orOutage(services.compute.aggregates()) : { value: [] },
    groupsNow(services, host, tasks, due),
  ]);
  // Without them nobody knows which hosts are the right ones: the next look asks again.
  if ('outage' in aggregated) return undefined;
  const aggregates = aggregated.value;
  const own = countInFlight(tasks);
  const inFlightTo: Record<string, number> = { ...elsewhere.byDestination };
  for (const [destination, count] of Object.entries(own.byDestination))
    inFlightTo[destination] = (inFlightTo[destination] ?? 0) + count;
  const seen: HostsSeen = {
    services: listing.services,
    hypervisors: 'value' in hypervisors ? hypervisors.value : [],
    aggregates,
    failed: { host: host.name, zone: listing.service.zone },
    suspects: new Set(open.map((each) => each.name)),
    inFlightTo,
    isInSegment: (service, among) => segmentsOf(policy, service, among).includes(segment),
  };
  return {
    sight,
    segment,
    forcedDown: listing.service.forcedDown,
    candidates: unclaimedBy(tasks).reduce(
      (among, { to, task }) => claimed(among, to, task),
      candidates(seen, segment.destinations),
    ),
    asleep: await notInHand(
      services,
      asleep(seen, segment.destinations).filter((each) => mayBeWoken(host.incident, each.host, sight.atMs)),
    ),
    groups,
    tiersBefore: (task) => tiersBefore(task, tasks, segment.order),
    otherMigrations: new Map(listing.otherMigrations.map((each) => [each.instanceId, each])),
    inFlight: own.total,
    inFlightElsewhere: elsewhere.total,
    maxInFlightOverAll: policy.global.maxEvacuationsInFlight,
  };
}

const NOTHING: Grants = { changes: [], wake: undefined, needsProof: false };

/** Those that are on their way to a host, and that Nova may not have counted there yet. */
const unclaimedBy = (tasks: readonly TaskState[]): readonly { readonly to: string; readonly task: TaskState }[] =>
  tasks.flatMap((task) => {
    const { progress } = task;
    if (progress.status !== 'granted' && progress.status !== 'requested') return [];
    const { destination: to } = progress.attempt;
    return to === null ? [] : [{ to, task }];
  });

/** As they were when the tasks were planned; read anew for those that found no room, since others have moved meanwhile. */
async function groupsNow(
  services: Services,
  { name }: HostIn<'evacuating'>,
  tasks: readonly TaskState[],
  due: readonly TaskState[],
): Promise<readonly PlacedGroup[]> {
  const roomless = due.filter(({ signs, roomless: times = 0 }) => times > 0 && signs?.group !== undefined);
  if (roomless.length === 0) return groupsOfTasks(tasks);
  const servers = roomless.map(({ instanceId: id }) => ({ id }));
  const known = new Set(tasks.map(({ instanceId }) => instanceId));
  const again = await groupsOrNone(services, name, servers, known);
  return groupsOfTasks(tasks, new Map([...again.values()].map((group) => [group.id, group])));
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
