import type { FunctionName } from '#events/catalog.ts';

/**
 * What goes wrong in the simulated world, one line each. `call` faults strike a call of a function at one of its ports,
 * `event` faults happen by themselves.
 */
export const FAULTS = {
  // Processes, as Lambda and kill -9 end them
  'killed-before': { by: 'call', story: 'the function is killed at a call that has not arrived' },
  'killed-after': { by: 'call', story: 'the function is killed when a call has taken effect, before it hears of it' },
  'killed-before-ack': { by: 'call', story: 'the function is killed when all is done but the acknowledgement' },
  'out-of-time': { by: 'call', story: 'a call is not answered before the function is out of time' },
  // Queues
  'message-duplicated': { by: 'call', story: 'the queue delivers a message twice' },
  'message-delayed': { by: 'call', story: 'the queue delivers a message late, behind others' },
  'send-failed': { by: 'call', story: 'the queue takes no message' },
  'send-unknown': { by: 'call', story: 'the queue takes the messages and says it did not' },
  'ack-lost': { by: 'call', story: 'the acknowledgement of a message is lost' },
  // State store
  'write-throttled': { by: 'call', story: 'the store throttles a transaction' },
  'write-unknown': { by: 'call', story: 'the store writes a transaction and then answers an error' },
  'race-lost': { by: 'call', story: 'somebody else writes an item of the transaction first' },
  'read-throttled': { by: 'call', story: 'the store throttles a read' },
  'index-lags': { by: 'call', story: 'the index of what is due is seconds behind' },
  // Nova's API
  'nova-read-fails': { by: 'call', story: 'Nova answers reads with 503' },
  'nova-read-refused': { by: 'call', story: 'Nova refuses the credentials of a read' },
  'nova-slow': { by: 'call', story: 'Nova takes many seconds, or Keystone for a token' },
  'nova-not-sent': { by: 'call', story: 'there is no connection to Nova for a change' },
  'nova-429': { by: 'call', story: 'Nova is too busy for a change' },
  'nova-4xx': { by: 'call', story: 'Nova refuses a change' },
  'nova-5xx-before': { by: 'call', story: 'Nova answers a change with 500 and does nothing' },
  'nova-5xx-after': { by: 'call', story: 'Nova answers a change with 504 and has done it' },
  'nova-timeout-after': { by: 'call', story: 'Nova does what it was asked and never answers' },
  'nova-late-effect': { by: 'call', story: 'Nova does what it was asked long after the caller gave up' },
  'service-seen-up': { by: 'call', story: 'Nova still sees the service up' },
  'service-seen-down': { by: 'call', story: 'Nova sees the service down although it reports' },
  'service-silent': { by: 'call', story: 'a service that an evacuation needs does not answer' },
  // What becomes of an evacuation
  'evacuation-slow': { by: 'call', story: 'the evacuation takes minutes' },
  'evacuation-stuck': { by: 'call', story: 'the destination hangs in the rebuild for good' },
  'evacuation-dropped': { by: 'call', story: 'the conductor drops the evacuation it has accepted' },
  'spawn-fails': { by: 'call', story: 'the guest does not start at its destination' },
  'no-valid-host': { by: 'call', story: 'the scheduler finds no host' },
  'conductor-lingers': { by: 'call', story: 'the migration is marked failed, the conductor has not let go' },
  'host-field-late': { by: 'call', story: 'the migration is marked done, the instance still shows on the old host' },
  'destination-dies': { by: 'event', story: 'the destination of an evacuation dies' },
  // Fence devices
  'bmc-hangs': { by: 'call', story: 'the BMC does not answer' },
  'bmc-errors': { by: 'call', story: 'the BMC answers 500' },
  'bmc-refuses': { by: 'call', story: 'the BMC refuses the credentials' },
  'bmc-stuck': { by: 'call', story: 'the BMC says yes and does nothing' },
  'bmc-slow': { by: 'call', story: 'the BMC takes seconds' },
  'bmc-lies-off': { by: 'call', story: 'the BMC says off while the host runs' },
  'bmc-lies-on': { by: 'call', story: 'the BMC says on while the host is off' },
  'bmc-conflict': { by: 'call', story: 'the BMC answers 409 to a power-off' },
  'bmc-late-effect': { by: 'call', story: 'the BMC cuts the power seconds after its answer' },
  'bmc-wrong-host': { by: 'call', story: 'the device is wired to another host' },
  // Hosts
  'host-comes-back': { by: 'event', story: 'the host is up again, and its reporters say so' },
  'host-back-silently': { by: 'event', story: 'the host is up again, and nobody says so' },
  'host-powered-on': { by: 'event', story: 'somebody presses the power button' },
  'host-loses-power': { by: 'event', story: 'the host loses its power' },
  'another-host-dies': { by: 'event', story: 'another host of the segment dies as well' },
  // Reporters
  'false-up': { by: 'event', story: 'a reporter says up of a host that is down' },
  'false-down': { by: 'event', story: 'reporters say down of a host that is up' },
  nagging: { by: 'event', story: 'a reporter says down again and again' },
  flapping: { by: 'event', story: 'a reporter says down and up in turns' },
  'clock-behind': { by: 'event', story: 'a report comes from a clock that is behind' },
  'clock-ahead': { by: 'event', story: 'a report comes from a clock that is ahead' },
  nonsense: { by: 'event', story: 'somebody sends what nobody can read' },
  // People
  'service-disabled': { by: 'event', story: 'an operator disables the service' },
  'forced-up': { by: 'event', story: 'an operator unsets forced_down' },
  unprotected: { by: 'event', story: 'an operator takes the host out of its segment' },
  disarmed: { by: 'event', story: 'an operator disarms salvor' },
  dismissed: { by: 'event', story: 'an operator dismisses the incident' },
  'off-confirmed': { by: 'event', story: 'people switch the host off, if it is on, and confirm that it is off' },
  released: { by: 'event', story: 'an operator releases what is held or stopped' },
  'instance-deleted': { by: 'event', story: 'its owner deletes an instance' },
  'instance-moved': { by: 'event', story: 'an operator starts to migrate an instance' },
  'instance-evacuated': { by: 'event', story: 'an operator evacuates an instance by hand' },
  'instance-opted-out': { by: 'event', story: 'its owner opts an instance out' },
} as const satisfies Record<string, { readonly by: 'call' | 'event'; readonly story: string }>;

