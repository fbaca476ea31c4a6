import type { FenceRequest, RestartRequest, WorkerAnswer, WorkerRequest } from '#events/fence-worker.ts';

/** What a worker is asked for. Its id and its time are added when it is sent. */
export type WorkerTask = Task<FenceRequest> | Task<RestartRequest>;
type Task<Request> = Omit<Request, 'version' | 'id' | 'time' | 'validSeconds' | 'runSeconds'>;

/** The queues of the workers, by their names. */
export interface WorkerQueues {
  /**
   * Resolves when the request is in the worker's queue.
   * @throws PermanentError when there is no queue of this name: nothing was sent.
   * @throws RetryableError when it may be there, or not.
   */
  send(worker: string, request: WorkerRequest): Promise<void>;
}

export interface WorkerReply extends Pick<WorkerAnswer, 'answer' | 'detail' | 'refused'> {
  /** From the question to the answer, on the side of who asks. */
  readonly durationMs: number;
  /** The answer is to a question of an earlier call, which was asked then. Unix ms. */
  readonly askedAtMs?: number;
  /** The program may run still: asked the same again, its answer is looked for. */
  readonly pending?: true;
}

/** Programs beside the BMC network that do what salvor can't do from where it runs. */
export interface Workers {
  /**
   * Never throws. What is not answered in time is `unknown`, and no answer that comes later is looked at.
   * @param timeoutMs until then it is waited, and no longer is the request valid. An agent that is given longer than a call
   *   may take is begun within seconds or not at all, and runs on behind the call: what came of a power-off a reading tells,
   *   and the answer to a reading belongs to the next call that asks the same
   */
  ask(worker: string, task: WorkerTask, timeoutMs: number): Promise<WorkerReply>;
}
