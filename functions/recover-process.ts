import type { RecoverProcess } from '#events/commands.ts';
import { lambdaHandler } from '#shared/lambda/handler.ts';
import { eachMessage } from '#shared/lambda/queue-function.ts';
import { recoverProcesses } from '#shared/shell/processes/recover.ts';

/**
 * One look at a host on which a process has stopped: nothing more is scheduled to it, a fence worker is asked to start the process
 * again, and when all runs the host is enabled. Only by policy is it a word that the host is down.
 */
export const recoverProcess = eachMessage<RecoverProcess>('recover-process', recoverProcesses);

export const handler = lambdaHandler(recoverProcess);
