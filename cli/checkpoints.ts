import { systemClock } from '#shared/adapters/system/clock.ts';
import { type Checkpoint, makeCheckpoint } from '#shared/domain/checkpoint.ts';
import type { StateReader } from '#shared/ports.ts';
import type { Log } from '#shared/services.ts';
import { headsNow } from '#shared/state/checkpoints.ts';
import { appendCheckpoint, readCheckpointsIfAny } from './checkpoint-file.ts';

const EVERY_MS = 300_000;

/** Where checkpoints go, and the PEM of the key that signs them. */
export interface CheckpointPlace {
  readonly path: string;
  readonly privateKey: string;
}

/** Signs how far the log has come, and appends that to the file. */
export async function takeCheckpoint(
  state: StateReader,
  { path, privateKey }: CheckpointPlace,
): Promise<{ readonly made: Checkpoint; readonly number: number; readonly streams: number }> {
  const earlier = readCheckpointsIfAny(path);
  const heads = await headsNow(state);
  const made = makeCheckpoint(earlier, heads, systemClock.now(), privateKey);
  appendCheckpoint(path, made);
  return { made, number: earlier.length + 1, streams: heads.size };
}

/** Takes one every five minutes, into the file and into the log. One that fails is told, and the next is taken. */
export function keepTaking(state: StateReader, place: CheckpointPlace, log: Log): { stop(): void } {
  const take = async (): Promise<void> => {
    try {
      const { made, number } = await takeCheckpoint(state, place);
      log.info('audit checkpoint', { number, checkpoint: made });
    } catch (error) {
      log.error('no audit checkpoint could be taken', {
        error: error instanceof Error ? error.message : String(error),
      });
    }
  };
  const timer = setInterval(take, EVERY_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
