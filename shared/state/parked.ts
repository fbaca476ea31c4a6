import { createHash } from 'node:crypto';
import type { ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { all, decode, type Loaded, load, put } from './items.ts';

/**
 * Messages that salvor could not act on, kept for a person to see: one item per reason and subject, however often
 * it comes, so that a flood of bad input stays small.
 */
export interface Parked {
  readonly id: string;
  readonly because: string;
  /** The host or reporter it names, as far as that could be read. */
  readonly subject: string;
  readonly count: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** The first characters of the newest such message that was counted. */
  readonly sample: string;
}

const KEEP_MS = 30 * 86_400_000;
/** A repeat is counted at most this often, so that a flood does not become a flood of writes. */
const COUNT_AGAIN_MS = 60_000;
const SAMPLE_CHARS = 1000;

const keyOf = (id: string): ItemKey => ({ partition: 'parked', sort: id });

export interface ToPark {
  readonly because: string;
  readonly subject: string;
  readonly body: string;
}

export const parkedId = ({ because, subject }: Pick<ToPark, 'because' | 'subject'>): string =>
  createHash('sha256').update(`${because}\n${subject}`).digest('hex').slice(0, 16);

export const loadParked = (state: StateReader, id: string): Promise<Loaded<Parked> | undefined> =>
  load<Parked>(state, keyOf(id));

/** The write that parks these messages of one id; none while they were counted a moment ago. */
export function parkWrites(
  known: Loaded<Parked> | undefined,
  messages: readonly ToPark[],
  nowMs: number,
): readonly StateWrite[] {
  const first = messages[0];
  if (first === undefined || (known !== undefined && nowMs - known.value.lastAtMs < COUNT_AGAIN_MS)) return [];
  const id = parkedId(first);
  const { because, subject } = first;
  const count = (known?.value.count ?? 0) + messages.length;
  const firstAtMs = known?.value.firstAtMs ?? nowMs;
  const sample = first.body.slice(0, SAMPLE_CHARS);
  const parked: Parked = { id, because, subject, count, firstAtMs, lastAtMs: nowMs, sample };
  return [put(keyOf(id), known?.version ?? 'absent', parked, { expiresAtMs: nowMs + KEEP_MS })];
}

export async function* listParked(state: StateReader): AsyncGenerator<Parked> {
  for await (const item of all(state, 'parked')) yield decode<Parked>(item);
}
