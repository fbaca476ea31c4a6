import type { WorkerRequest } from '#events/fence-worker.ts';
import { LONGEST_CALL_SECONDS } from '#shared/domain/policy-devices.ts';
import { PermanentError } from '#shared/errors.ts';
import type { Chance, Clock, StateReader, StateStore, WorkerQueues, WorkerReply, Workers } from '#shared/ports.ts';
import { loadAnswer } from '#shared/state/fence-answers.ts';
import { askingSlowAgents, type Watch } from './ask-slow-agent.ts';

export interface AskOptions {
  readonly queues: WorkerQueues;
  readonly state: StateReader;
  readonly clock: Clock;
  readonly chance: Pick<Chance, 'id'>;
  /**
   * Where it is kept what agents are asked that take longer than a call may. Without it, whoever asks waits as long as they
   * take: a person may.
   */
  readonly questions?: StateStore;
}

/** Between two looks for the answer, in ms: a program of the worker takes some tenths of a second at least. */
const PAUSES_MS = [50, 100, 150, 200] as const;
const LONGEST_PAUSE_MS = 250;

type Untimed = Omit<WorkerReply, 'durationMs'>;

/** Asks by the worker's queue; the answer comes by the state, where `receive-fence-answer` lays it. */
export function askingWorkers({ queues, state, clock, chance, questions }: AskOptions): Workers {
  /** Ends with the time, whatever queue and state do: the request may have been taken, and its answer may be there. */
  async function answerTo(id: string, { send, untilMs, silence }: Watch): Promise<Untimed & { answered: boolean }> {
    let refusal: string | undefined;
    let trouble = '';
    const note = (error: unknown): void => {
      trouble = ` (${error instanceof Error ? error.message : String(error)})`;
    };
    send?.().catch((error: unknown) => {
      if (error instanceof PermanentError) refusal = error.message;
      else note(error);
    });
    for (let look = 0; ; look += 1) {
      const found = await loadAnswer(state, id).catch(note);
      if (found !== undefined) {
        const { answer, detail, refused } = found;
        return { answered: true, answer, detail, ...(refused === undefined ? {} : { refused }) };
      }
      if (refusal !== undefined) return { answered: true, answer: 'refused', detail: `nothing was sent: ${refusal}` };
      const leftMs = untilMs - clock.now();
      if (leftMs <= 0) return { answered: false, answer: 'unknown', detail: `${silence}${trouble}` };
      await clock.sleep(Math.min(leftMs, PAUSES_MS[look] ?? LONGEST_PAUSE_MS));
    }
  }

  const stamped = () => ({ version: 1, id: chance.id(), time: new Date(clock.now()).toISOString() }) as const;
  const askSlow = askingSlowAgents({ queues, clock, questions, stamped, answerTo });

  return {
    ask: async (worker, task, timeoutMs) => {
      const startMs = clock.now();
      if (task.type === 'fence' && timeoutMs > LONGEST_CALL_SECONDS * 1000) {
        const reply = await askSlow(worker, task, timeoutMs);
        return { ...reply, durationMs: clock.now() - startMs };
      }
      const request: WorkerRequest = { ...task, ...stamped(), validSeconds: timeoutMs / 1000 };
      const { answered: _, ...reply } = await answerTo(request.id, {
        send: () => queues.send(worker, request),
        untilMs: startMs + timeoutMs,
        silence: `no answer of fence worker ${worker} within ${request.validSeconds} s`,
      });
      return { ...reply, durationMs: clock.now() - startMs };
    },
  };
}
