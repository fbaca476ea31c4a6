import type { EvacuateInstance } from '#events/commands.ts';
import { decideEvacuate, unfitNow } from '#shared/domain/evacuate.ts';
import type { HostState } from '#shared/domain/host.ts';
import type { Segment } from '#shared/domain/policy.ts';
import { recordServer } from '#shared/domain/recorded.ts';
import { grantedNumber, type TaskState } from '#shared/domain/task.ts';
import { lambdaHandler } from '#shared/lambda/handler.ts';
import { eachMessage } from '#shared/lambda/queue-function.ts';
import type { Compute, Server } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { orOutage, readHalt, segmentOf } from '#shared/shell/live.ts';
import { commitTask, recordAnswer, requestEvacuation } from '#shared/shell/request-evacuation.ts';
import { requestRestored } from '#shared/shell/restore/request.ts';
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
  const { progress, restore } = granted.task.value;
  if (progress.status === 'restoring') return requestRestored(services, granted.task, progress, granted.segment);
  const seen = await orOutage(readNow(services.compute, instanceId, restore));
  // Read again behind the slow part: what voids a proof, or switches salvor off, may have come meanwhile.
  const now = await loadGranted(services, message);
  if (now === undefined) return;
  const { host, task, segment } = now;
  const { halted } = await readHalt(services, segment);
  const { instances, fencing } = segment;
  const hindered = halted ?? ('outage' in seen ? seen.outage : null);
  const { server, snapshotGone } = 'outage' in seen ? { server: undefined, snapshotGone: false } : seen.value;
  const unfit = hindered ?? unfitNow(server, host.value.name, task.value, attempt, instances);
  const nowMs = services.clock.now();
  const { proofMaxAgeSeconds } = fencing;
  const decision = decideEvacuate(host.value, task.value, attempt, proofMaxAgeSeconds, nowMs, unfit, snapshotGone);
  if (decision.do === 'nothing') return;
  const recorded = server === undefined ? null : recordServer(server, segment);
  const gone = snapshotGone ? ({ snapshotGone } as const) : {};
  const basis = { by: 'request', atMs: nowMs, server: recorded, hindered, ...gone } as const;
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
  if (host === undefined || host.value.incident === null || task === undefined) return undefined;
  if (grantedNumber(task.value.progress) !== message.attempt) return undefined;
  return { host, task, segment: segmentOf(services, host.value.incident.segment) };
}

/** What is left of a lost disk must be there before Nova is asked to make another. */
async function readNow(
  compute: Compute,
  instanceId: string,
  restore: TaskState['restore'],
): Promise<{ readonly server: Server | undefined; readonly snapshotGone: boolean }> {
  const server = await compute.server(instanceId);
  if (server === undefined || restore === undefined) return { server, snapshotGone: false };
  const known = await compute.snapshotsOf(server);
  return { server, snapshotGone: known.every(({ id }) => id !== restore.id) };
}

export const handler = lambdaHandler(evacuateInstance);
