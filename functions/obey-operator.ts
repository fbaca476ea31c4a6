import type { OperatorCommand } from '#events/operator-command.ts';
import { lambdaHandler } from '#shared/lambda/handler.ts';
import { eachMessage } from '#shared/lambda/queue-function.ts';
import { obey } from '#shared/shell/obey.ts';

/** Does what operators ask for: switches salvor off and on, releases what is held or stopped, dismisses incidents. */
export const obeyOperator = eachMessage<OperatorCommand>('operator-commands', obey);

export const handler = lambdaHandler(obeyOperator);
