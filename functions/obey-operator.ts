import type { HearAgain, OperatorCommand } from '#events/operator-command.ts';
import { lambdaHandler } from '#shared/lambda/handler.ts';
import { eachMessage } from '#shared/lambda/queue-function.ts';
import { hearAgain } from '#shared/shell/hear-again.ts';
import { obey } from '#shared/shell/obey.ts';

/**
 * Does what operators ask for: switches salvor off and on, releases what is held or stopped, dismisses incidents, hears again
 * what had become a dead letter.
 */
export const obeyOperator = eachMessage<OperatorCommand | HearAgain>(
  'operator-commands',
  (services, { message, ...delivery }) =>
    message.type === 'hear-again' ? hearAgain(services, message) : obey(services, { ...delivery, message }),
);

export const handler = lambdaHandler(obeyOperator);
