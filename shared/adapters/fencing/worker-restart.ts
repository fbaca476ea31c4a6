import type { LocalRestart, RestartAnswer, WorkerReply, Workers } from '#shared/ports.ts';

/** Of one restart: the worker cuts off what takes longer. */
const TIMEOUT_MS = 15_000;

/** Restarts by the fence worker that is named, which has a command for them. */
export const workerRestart = (workers: Workers): LocalRestart => ({
  restart: async (worker, host, service) => {
    const { answer, detail, durationMs } = await workers.ask(
      worker,
      { type: 'restart-service', host, service },
      TIMEOUT_MS,
    );
    return { kind: kindOf(answer), detail, durationMs };
  },
});

function kindOf(answer: WorkerReply['answer']): RestartAnswer['kind'] {
  if (answer === 'accepted') return 'restarted';
  return answer === 'refused' || answer === 'failed' ? answer : 'unknown';
}
