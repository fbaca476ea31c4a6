import { appendFacts, auditWrite, FIRST, type Head, STREAM_OF_OPERATORS } from '#shared/domain/audit.ts';
import type { OperatorFact } from '#shared/domain/operator.ts';
import type { ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { type Loaded, load, put } from './items.ts';

/** What became of a command: kept for its repeats, and for the operator who waits for it. */
export interface CommandOutcome extends OperatorFact {
  readonly atMs: number;
}

/** Longer than any queue keeps a message: 14 days. */
const KEEP_MS = 30 * 86_400_000;

export const OPERATORS_PARTITION = 'operators';
const HEAD_KEY: ItemKey = { partition: OPERATORS_PARTITION, sort: 'head' };
const keyOf = (commandId: string): ItemKey => ({ partition: 'operator-commands', sort: commandId });

export const loadOutcome = async (state: StateReader, commandId: string): Promise<CommandOutcome | undefined> =>
  (await load<CommandOutcome>(state, keyOf(commandId)))?.value;

export async function loadOperatorHead(state: StateReader): Promise<Loaded<{ readonly audit: Head }>> {
  return (await load<{ readonly audit: Head }>(state, HEAD_KEY)) ?? { value: { audit: FIRST }, version: 'absent' };
}

/** One record in the operators' stream, and what became of the command. A repeat of it fails the transaction. */
export function outcomeWrites(
  { value, version }: Loaded<{ readonly audit: Head }>,
  fact: OperatorFact,
  nowMs: number,
): readonly StateWrite[] {
  const { records, head } = appendFacts(STREAM_OF_OPERATORS, value.audit, [fact], nowMs);
  const outcome: CommandOutcome = { ...fact, atMs: nowMs };
  return [
    ...records.map(auditWrite),
    put(HEAD_KEY, version, { audit: head }),
    put(keyOf(fact.commandId), 'absent', outcome, { expiresAtMs: nowMs + KEEP_MS }),
  ];
}
