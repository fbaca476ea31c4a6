import type { StepCommand } from '#events/commands.ts';
import { lambdaHandler } from '#shared/lambda/handler.ts';
import { eachMessage } from '#shared/lambda/queue-function.ts';
import { followTasks } from '#shared/shell/follow.ts';
import { handOverTasks } from '#shared/shell/hand-over.ts';
import { isIn, takeStep } from '#shared/shell/step.ts';

/**
 * One look at all evacuations of an incident: they are followed to their ends, or, past the deadline or on an operator's
 * word, handed to a person.
 */
export const followEvacuations = eachMessage<StepCommand>('follow-evacuations', (services, delivery) =>
  takeStep(delivery, services, ['evacuating', 'handing-over'], async (loaded) => {
    if (isIn(loaded, 'evacuating')) return followTasks(services, loaded, delivery.redelivered);
    if (isIn(loaded, 'handing-over')) return handOverTasks(services, loaded);
    return loaded;
  }),
);

export const handler = lambdaHandler(followEvacuations);
