import type { WorkerAnswer } from '#events/fence-worker.ts';
import type { ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { load, put } from './items.ts';

/** Whoever asked has long given up by then. */
const KEEP_MS = 600_000;

const keyOf = (id: string): ItemKey => ({ partition: `fence-answer#${id}`, sort: 'state' });

export const loadAnswer = async (state: StateReader, id: string): Promise<WorkerAnswer | undefined> =>
  (await load<WorkerAnswer>(state, keyOf(id)))?.value;

/** Fails when there is one: the first answer counts. */
export const answerWrite = (answer: WorkerAnswer, nowMs: number): StateWrite =>
  put(keyOf(answer.id), 'absent', answer, { expiresAtMs: nowMs + KEEP_MS });
