import type { StepCommand } from '#events/commands.ts';
import { planTasks } from '#shared/domain/plan.ts';
import { planned, planningFailed } from '#shared/domain/planned.ts';
import { lambdaHandler } from '#shared/lambda/handler.ts';
import { eachMessage } from '#shared/lambda/queue-function.ts';
import { addTasks } from '#shared/shell/add-tasks.ts';
import { orOutage, readHalt, segmentOf } from '#shared/shell/live.ts';
import { commitHost, halt, takeStep } from '#shared/shell/step.ts';
import { loadTasks } from '#shared/state/tasks.ts';

/**
 * Lists the instances of a fenced host and writes one task for each, in resumable chunks: tasks that are there
 * already, from a run that died or from before the proof was renewed, are left as they are.
 */
export const planEvacuation = eachMessage<StepCommand>('plan-evacuation', (services, delivery) =>
  takeStep(delivery, services, ['planning'], async (loaded) => {
    const { compute, clock, state } = services;
    const { incident, name, key } = loaded.value;
    const segment = segmentOf(services, incident.segment);
    const { halted } = await readHalt(services, segment);
    if (halted !== undefined) return commitHost(services, loaded, halt(incident, halted, clock.now()));
    const seen = await orOutage(
      Promise.all([compute.serversOn(name), compute.evacuationsFrom(name), compute.unfinishedMigrationsOf(name)]),
    );
    if ('outage' in seen) {
      const atMs = clock.now();
      return commitHost(services, loaded, { facts: [planningFailed(seen.outage, atMs)], basis: { by: 'plan', atMs } });
    }
    const [servers, evacuations, otherMigrations] = seen.value;
    const existing = await loadTasks(state, incident.id);
    const known = new Set(existing.map((task) => task.value.instanceId));
    const unplanned = servers.filter((server) => !known.has(server.id));
    const wanted = planTasks({
      incidentId: incident.id,
      hostKey: key,
      servers: unplanned,
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
