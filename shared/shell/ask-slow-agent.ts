import type { FenceRequest } from '#events/fence-worker.ts';
import { BEGUN_WITHIN_MS, ON_ITS_WAY_MS } from '#shared/domain/slow-agents.ts';
import type { Clock, ItemKey, StateStore, WorkerQueues, WorkerReply } from '#shared/ports.ts';
import { type FenceQuestion, loadQuestion, questionOf, questionWrite } from '#shared/state/fence-questions.ts';

type Reply = Omit<WorkerReply, 'durationMs'>;
type Asked = Omit<FenceRequest, 'version' | 'id' | 'time' | 'validSeconds' | 'runSeconds'>;

/** How a request is looked after. */
export interface Watch {
  /** Sends it, unless it was sent before. */
  readonly send?: () => Promise<void>;
  readonly untilMs: number;
  /** What is to be said when no answer came. */
  readonly silence: string;
}

export interface SlowOptions {
  readonly queues: WorkerQueues;
  readonly clock: Clock;
  readonly questions: StateStore | undefined;
  /** A new request, asked now. */
  stamped(): Pick<FenceRequest, 'version' | 'id' | 'time'>;
  answerTo(id: string, watch: Watch): Promise<Reply & { readonly answered: boolean }>;
}

/** So long a call waits. */
const WAIT_MS = 10_000;
/** So long an answer is kept for who asks the same: the survey comes by once a minute. */
const KEPT_MS = 300_000;

/**
 * Fence agents that take longer than a function may wait. A power-off is begun within seconds, by which its gates were
 * asked, and runs on behind the call. A reading is asked for once, and its answer found by whichever call asks the same
 * when it is there; it is of the time at which it was asked for.
 */
export function askingSlowAgents({ queues, clock, questions, stamped, answerTo }: SlowOptions) {
  function begin(worker: string, task: Asked, runMs: number) {
    const request: FenceRequest = {
      ...task,
      ...stamped(),
      validSeconds: BEGUN_WITHIN_MS / 1000,
      runSeconds: runMs / 1000,
    };
    const askedAtMs = Date.parse(request.time);
    const question: FenceQuestion = {
      id: request.id,
      askedAtMs,
      untilMs: askedAtMs + BEGUN_WITHIN_MS + runMs + ON_ITS_WAY_MS,
    };
    return { question, send: () => queues.send(worker, request) };
  }

  const silent = (worker: string, { askedAtMs }: FenceQuestion): string =>
    `fence worker ${worker} was asked at ${new Date(askedAtMs).toISOString()}, and has not answered`;

  /** Nobody takes the answer to it any more. @param id of that one only */
  async function over(store: StateStore, key: ItemKey, id?: string): Promise<void> {
    const question = await loadQuestion(store, key);
    if (question === undefined || question.value.untilMs === 0 || (id ?? question.value.id) !== question.value.id)
      return;
    await store.transact([questionWrite(key, question, { ...question.value, untilMs: 0 })]);
  }

  async function read(store: StateStore, key: ItemKey, worker: string, task: Asked, runMs: number): Promise<Reply> {
    const before = await loadQuestion(store, key);
    const isKept = before !== undefined && before.value.untilMs > 0 && clock.now() - before.value.askedAtMs < KEPT_MS;
    const begun = isKept ? { question: before.value } : begin(worker, task, runMs);
    const { question } = begun;
    if (!isKept) await store.transact([questionWrite(key, before, question)]);
    const { answered, ...reply } = await answerTo(question.id, {
      ...('send' in begun ? { send: begun.send } : {}),
      untilMs: Math.min(question.untilMs, clock.now() + WAIT_MS),
      silence: silent(worker, question),
    });
    if (!answered && clock.now() < question.untilMs) return { ...reply, pending: true };
    // Who can't say so has it found again, which is as old then as it is.
    await over(store, key, question.id).catch(() => undefined);
    return answered ? { ...reply, askedAtMs: question.askedAtMs } : reply;
  }

  return async (worker: string, task: Asked, runMs: number): Promise<Reply> => {
    const key = questionOf(worker, { ...task, action: 'status' });
    try {
      if (questions !== undefined && task.action === 'status') return await read(questions, key, worker, task, runMs);
      // What was read before it says nothing of what comes of it.
      if (questions !== undefined) await over(questions, key);
    } catch (error) {
      // Somebody else asks it right now, or the state is away.
      const because = error instanceof Error ? error.message : String(error);
      return { answer: task.action === 'status' ? 'unknown' : 'refused', detail: `nothing was sent: ${because}` };
    }
    const { question, send } = begin(worker, task, runMs);
    const untilMs = questions === undefined ? question.untilMs : clock.now() + WAIT_MS;
    const { answered: _, ...reply } = await answerTo(question.id, { send, untilMs, silence: silent(worker, question) });
    return reply;
  };
}
