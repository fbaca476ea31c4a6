import type { Segment } from '#shared/domain/policy.ts';
import { decideRestoreRequest, foldRestoreAnswer } from '#shared/domain/restore/decide.ts';
import type { Restoring } from '#shared/domain/restore/restoring.ts';
import type { TaskState } from '#shared/domain/task.ts';
import type { Answer } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { loadHost } from '#shared/state/hosts.ts';
import type { Loaded } from '#shared/state/items.ts';
import { orOutage, readHalt } from '../live.ts';
import { commitTask, recordBehind } from '../request-evacuation.ts';
import { lookAtRestored } from './look.ts';

/** A request that is this late, for want of a token, rests on what may not be true any more. */
const LEAVE_WITHIN_MS = 10_000;

/**
 * Sends the one granted request of an instance that is being restarted from a snapshot: its disk is made anew, or it is
 * started. The intent is committed before, and only as long as nobody has written its new host's item. A start is a hard
 * reboot, at which nova-compute looks whether the instance is still its own (decision 0020).
 */
export async function requestRestored(
  services: Services,
  task: Loaded<TaskState>,
  progress: Restoring,
  segment: Segment,
): Promise<void> {
  const { instanceId } = task.value;
  const read = await orOutage(lookAtRestored(services, instanceId, progress, segment));
  // The grant lapses, and the follower grants it anew.
  if ('outage' in read) return;
  // Behind the slow part: what switches salvor off may have come meanwhile.
  const [{ halted }, host] = await Promise.all([
    readHalt(services, segment),
    loadHost(services.state, task.value.hostKey),
  ]);
  const incident = host?.value.incident ?? null;
  const isOver = incident?.id !== task.value.incidentId || incident.status !== 'evacuating';
  const hindered = halted ?? (isOver ? `its incident is ${incident?.status ?? 'closed'}` : null);
  const sight = { ...read.value.sight, hindered };
  const atMs = services.clock.now();
  const facts = decideRestoreRequest(progress, progress.number, sight, atMs);
  const basis = { by: 'restore-request', atMs, sight } as const;
  const intended = await commitTask(services, task, { facts, basis }, host, read.value.unchanged);
  if (intended === undefined || facts.every(({ type }) => type !== 'restore-intended')) return;
  const answer = await send(services, instanceId, progress, atMs + LEAVE_WITHIN_MS);
  const told = { attempt: progress.number, answer: answer.kind };
  await recordBehind(services, intended, told, (now) => {
    const [answeredAtMs, random] = [services.clock.now(), services.chance.random()];
    return {
      facts: foldRestoreAnswer({ ...progress, failures: failuresOf(now) }, answer, answeredAtMs, random),
      basis: { by: 'restore-answer', atMs: answeredAtMs, random },
    };
  });
}

const failuresOf = ({ progress }: TaskState): number => (progress.status === 'restoring' ? progress.failures : 0);

function send(
  { compute }: Services,
  instanceId: string,
  { step, snapshot }: Restoring,
  leaveByMs: number,
): Promise<Answer> {
  return step === 'rebuild'
    ? compute.rebuild(instanceId, snapshot.id, leaveByMs)
    : compute.rebootHard(instanceId, leaveByMs);
}
