import type { EvacuateInstance } from '#events/commands.ts';
import { decideEvacuate, foldAnswer, unfitNow } from '#shared/domain/evacuate.ts';
import type { HostState } from '#shared/domain/host.ts';
import type { Segment } from '#shared/domain/policy.ts';
import type { TaskFact, TaskState } from '#shared/domain/task.ts';
import { ConflictError } from '#shared/errors.ts';
import { lambdaHandler } from '#shared/lambda/handler.ts';
import { eachMessage } from '#shared/lambda/queue-function.ts';
import type { Answer } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { orOutage, segmentOf } from '#shared/shell/live.ts';
import { loadHost } from '#shared/state/hosts.ts';
import type { Loaded } from '#shared/state/items.ts';
import { loadTask, taskWrites } from '#shared/state/tasks.ts';

const MAX_RACES = 8;

/**
 * Sends the one evacuate request of a granted attempt. The intent is committed before the request (S4): a
 * message that comes again finds it and does nothing, since only the follower may reconcile what became of it.
 */
export const evacuateInstance = eachMessage<EvacuateInstance>('evacuate-instance', async (services, { message }) => {
  const { instanceId, attempt } = message;
  const granted = await loadGranted(services, message);
  if (granted === undefined) return;
  const seen = await orOutage(services.compute.server(instanceId));
  // Read again behind the slow part: what voids a proof may have come meanwhile.
  const now = await loadGranted(services, message);
  if (now === undefined) return;
  const { host, task, segment } = now;
  const unfit = 'outage' in seen ? seen.outage : unfitNow(seen.value, host.name, attempt, segment.instances);
  const { proofMaxAgeSeconds } = segment.fencing;
  const decision = decideEvacuate(host, task.value, attempt, proofMaxAgeSeconds, services.clock.now(), unfit);
  if (decision.do === 'nothing') return;
  const intended = await commit(services, task, decision.facts);
  if (intended === undefined || decision.do === 'give-back') return;
  const { facts, answer } = await request(services, intended.value);
  await recordAnswer(services, intended, facts, answer, attempt, segment);
});

interface Granted {
  readonly host: HostState;
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
  return { host: host.value, task, segment: segmentOf(services, host.value.incident.segment) };
}

/** Undefined when somebody else moved the task on: then this message has no more business with it. */
async function commit(
  { state, clock }: Services,
  loaded: Loaded<TaskState>,
  facts: readonly TaskFact[],
): Promise<Loaded<TaskState> | undefined> {
  const { task, writes } = taskWrites(loaded, facts, clock.now());
  try {
    await state.transact(writes);
    return { value: task, version: loaded.version === 'absent' ? 1 : loaded.version + 1 };
  } catch (error) {
    if (error instanceof ConflictError) return undefined;
    throw error;
  }
}

/** The outside action: at most one os-resetState, and then at most one evacuate. */
async function request(
  { compute }: Services,
  { instanceId, progress }: TaskState,
): Promise<{ facts: readonly TaskFact[]; answer: Answer }> {
  const { destination: host, way } = 'attempt' in progress ? progress.attempt : { destination: null, way: 'as-it-was' };
  const end = way === 'as-it-was' ? 'as-it-was' : 'stopped';
  if (way !== 'reset-and-leave-stopped')
    return { facts: [], answer: await compute.evacuate(instanceId, { host, end }) };
  const reset = await compute.resetStateToActive(instanceId);
  const requestId = reset.kind === 'unknown' ? null : reset.requestId;
  const facts: TaskFact[] = [{ type: 'reset-answered', answer: reset.kind, requestId, durationMs: reset.durationMs }];
  if (reset.kind === 'accepted') return { facts, answer: await compute.evacuate(instanceId, { host, end }) };
  // It may take effect yet, in the middle of the next attempt: so it is settled like an evacuate without an answer.
  if (reset.kind === 'unknown') return { facts, answer: { ...reset, error: `os-resetState: ${reset.error}` } };
  const { message } = reset;
  const answer: Answer = {
    kind: 'refused',
    httpStatus: 409,
    message: `its state could not be reset: ${message}`,
    requestId,
    durationMs: 0,
  };
  return { facts, answer };
}

async function recordAnswer(
  services: Services,
  intended: Loaded<TaskState>,
  first: readonly TaskFact[],
  answer: Answer,
  attempt: number,
  segment: Segment,
): Promise<void> {
  let task: Loaded<TaskState> | undefined = intended;
  for (let race = 0; race < MAX_RACES && task !== undefined; race += 1) {
    const facts = [
      ...first,
      ...foldAnswer(task.value, attempt, answer, segment, services.clock.now(), services.chance.random()),
    ];
    if ((await commit(services, task, facts)) !== undefined) return;
    // The follower saw the migration first: the answer is recorded behind that.
    task = await loadTask(services.state, intended.value.incidentId, intended.value.instanceId);
  }
}

export const handler = lambdaHandler(evacuateInstance);
