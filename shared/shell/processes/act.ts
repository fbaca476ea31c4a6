import type { Segment } from '#shared/domain/policy.ts';
import type { ProcessesState, ProcessFact } from '#shared/domain/process-recovery/process.ts';
import { toldAnswer } from '#shared/domain/told.ts';
import { ConflictError, RetryableError } from '#shared/errors.ts';
import type { Answer } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import type { Loaded } from '#shared/state/items.ts';
import { loadProcesses } from '#shared/state/processes.ts';
import { commitProcesses } from './commit.ts';

const MAX_RACES = 8;
/** After the worker has answered: what it has started may show by then. */
const LOOK_MS = 5_000;

type Intent = Extract<ProcessFact, { type: 'disable-intended' | 'enable-intended' | 'restart-intended' }>;

/** Does what was intended, and records what was answered, whatever reports have come in between (A1). */
export async function actOn(
  services: Services,
  intended: Loaded<ProcessesState>,
  intent: Intent,
  { processRecovery }: Segment,
): Promise<Loaded<ProcessesState>> {
  const answered =
    intent.type === 'restart-intended'
      ? await askForRestart(services, intended.value, intent, processRecovery?.worker)
      : await changeService(services, intended.value, intent);
  let loaded = intended;
  for (let race = 0; race < MAX_RACES; race += 1) {
    const atMs = services.clock.now();
    const fact = {
      ...answered,
      atMs,
      ...(intent.type === 'restart-intended' ? { nextLookAtMs: atMs + LOOK_MS } : {}),
    } as ProcessFact;
    try {
      return await commitProcesses(services, loaded, { facts: [fact], basis: { by: 'process-answer', atMs } });
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      loaded = await loadProcesses(services.state, intended.value.key);
    }
  }
  throw new RetryableError(`the processes of ${intended.value.key} lost ${MAX_RACES} races`);
}

async function changeService(
  { compute }: Services,
  { key }: ProcessesState,
  intent: Exclude<Intent, { type: 'restart-intended' }>,
) {
  const serviceId = key.split('/').at(-1) ?? '';
  const answer: Answer =
    intent.type === 'disable-intended'
      ? await compute.disableService(serviceId, intent.reason)
      : await compute.enableService(serviceId);
  const type = intent.type === 'disable-intended' ? 'disable-answered' : 'enable-answered';
  return { type, ...toldAnswer(answer) } as const;
}

async function askForRestart(
  { localRestart }: Services,
  { incident }: ProcessesState,
  { process }: Extract<Intent, { type: 'restart-intended' }>,
  worker = '',
) {
  const { kind: answer, detail, durationMs } = await localRestart.restart(worker, incident?.host ?? '', process);
  return { type: 'restart-answered', process, answer, detail, durationMs } as const;
}
