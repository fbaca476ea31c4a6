import type { StepCommand } from '#events/commands.ts';
import type { IncidentFact } from '#shared/domain/host.ts';
import { pause } from '#shared/domain/pause.ts';
import { planTasks } from '#shared/domain/plan.ts';
import { isInFlight } from '#shared/domain/task.ts';
import { lambdaHandler } from '#shared/lambda/handler.ts';
import { eachMessage } from '#shared/lambda/queue-function.ts';
import { addTasks } from '#shared/shell/add-tasks.ts';
import { orOutage, readHalt, segmentOf } from '#shared/shell/live.ts';
import { commitHost, takeStep } from '#shared/shell/step.ts';
import { loadTasks } from '#shared/state/tasks.ts';

const OUTAGE_RETRY_MS = 5_000;

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
    if (halted !== undefined) return commitHost(services, loaded, { facts: [pause(incident, halted, clock.now())] });
    const seen = await orOutage(
      Promise.all([compute.serversOn(name), compute.evacuationsFrom(name), compute.unfinishedMigrationsOf(name)]),
    );
    if ('outage' in seen) {
      const failed: IncidentFact = {
        type: 'planning-failed',
        because: seen.outage,
        retryAtMs: clock.now() + OUTAGE_RETRY_MS,
      };
      return commitHost(services, loaded, { facts: [failed] });
    }
    const [servers, evacuations, otherMigrations] = seen.value;
    const existing = await loadTasks(state, incident.id);
    const known = new Set(existing.map((task) => task.value.instanceId));
    const unplanned = servers.filter((server) => !known.has(server.id));
    const planned = planTasks({
      incidentId: incident.id,
      hostKey: key,
      servers: unplanned,
      evacuations,
      otherMigrations,
      segment,
      nowMs: clock.now(),
    });
    const added = await addTasks(services, planned, incident.audit);
    const tasks = [...existing.map((task) => task.value), ...added];
    const toEvacuate = tasks.filter((task) => task.progress.status === 'waiting' || isInFlight(task)).length;
    const fact: IncidentFact = {
      type: 'planned',
      instances: tasks.length,
      toEvacuate,
      leftAlone: tasks.length - toEvacuate,
      atMs: clock.now(),
    };
    return commitHost(services, loaded, { facts: [fact] });
  }),
);

export const handler = lambdaHandler(planEvacuation);