export type FaultKind = keyof typeof FAULTS;
export const FAULT_KINDS = Object.keys(FAULTS) as readonly FaultKind[];

/** States in which a fault may strike: of the host's incident (`none`: it has none), or of an instance's task. */
export const INCIDENT_STATES = [
  'none',
  'suspected',
  'held',
  'fencing',
  'forcing-down',
  'planning',
  'evacuating',
  'handing-over',
  'stopped',
] as const;
export const TASK_STATES = [
  'task waiting',
  'task granted',
  'task requested',
  'task accepted',
  'task unknown',
  'task ended',
] as const;
export type IncidentState = (typeof INCIDENT_STATES)[number];
export type TaskState = (typeof TASK_STATES)[number];
export type StateName = IncidentState | TaskState;

/** A fault that waits for its moment: the host's incident, or a task of it, is in the state `during`. */
export interface PlannedFault {
  readonly kind: FaultKind;
  /** The host whose recovery it concerns. */
  readonly host: string;
  readonly during: StateName | 'any';
  /** Only calls about this instance. */
  readonly instanceId?: string;
  /** Only calls of this function. */
  readonly function?: FunctionName;
  /** Only requests of this kind to the outside. */
  readonly act?: string;
  /** Only this one of its host's fence devices, as ports/devices.ts names them. */
  readonly device?: string;
  /** Of `nova-4xx`: this refusal. */
  readonly httpStatus?: number;
  /** Not before this, in ms since the beginning. */
  readonly fromMs: number;
  /** Calls that would do and are let pass. */
  readonly skip: number;
  /** Of an event: how long after its moment has come. */
  readonly afterMs: number;
  /** Calls that it strikes; those within `forMs` of the first one are all struck. */
  readonly times: number;
  readonly forMs: number;
  /** How late, how slow, how far off, as the kind asks for. */
  readonly sizeMs: number;
}
