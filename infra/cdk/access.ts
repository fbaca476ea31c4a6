import type { FunctionName, QueueName } from '#events/catalog.ts';

/**
 * What each function uses of the stack; its role is given this and no more. A test compares it with what the
 * functions import.
 */
export interface Access {
  readonly sendsTo: readonly QueueName[];
  /** Writes to the state are transactions of puts and condition checks; only the mirror of hosts deletes. */
  readonly state: 'read' | 'write' | 'write-and-delete';
  /** Reads the index of what is due. */
  readonly readsDue: boolean;
  /** Adds records to the audit log. No function reads it, changes it or deletes from it. */
  readonly appendsAudit: boolean;
  /** Speaks to Nova, with the cloud's secret. A function that does not never opens the cloud, and needs no secret. */
  readonly callsNova: boolean;
  /** Speaks to fence devices, with the secrets under the prefix. */
  readonly fences: boolean;
}

/** Whoever finds a step taken may have to send the commands of whatever state the incident is in by then. */
const STEPS: readonly QueueName[] = ['confirm-host-down', 'fence-host', 'plan-evacuation', 'follow-evacuations'];

const step: Access = {
  sendsTo: STEPS,
  state: 'write',
  readsDue: false,
  appendsAudit: true,
  callsNova: true,
  fences: false,
};

export const ACCESS: Readonly<Record<FunctionName, Access>> = {
  'receive-host-event': { ...step, callsNova: false },
  'confirm-host-down': { ...step, fences: true, readsDue: true },
  'fence-host': { ...step, fences: true, readsDue: true },
  'plan-evacuation': step,
  'evacuate-instance': { ...step, sendsTo: [] },
  'follow-evacuations': { ...step, sendsTo: [...STEPS, 'evacuate-instance'], readsDue: true },
  'obey-operator': { ...step, callsNova: false },
  sweep: { ...step, readsDue: true, appendsAudit: false, callsNova: false },
  'mirror-inventory': { ...step, sendsTo: ['host-events'], state: 'write-and-delete', appendsAudit: false },
};
