import * as z from 'zod';

/**
 * What salvor's functions ask of one another. Every command can be told from its repeat: a step of an
 * incident by `tick`, which the state counts up when the step is taken, and an evacuation by `attempt`.
 */
const step = {
  version: z.literal(1),
  /** `cloud/region/compute service UUID` (S3): names are for people. */
  hostKey: z.string().min(1).max(600),
  incidentId: z.uuid(),
  tick: z.int().min(0),
};

/** The grace period is over, or a held incident is due for another look. */
export const confirmHostDown = z.object({ type: z.literal('confirm-host-down'), ...step });
/** Take the next step towards a fence proof, or tell Nova that the host is down. */
export const fenceHost = z.object({ type: z.literal('fence-host'), ...step });
/** List the host's instances and write one evacuation task for each. */
export const planEvacuation = z.object({ type: z.literal('plan-evacuation'), ...step });
/** Settle what has ended and grant the next evacuations of this incident. */
export const followEvacuations = z.object({ type: z.literal('follow-evacuations'), ...step });
/** Send the one evacuate request of this attempt. */
export const evacuateInstance = z.object({
  type: z.literal('evacuate-instance'),
  version: z.literal(1),
  hostKey: step.hostKey,
  incidentId: step.incidentId,
  instanceId: z.uuid(),
  attempt: z.int().min(1),
});
/** Take the next step on the way back of a host. */
export const returnHost = z.object({
  type: z.literal('return-host'),
  version: z.literal(1),
  hostKey: step.hostKey,
  returnId: z.uuid(),
  tick: step.tick,
});
/** Take the next step of planned work on a host: disable it, drain it, or end it when its time is over. */
export const maintainHost = z.object({
  type: z.literal('maintain-host'),
  version: z.literal(1),
  hostKey: step.hostKey,
  maintenanceId: z.uuid(),
  tick: step.tick,
});

/** Take the next step of an instance's own incident; `hostKey` is that of the host it was reported on. */
export const recoverInstance = z.object({
  type: z.literal('recover-instance'),
  version: z.literal(1),
  hostKey: step.hostKey,
  instanceId: z.uuid(),
  incidentId: step.incidentId,
  tick: step.tick,
});
/** Take the next step for a host whose processes have stopped. */
export const recoverProcess = z.object({ type: z.literal('recover-process'), ...step });

export const command = z.discriminatedUnion('type', [
  confirmHostDown,
  fenceHost,
  planEvacuation,
  followEvacuations,
  evacuateInstance,
  returnHost,
  maintainHost,
  recoverInstance,
  recoverProcess,
]);

export type Command = z.infer<typeof command>;
/** The commands that move the incident of a host on; all of one form. */
export type StepCommand = Exclude<
  Command,
  { type: 'evacuate-instance' | 'recover-instance' | 'recover-process' | 'return-host' | 'maintain-host' }
>;
export type EvacuateInstance = z.infer<typeof evacuateInstance>;
export type ReturnHost = z.infer<typeof returnHost>;
export type MaintainHost = z.infer<typeof maintainHost>;
export type RecoverInstance = z.infer<typeof recoverInstance>;
export type RecoverProcess = z.infer<typeof recoverProcess>;
