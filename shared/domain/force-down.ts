import type { Answer, ComputeService } from '#shared/ports.ts';
import { ANSWER_DUE_MS } from './answer-due.ts';
import { backoffMs } from './backoff.ts';
import type { ForcingDown, HostState, IncidentFact } from './host.ts';
import type { Segment } from './policy.ts';
import { toldAnswer } from './told.ts';

export const forceDownIntended = ({ serviceId }: Pick<HostState, 'serviceId'>, nowMs: number): IncidentFact => ({
  type: 'force-down-intended',
  serviceId,
  dueAtMs: nowMs + ANSWER_DUE_MS,
});

/** Nova has been told, or not; `forced-down` only when Nova itself says so. */
export function decideForcingDown(
  incident: ForcingDown,
  answer: Answer | null,
  service: Pick<ComputeService, 'state' | 'forcedDown'> | undefined,
  segment: Segment,
  nowMs: number,
  random: number,
): readonly IncidentFact[] {
  const answered: IncidentFact[] = answer === null ? [] : [forceDownAnswered(answer)];
  if (service?.forcedDown && service.state === 'down')
    return [...answered, { type: 'forced-down', state: `${service.state}, forced down`, atMs: nowMs }];
  return [...answered, forceDownFailed(incident, novaSays(service), segment, nowMs, random)];
}

export const novaSays = (service: Pick<ComputeService, 'state' | 'forcedDown'> | undefined): string =>
  service === undefined
    ? 'Nova knows no such service'
    : `Nova says ${service.state}, forced_down ${service.forcedDown}`;

export function forceDownFailed(
  incident: ForcingDown,
  because: string,
  segment: Segment,
  nowMs: number,
  random: number,
): IncidentFact {
  return {
    type: 'force-down-failed',
    because,
    retryAtMs: nowMs + backoffMs(incident.failures, segment.fencing, random),
  };
}

export function forceDownAnswered(answer: Answer): IncidentFact {
  const told = toldAnswer(answer);
  return { type: 'force-down-answered', ...told, ...(answer.kind === 'accepted' ? { detail: 'forced down' } : {}) };
}
