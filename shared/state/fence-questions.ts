import { createHash } from 'node:crypto';
import { canonical } from '#shared/domain/audit.ts';
import type { ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { type Loaded, load, put } from './items.ts';

/** A reading that a fence worker was asked for. */
export interface FenceQuestion {
  /** Of the request. */
  readonly id: string;
  readonly askedAtMs: number;
  /** No answer can come behind that; 0 once it was taken, or does not count any more. */
  readonly untilMs: number;
}

/** One for each worker and device: whoever asks the same meanwhile waits for the same answer. */
export function questionOf(worker: string, asked: object): ItemKey {
  const hash = createHash('sha256')
    .update(canonical({ worker, ...asked }))
    .digest('hex');
  return { partition: `fence-question#${hash}`, sort: 'state' };
}

export const loadQuestion = (state: StateReader, key: ItemKey): Promise<Loaded<FenceQuestion> | undefined> =>
  load<FenceQuestion>(state, key);

const KEEP_MS = 600_000;

export const questionWrite = (
  key: ItemKey,
  before: Loaded<FenceQuestion> | undefined,
  question: FenceQuestion,
): StateWrite => put(key, before?.version ?? 'absent', question, { expiresAtMs: question.askedAtMs + KEEP_MS });
