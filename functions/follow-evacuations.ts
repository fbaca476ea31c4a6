import type { StepCommand } from '#events/commands.ts';
import { FIRST } from '#shared/domain/audit.ts';
import { closeIncident, nextLookMs, proofFault } from '#shared/domain/follow.ts';
import type { IncidentFact } from '#shared/domain/host.ts';
import { hashOfHeads } from '#shared/domain/verify.ts';
import { lambdaHandler } from '#shared/lambda/handler.ts';
import { eachMessage } from '#shared/lambda/queue-function.ts';
import { grantTasks, sendGrants } from '#shared/shell/grant-tasks.ts';
import { orOutage, segmentOf } from '#shared/shell/live.ts';
import { look } from '#shared/shell/look.ts';
import { settleTasks } from '#shared/shell/settle-tasks.ts';
import { commitHost, takeStep } from '#shared/shell/step.ts';
import { loadTasks } from '#shared/state/tasks.ts';
import { loadTokens, tokenWrites } from '#shared/state/tokens.ts';

const OUTAGE_LOOK_MS = 5_000;
const NOTHING_IN_FLIGHT = { total: 0, byDestination: {} };

/**
 * One look at all evacuations of an incident: settle what has ended, grant the next ones, and close the incident
 * when every instance has its outcome and a fresh listing of the host shows nothing else to do (L1).
 */
export const followEvacuations = eachMessage<StepCommand>('follow-evacuations', (services, delivery) =>
  takeStep(delivery, services, ['evacuating'], async (loaded) => {
    const { clock, state, policy } = services;
    const { incident } = loaded.value;
    const segment = segmentOf(services, incident.segment);
    const commit = (fact: IncidentFact) => commitHost(services, loaded, { facts: [fact] });

    const before = await loadTasks(state, incident.id);
    // Whoever had this message before may have died between the grants and their messages.
    if (delivery.redelivered)
      await sendGrants(
        services,
        loaded.value,
        before.map((task) => task.value),
      );
    const seen = await orOutage(look(services, loaded.value, before, segment));
    if ('outage' in seen) {
      services.log.warn('Nova does not answer the follower', { incidentId: incident.id, because: seen.outage });
      return commit({ type: 'followed', nextLookAtMs: clock.now() + OUTAGE_LOOK_MS });
    }
    const sight = seen.value;
    const settled = await settleTasks(services, loaded.value, before, sight, segment);
    const values = settled.tasks.map((task) => task.value);
    if (sight.listing !== undefined && values.every((task) => task.progress.status === 'ended')) {
      const tokens = await loadTokens(state, policy.cloud.name, policy.cloud.region);
      const writes = tokenWrites(policy.cloud.name, policy.cloud.region, tokens, incident.id, NOTHING_IN_FLIGHT);
      const heads = hashOfHeads(values.map(({ instanceId, endedAt }) => ({ instanceId, head: endedAt ?? FIRST })));
      return commitHost(services, loaded, { facts: [closeIncident(values, heads, clock.now())], writes });
    }
    if (sight.listing !== undefined) {
      const grantable = values.filter(
        ({ progress }) => progress.status === 'waiting' && progress.notBeforeMs <= sight.atMs,
      ).length;
      const fault = proofFault(incident, sight.listing.service, grantable, segment, clock.now());
      if (fault !== undefined) return commit(fault);
    }
    const granted = await grantTasks(services, loaded.value, settled.tasks, sight, segment);
    const now = granted.tasks.map((task) => task.value);
    return commit({
      type: 'followed',
      nextLookAtMs: nextLookMs(now, settled.changed || granted.changed, segment, clock.now()),
    });
  }),
);

export const handler = lambdaHandler(followEvacuations);
