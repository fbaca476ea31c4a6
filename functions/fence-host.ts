import type { StepCommand } from '#events/commands.ts';
import { lambdaHandler } from '#shared/lambda/handler.ts';
import { eachMessage } from '#shared/lambda/queue-function.ts';
import { forceDown } from '#shared/shell/force-down.ts';
import { powerOff } from '#shared/shell/power-off.ts';
import { isIn, takeStep } from '#shared/shell/step.ts';

/**
 * Two steps towards a host that can't hurt: first its power is proven off by its own device, then Nova is told.
 * Each step commits its intent before it acts, and reads back what became of it.
 */
export const fenceHost = eachMessage<StepCommand>('fence-host', (services, delivery) =>
  takeStep(delivery, services, ['fencing', 'forcing-down'], async (loaded) => {
    if (isIn(loaded, 'fencing')) return powerOff(services, loaded);
    if (isIn(loaded, 'forcing-down')) return forceDown(services, loaded);
    return loaded;
  }),
);

export const handler = lambdaHandler(fenceHost);
