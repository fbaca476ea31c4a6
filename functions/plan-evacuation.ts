import type { StepCommand } from '#events/commands.ts';
import { planTasks } from '#shared/domain/plan.ts';
import { planned, planningFailed } from '#shared/domain/planned.ts';
import { lambdaHandler } from '#shared/lambda/handler.ts';
import { eachMessage } from '#shared/lambda/queue-function.ts';
import { addTasks } from '#shared/shell/add-tasks.ts';
import { listInstances } from '#shared/shell/list-instances.ts';
import { orOutage, readHalt, segmentOf } from '#shared/shell/live.ts';
import { commitHost, halt, takeStep } from '#shared/shell/step.ts';

/**
 * Lists the instances of a fenced host and writes one task for each, in resumable chunks: tasks that are there
 * already, from a run that died or from before the proof was renewed, are left as they are.
 */
export const planEvacuation = eachMessage<StepCommand>('plan-evacuation', (services, delivery) =>
  takeStep(delivery, services, ['planning'], async (loaded) => {
    const { clock } = services;
    const { incident, key } = loaded.value;
    const segment = segmentOf(services, incident.segment);
    const { halted } = await readHalt(services, segment);
    if (halted !== undefined) return commitHost(services, loaded, halt(incident, halted, clock.now()));
    const seen = await orOutage(listInstances(services, loaded.value, segment));
    if ('outage' in seen) {
      const atMs = clock.now();
      return commitHost(services, loaded, { facts: [planningFailed(seen.outage, atMs)], basis: { by: 'plan', atMs } });
    }
    const { unplanned, existing, signs, evacuations, otherMigrations } = seen.value;
    const wanted = planTasks({
      incidentId: incident.id,
      hostKey: key,
      servers: unplanned,
      signs,
      evacuations,
      otherMigrations,
      segment,
      nowMs: clock.now(),
    });
    const added = await addTasks(services, wanted, loaded);
    const tasks = [...existing.map((task) => task.value), ...added];
    const atMs = clock.now();
    return commitHost(services, loaded, { facts: [planned(tasks, atMs)], basis: { by: 'plan', atMs } });
  }),
);

export const handler = lambdaHandler(planEvacuation);
