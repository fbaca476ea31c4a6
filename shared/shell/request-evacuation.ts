import { foldAnswer } from '#shared/domain/evacuate.ts';
import type { HostState } from '#shared/domain/host.ts';
import type { Segment } from '#shared/domain/policy.ts';
import type { TaskFact, TaskState } from '#shared/domain/task.ts';
import { ConflictError } from '#shared/errors.ts';
import type { Answer, StateWrite } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { type Loaded, versionAfter } from '#shared/state/items.ts';
import { loadTask, taskWrites } from '#shared/state/tasks.ts';
import { onRecord } from './add-tasks.ts';
import type { TaskDecision } from './settle-tasks.ts';

const MAX_RACES = 8;

/** Undefined when somebody else moved the task on: then this message has no more business with it. */
export async function commitTask(
  services: Services,
  loaded: Loaded<TaskState>,
  { facts, basis }: TaskDecision,
  host?: Loaded<HostState>,
  besides: readonly StateWrite[] = [],
): Promise<Loaded<TaskState> | undefined> {
  const { state, clock } = services;
  const recorded = await onRecord(services, loaded, basis, host);
  const { task, writes } = taskWrites(loaded, facts, recorded, clock.now());
  try {
    await state.transact([...writes, ...besides]);
    return { value: task, version: versionAfter(loaded) };
  } catch (error) {
    if (error instanceof ConflictError) return undefined;
    throw error;
  }
}

/**
 * The outside action: at most one os-resetState, and then at most one evacuate.
 * @param leaveByMs Unix ms: the commit of the intent, or the reset, may have taken longer than the fence proof lasts (S1)
 */
export async function requestEvacuation(
  { compute, clock }: Services,
  { instanceId, progress }: TaskState,
  leaveByMs: number,
): Promise<{ facts: readonly TaskFact[]; answer: Answer }> {
  if (!('attempt' in progress)) throw new Error(`task of ${instanceId} holds no attempt`);
  const { destination: host, way } = progress.attempt;
  const end = way === 'as-it-was' ? 'as-it-was' : 'stopped';
  const isTooLate = () => clock.now() > leaveByMs;
  if (isTooLate()) return { facts: [], answer: TOO_LATE };
  if (way !== 'reset-and-leave-stopped')
    return { facts: [], answer: await compute.evacuate(instanceId, { host, end, leaveByMs }) };
  const reset = await compute.resetStateToActive(instanceId);
  const requestId = reset.kind === 'unknown' ? null : reset.requestId;
  const facts: TaskFact[] = [{ type: 'reset-answered', answer: reset.kind, requestId, durationMs: reset.durationMs }];
  if (reset.kind === 'accepted')
    return { facts, answer: isTooLate() ? TOO_LATE : await compute.evacuate(instanceId, { host, end, leaveByMs }) };
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

/** The evacuate has not left this process, so there is nothing to settle. */
const TOO_LATE: Answer = {
  kind: 'refused',
  httpStatus: 0,
  message: 'not sent: what was read before it was too old by then',
  requestId: null,
  durationMs: 0,
};

/** Records what Nova answered to an evacuate request. */
export const recordAnswer = (
  services: Services,
  intended: Loaded<TaskState>,
  first: readonly TaskFact[],
  answer: Answer,
  attempt: number,
  segment: Segment,
): Promise<void> =>
  recordBehind(services, intended, { attempt, answer: answer.kind }, (task) => {
    const [atMs, random] = [services.clock.now(), services.chance.random()];
    const facts = [...first, ...foldAnswer(task, attempt, answer, segment, atMs, random)];
    return { facts, basis: { by: 'answer', atMs, random } };
  });

/** Records an answer behind whatever the follower has made of the task meanwhile (A1). */
export async function recordBehind(
  services: Services,
  intended: Loaded<TaskState>,
  told: { readonly attempt: number; readonly answer: Answer['kind'] },
  decide: (task: TaskState) => TaskDecision,
): Promise<void> {
  const { instanceId, incidentId } = intended.value;
  let task: Loaded<TaskState> | undefined = intended;
  for (let race = 0; race < MAX_RACES && task !== undefined; race += 1) {
    if ((await commitTask(services, task, decide(task.value))) !== undefined) return;
    // The follower saw its effect first.
    task = await loadTask(services.state, incidentId, instanceId);
  }
  services.log.error("Nova's answer is not on record: the task was written by others each time", {
    ...{ instanceId, incidentId, ...told },
  });
}
