import type { IncidentFact } from './host.ts';

/** After an outage of Nova the host is listed again this soon. */
const OUTAGE_RETRY_MS = 5_000;

/** Every instance of the host has a task: some to be evacuated, the others with their outcome already. */
export function planned(
  tasks: readonly { readonly progress: { readonly status: string } }[],
  atMs: number,
): IncidentFact {
  const toEvacuate = tasks.filter(({ progress }) => progress.status !== 'ended').length;
  return { type: 'planned', instances: tasks.length, toEvacuate, leftAlone: tasks.length - toEvacuate, atMs };
}

export const planningFailed = (because: string, nowMs: number): IncidentFact => ({
  type: 'planning-failed',
  because,
  retryAtMs: nowMs + OUTAGE_RETRY_MS,
});
