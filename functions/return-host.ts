import type { ReturnHost } from '#events/commands.ts';
import { lambdaHandler } from '#shared/lambda/handler.ts';
import { eachMessage } from '#shared/lambda/queue-function.ts';
import { takeCareStep } from '#shared/shell/care-step.ts';
import { lookAtReturn } from '#shared/shell/return/look-return.ts';

/**
 * One step on the way back of a host: it is switched on where the policy says so, watched until it has proven well, forced
 * up and enabled in Nova, and its instances go home. Each step commits its intent before it acts.
 */
export const returnHost = eachMessage<ReturnHost>('return-host', (services, delivery) =>
  takeCareStep(
    delivery,
    services,
    ({ returning }) => returning,
    (loaded, returning) => lookAtReturn(services, loaded, returning),
  ),
);

export const handler = lambdaHandler(returnHost);
