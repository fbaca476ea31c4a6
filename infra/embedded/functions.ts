import type { QueueFunctionName, ScheduleName } from '#events/catalog.ts';
import { confirmHostDown } from '#functions/confirm-host-down.ts';
import { evacuateInstance } from '#functions/evacuate-instance.ts';
import { fenceHost } from '#functions/fence-host.ts';
import { followEvacuations } from '#functions/follow-evacuations.ts';
import { maintainHost } from '#functions/maintain-host.ts';
import { mirrorInstances } from '#functions/mirror-instances.ts';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { notify } from '#functions/notify.ts';
import { obeyOperator } from '#functions/obey-operator.ts';
import { planEvacuation } from '#functions/plan-evacuation.ts';
import { receiveFenceAnswer } from '#functions/receive-fence-answer.ts';
import { receiveHostEvent } from '#functions/receive-host-event.ts';
import { recoverInstance } from '#functions/recover-instance.ts';
import { recoverProcess } from '#functions/recover-process.ts';
import { returnHost } from '#functions/return-host.ts';
import { surveyDevices } from '#functions/survey-devices.ts';
import { sweep } from '#functions/sweep.ts';
import { watchHosts } from '#functions/watch-hosts.ts';
import type { QueueFunction } from '#shared/lambda/queue-function.ts';
import type { Services } from '#shared/services.ts';

/** Says how many things it worked on. */
export type ScheduledFunction = (services: Services) => Promise<number>;

/** Every function of the catalogue, by its name. One that is missing does not compile. */
export type Functions = Readonly<
  Record<QueueFunctionName, QueueFunction> & Record<ScheduleName, ScheduledFunction> & { sweep: typeof sweep }
>;

export const FUNCTIONS: Functions = {
  'receive-host-event': receiveHostEvent,
  'confirm-host-down': confirmHostDown,
  'fence-host': fenceHost,
  'plan-evacuation': planEvacuation,
  'evacuate-instance': evacuateInstance,
  'follow-evacuations': followEvacuations,
  'return-host': returnHost,
  'maintain-host': maintainHost,
  'recover-instance': recoverInstance,
  'recover-process': recoverProcess,
  'obey-operator': obeyOperator,
  'watch-hosts': watchHosts,
  'receive-fence-answer': receiveFenceAnswer,
  sweep,
  'mirror-inventory': mirrorInventory,
  'survey-devices': surveyDevices,
  'mirror-instances': mirrorInstances,
  notify,
};
