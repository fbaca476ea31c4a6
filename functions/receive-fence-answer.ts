import type { WorkerAnswer } from '#events/fence-worker.ts';
import { ConflictError } from '#shared/errors.ts';
import { lambdaHandler } from '#shared/lambda/handler.ts';
import { eachMessage } from '#shared/lambda/queue-function.ts';
import { answerWrite } from '#shared/state/fence-answers.ts';

/** Lays what a fence worker has answered where whoever asked looks for it: `shared/shell/ask-worker.ts`. */
export const receiveFenceAnswer = eachMessage<WorkerAnswer>('fence-answers', async (services, { message }) => {
  try {
    await services.state.transact([answerWrite(message, services.clock.now())]);
  } catch (error) {
    // A repeat, or a second answer: the first one counts.
    if (!(error instanceof ConflictError)) throw error;
  }
});

export const handler = lambdaHandler(receiveFenceAnswer);
