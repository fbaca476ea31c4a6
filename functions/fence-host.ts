import type { StepCommand } from '#events/commands.ts';
import { lambdaHandler } from '#shared/lambda/handler.ts';
import { eachMessage } from '#shared/lambda/queue-function.ts';
import { forceDown } from '#shared/shell/force-down.ts';
import { powerOff } from '#shared/shell/power-off.ts';
import { type HostIn, takeStep } from '#shared/shell/step.ts';
import type { Loaded } from '#shared/state/items.ts';

const isFencing = (loaded: Loaded<HostIn<'fencing' | 'forcing-down'>>): loaded is Loaded<HostIn<'fencing'>> =>
  loaded.value.incident.status === 'fencing';
const isForcingDown = (loaded: Loaded<HostIn<'fencing' | 'forcing-down'>>): loaded is Loaded<HostIn<'forcing-down'>> =>
  loaded.value.incident.status === 'forcing-down';

/**
 * Two steps towards a host that can't hurt: first its power is proven off by its own device, then Nova is told.
 * Each step commits its intent before it acts, and reads back what became of it.
 */
export const fenceHost = eachMessage<StepCommand>('fence-host', (services, delivery) =>
  takeStep(delivery, services, ['fencing', 'forcing-down'], async (loaded) => {
    if (isFencing(loaded)) return powerOff(services, loaded);
    if (isForcingDown(loaded)) return forceDown(services, loaded);
    return loaded;
  }),
);

export const handler = lambdaHandler(fenceHost);
