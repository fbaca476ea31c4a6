import type { WorkerRequest } from '#events/fence-worker.ts';
import { PermanentError } from '#shared/errors.ts';
import type { Chance, Clock, StateReader, WorkerQueues, WorkerReply, Workers } from '#shared/ports.ts';
import { loadAnswer } from '#shared/state/fence-answers.ts';

export interface AskOptions {
  readonly queues: WorkerQueues;
  readonly state: StateReader;
  readonly clock: Clock;
  readonly chance: Pick<Chance, 'id'>;
}

/** Between two looks for the answer, in ms: a program of the worker takes some tenths of a second at least. */
const PAUSES_MS = [50, 100, 150, 200] as const;
const LONGEST_PAUSE_MS = 250;

/** Asks by the worker's queue; the answer comes by the state, where `receive-fence-answer` lays it. */
export function askingWorkers({ queues, state, clock, chance }: AskOptions): Workers {
  /** Ends with the time, whatever queue and state do: the request may have been taken, and its answer may be there. */
  async function answerTo(worker: string, request: WorkerRequest, untilMs: number): Promise<Untimed> {
    let refusal: string | undefined;
    let trouble = '';
    const note = (error: unknown): void => {
      trouble = ` (${error instanceof Error ? error.message : String(error)})`;
    };
    queues.send(worker, request).catch((error: unknown) => {
      if (error instanceof PermanentError) refusal = error.message;
      else note(error);
    });
    for (let look = 0; ; look += 1) {
      const answer = await loadAnswer(state, request.id).catch(note);
      if (answer !== undefined) {
        const { answer: said, detail, refused: of } = answer;
        return { answer: said, detail, ...(of === undefined ? {} : { refused: of }) };
      }
      if (refusal !== undefined) return { answer: 'refused', detail: `nothing was sent: ${refusal}` };
      const leftMs = untilMs - clock.now();
      if (leftMs <= 0)
        return {
          answer: 'unknown',
          detail: `no answer of fence worker ${worker} within ${request.validSeconds} s${trouble}`,
        };
      await clock.sleep(Math.min(leftMs, PAUSES_MS[look] ?? LONGEST_PAUSE_MS));
    }
  }

  return {
    ask: async (worker, task, timeoutMs) => {
      const startMs = clock.now();
      const asked = { version: 1, id: chance.id(), time: new Date(startMs).toISOString() } as const;
      const request = { ...task, ...asked, validSeconds: timeoutMs / 1000 };
      const answer = await answerTo(worker, request, startMs + timeoutMs);
      return { ...answer, durationMs: clock.now() - startMs };
    },
  };
}

type Untimed = Omit<WorkerReply, 'durationMs'>;
