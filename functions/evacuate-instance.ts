import type { EvacuateInstance } from '#events/commands.ts';
import { decideEvacuate, unfitNow } from '#shared/domain/evacuate.ts';
import type { HostState } from '#shared/domain/host.ts';
import type { Segment } from '#shared/domain/policy.ts';
import { recordServer } from '#shared/domain/recorded.ts';
import type { TaskState } from '#shared/domain/task.ts';
import { lambdaHandler } from '#shared/lambda/handler.ts';
import { eachMessage } from '#shared/lambda/queue-function.ts';
import type { Services } from '#shared/services.ts';
import { orOutage, readHalt, segmentOf } from '#shared/shell/live.ts';
import { commitTask, recordAnswer, requestEvacuation } from '#shared/shell/request-evacuation.ts';
import { loadHost } from '#shared/state/hosts.ts';
import type { Loaded } from '#shared/state/items.ts';
import { loadTask } from '#shared/state/tasks.ts';

/**
 * Sends the one evacuate request of a granted attempt. The intent is committed before the request (S4): a
 * message that comes again finds it and does nothing, since only the follower may reconcile what became of it.
 */
export const evacuateInstance = eachMessage<EvacuateInstance>('evacuate-instance', async (services, { message }) => {
  const { instanceId, attempt } = message;
  const granted = await loadGranted(services, message);
  if (granted === undefined) return;
  const seen = await orOutage(services.compute.server(instanceId));
  // Read again behind the slow part: what voids a proof, or switches salvor off, may have come meanwhile.
  const now = await loadGranted(services, message);
  if (now === undefined) return;
  const { host, task, segment } = now;
  const { halted } = await readHalt(services, segment);
  const { instances, fencing } = segment;
  const hindered = halted ?? ('outage' in seen ? seen.outage : null);
  const server = 'outage' in seen ? undefined : seen.value;
  const unfit = hindered ?? unfitNow(server, host.value.name, task.value, attempt, instances);
  const nowMs = services.clock.now();
  const decision = decideEvacuate(host.value, task.value, attempt, fencing.proofMaxAgeSeconds, nowMs, unfit);
  if (decision.do === 'nothing') return;
  const recorded = server === undefined ? null : recordServer(server, segment);
  const basis = { by: 'request', atMs: nowMs, server: recorded, hindered } as const;
  const intended = await commitTask(services, task, { facts: decision.facts, basis }, host);
  if (intended === undefined || decision.do === 'give-back') return;
  const { facts, answer } = await requestEvacuation(services, intended.value, decision.leaveByMs);
  await recordAnswer(services, intended, facts, answer, attempt, segment);
});

interface Granted {
  readonly host: Loaded<HostState>;
  readonly task: Loaded<TaskState>;
  readonly segment: Segment;
}

/** Undefined when the attempt is not this message's business: it was sent, taken back, or its incident is closed. */
async function loadGranted(services: Services, message: EvacuateInstance): Promise<Granted | undefined> {
  const [host, task] = await Promise.all([
    loadHost(services.state, message.hostKey),
    loadTask(services.state, message.incidentId, message.instanceId),
  ]);
  if (host === undefined || host.value.incident === null || task?.value.progress.status !== 'granted') return undefined;
  if (task.value.progress.attempt.number !== message.attempt) return undefined;
  return { host, task, segment: segmentOf(services, host.value.incident.segment) };
}

export const handler = lambdaHandler(evacuateInstance);
