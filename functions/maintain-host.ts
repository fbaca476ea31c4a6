import type { MaintainHost } from '#events/commands.ts';
import { lambdaHandler } from '#shared/lambda/handler.ts';
import { eachMessage } from '#shared/lambda/queue-function.ts';
import { takeCareStep } from '#shared/shell/care-step.ts';
import { maintain } from '#shared/shell/maintenance/maintain.ts';

/** One step of planned work on a host: its service is disabled, its instances are live-migrated away, its time ends. */
export const maintainHost = eachMessage<MaintainHost>('maintain-host', (services, delivery) =>
  takeCareStep(
    delivery,
    services,
    ({ maintenance }) => maintenance,
    (loaded, maintenance) => maintain(services, loaded, maintenance),
  ),
);

export const handler = lambdaHandler(maintainHost);
