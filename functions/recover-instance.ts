import type { RecoverInstance } from '#events/commands.ts';
import { lambdaHandler } from '#shared/lambda/handler.ts';
import { eachMessage } from '#shared/lambda/queue-function.ts';
import { recoverOne } from '#shared/shell/instances/recover.ts';

/**
 * One look at an instance that was reported down while its host lives: it is restarted, moved, waited for, or left. What
 * keeps salvor from it, and the incident of its host first of all, is asked again right before each request.
 */
export const recoverInstance = eachMessage<RecoverInstance>('recover-instance', recoverOne);

export const handler = lambdaHandler(recoverInstance);
