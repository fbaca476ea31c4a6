import type { Segment } from '#shared/domain/policy.ts';
import { lookAtRestoring } from '#shared/domain/restore/decide.ts';
import type { TaskState } from '#shared/domain/task.ts';
import type { Services } from '#shared/services.ts';
import type { Loaded } from '#shared/state/items.ts';
import { sendGrants } from '../grant-tasks.ts';
import { orOutage } from '../live.ts';
import { changeTasks, type TaskDecision, type TasksNow } from '../settle-tasks.ts';
import type { HostIn } from '../step.ts';
import { lookAtRestored } from './look.ts';

/** So many are looked at at the same time. */
const AT_ONCE = 10;

/**
 * Looks at each instance that is being restarted from a snapshot, settles its request, and grants the next one, whose message
 * `evacuate-instance` works on. One that can't be read is looked at the next time.
 * @param halted why nothing is asked of Nova now
 */
export async function followRestored(
  services: Services,
  loaded: Loaded<HostIn<'evacuating'>>,
  before: readonly Loaded<TaskState>[],
  segment: Segment,
  halted: string | undefined,
): Promise<TasksNow> {
  const restoring = before.flatMap(({ value: { instanceId, progress } }) =>
    progress.status === 'restoring' ? [{ instanceId, progress }] : [],
  );
  if (restoring.length === 0) return { tasks: before, changed: false };
  const { clock, compute } = services;
  const known = await orOutage(compute.services());
  if ('outage' in known) return { tasks: before, changed: false };
  const decisions = new Map<string, TaskDecision>();
  for (let from = 0; from < restoring.length; from += AT_ONCE)
    await Promise.all(
      restoring.slice(from, from + AT_ONCE).map(async ({ instanceId, progress }) => {
        const read = await orOutage(lookAtRestored(services, instanceId, progress, segment, known.value));
        if ('outage' in read) return;
        const atMs = clock.now();
        const sight = { ...read.value.sight, hindered: halted ?? null };
        const facts = lookAtRestoring(progress, sight, segment.evacuation, atMs);
        decisions.set(instanceId, { facts, basis: { by: 'restore-look', atMs, sight } });
      }),
    );
  const now = await changeTasks(services, loaded, before, ({ instanceId }) => decisions.get(instanceId));
  const granted = now.tasks.filter(({ value: { instanceId } }) =>
    decisions.get(instanceId)?.facts.some(({ type }) => type === 'restore-granted'),
  );
  await sendGrants(
    services,
    loaded.value,
    granted.map(({ value }) => value),
  );
  return now;
}
