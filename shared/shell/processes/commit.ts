import type { ProcessBasis } from '#shared/domain/basis.ts';
import { commandsOfProcesses } from '#shared/domain/process-recovery/commands.ts';
import type { ProcessesState, ProcessFact } from '#shared/domain/process-recovery/process.ts';
import type { StateWrite } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { type Loaded, versionAfter } from '#shared/state/items.ts';
import { processWrites } from '#shared/state/processes.ts';
import { recordedBasis } from '../policy-on-record.ts';

export interface ProcessDecision {
  readonly facts: readonly ProcessFact[];
  readonly basis: ProcessBasis;
  /** Other items that must be as they were read. */
  readonly besides?: readonly StateWrite[];
}

/** @throws ConflictError when somebody else has written the item, or anything besides */
export async function commitProcesses(
  services: Services,
  loaded: Loaded<ProcessesState>,
  { facts, basis, besides = [] }: ProcessDecision,
): Promise<Loaded<ProcessesState>> {
  const { state, clock, log } = services;
  const recorded = await recordedBasis(services, loaded, basis);
  const { processes, writes } = processWrites(loaded, facts, recorded, clock.now());
  await state.transact([...writes, ...besides]);
  const { id: incidentId, host } = processes.incident ?? loaded.value.incident ?? { id: null, host: null };
  for (const fact of facts)
    if (LOGGED.has(fact.type))
      log.info(`processes of ${host}: ${fact.type}`, {
        fact: fact.type,
        host,
        incidentId,
        ...('because' in fact ? { because: fact.because } : {}),
      });
  return { value: processes, version: versionAfter(loaded) };
}

const LOGGED: ReadonlySet<string> = new Set<ProcessFact['type']>([
  'process-incident-opened',
  'process-held',
  'disable-intended',
  'service-change-failed',
  'restart-intended',
  'escalated',
  'enable-intended',
  'process-incident-closed',
]);

export const sendProcessCommands = (services: Services, processes: ProcessesState): Promise<void> =>
  services.outbox.send(commandsOfProcesses(processes, services.clock.now()));
