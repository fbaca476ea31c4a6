import type { FunctionName, QueueName } from '#events/catalog.ts';
import type { StateWrite } from '#shared/ports.ts';

/**
 * What each function uses of the stack; its role is given this and no more. A test compares it with what the
 * functions import.
 */
export interface Access {
  readonly sendsTo: readonly QueueName[];
  /** What its writes to the state consist of. All of them are transactions, and all read the state. */
  readonly state: readonly Exclude<StateWrite['kind'], 'append'>[];
  /** Reads the index of what is due. */
  readonly readsDue: boolean;
  /** Adds records to the audit log. No function changes it or deletes from it. */
  readonly appendsAudit: boolean;
  /** Reads streams of the audit log: whether a policy is on record, or what the Masakari API shows of an incident. */
  readonly readsAudit: boolean;
  /** Speaks to Nova or Keystone, with the cloud's secret. A function that does not never opens the cloud, and needs no secret. */
  readonly callsNova: boolean;
  /** Speaks to fence devices, with the secrets under the prefix, or by the queues of fence workers. */
  readonly fences: boolean;
  /** Has fence workers start services again, by their queues. */
  readonly restarts: boolean;
  /** Reads the tokens of reporters or of people, whose secrets have prefixes of their own below that. */
  readonly tokensOf: 'reporters' | 'people' | null;
  /** Asks Keystone who somebody is, with the cloud's secret, where the policy lets in by Keystone. */
  readonly asksKeystone: boolean;
  /** Answers links to approve: reads the one secret whose key signs them. */
  readonly answersLinks: boolean;
  /** Tells how full all queues and their dead-letter queues are. */
  readonly looksAtQueues: boolean;
  /** Keeps people's sessions in the state, and changes nothing else of it. */
  readonly keepsSessions: boolean;
  /** Tells people: with the secrets of channels, which have a prefix of their own too, and by the policy's SNS topics. */
  readonly notifies: boolean;
}

/** Whoever finds a step taken may have to send the commands of whatever state the incident is in by then. */
const STEPS: readonly QueueName[] = [
  'confirm-host-down',
  'fence-host',
  'plan-evacuation',
  'follow-evacuations',
  'return-host',
  'maintain-host',
];

/** Of incidents of instances and processes, which move on by themselves. */
const OTHERS: readonly QueueName[] = ['recover-instance', 'recover-process'];

const step: Access = {
  sendsTo: STEPS,
  state: ['put'],
  readsDue: false,
  appendsAudit: true,
  readsAudit: true,
  callsNova: true,
  fences: false,
  restarts: false,
  tokensOf: null,
  asksKeystone: false,
  looksAtQueues: false,
  keepsSessions: false,
  answersLinks: false,
  notifies: false,
};

export const ACCESS: Readonly<Record<FunctionName, Access>> = {
  'receive-host-event': { ...step, sendsTo: [...STEPS, ...OTHERS], callsNova: false },
  'confirm-host-down': { ...step, fences: true, readsDue: true },
  'fence-host': { ...step, state: ['put', 'check'], fences: true, readsDue: true },
  'plan-evacuation': { ...step, state: ['put', 'check'] },
  'evacuate-instance': { ...step, sendsTo: [], state: ['put', 'check'] },
  'follow-evacuations': {
    ...step,
    sendsTo: [...STEPS, 'evacuate-instance'],
    state: ['put', 'check'],
    readsDue: true,
  },
  'return-host': { ...step, state: ['put', 'check'], fences: true, readsDue: true },
  'maintain-host': { ...step, state: ['put', 'check'], readsDue: true },
  'recover-instance': {
    ...step,
    sendsTo: ['recover-instance'],
    state: ['put', 'check', 'delete'],
    readsDue: true,
  },
  'recover-process': {
    ...step,
    sendsTo: ['recover-process', 'host-events'],
    state: ['put', 'check', 'delete'],
    restarts: true,
  },
  'obey-operator': { ...step, sendsTo: [...STEPS, 'host-events'], callsNova: false },
  'receive-fence-answer': {
    ...step,
    sendsTo: [],
    appendsAudit: false,
    readsAudit: false,
    callsNova: false,
  },
  'http-ingest': { ...step, sendsTo: ['host-events', 'operator-commands'], readsDue: true, tokensOf: 'reporters' },
  'http-api': {
    ...step,
    sendsTo: ['operator-commands'],
    state: [],
    readsDue: true,
    appendsAudit: false,
    callsNova: false,
    tokensOf: 'people',
    asksKeystone: true,
    looksAtQueues: true,
    keepsSessions: true,
    answersLinks: true,
  },
  'watch-hosts': {
    ...step,
    sendsTo: ['host-events'],
    state: ['put', 'delete'],
    appendsAudit: false,
    readsAudit: false,
  },
  sweep: {
    ...step,
    sendsTo: [...STEPS, ...OTHERS, 'watch-hosts'],
    readsDue: true,
    appendsAudit: false,
    readsAudit: false,
    callsNova: false,
  },
  'mirror-inventory': {
    ...step,
    sendsTo: ['host-events'],
    state: ['put', 'delete'],
    appendsAudit: false,
    readsAudit: false,
  },
  'survey-devices': { ...step, sendsTo: [], readsAudit: false, fences: true },
  'mirror-instances': {
    ...step,
    sendsTo: [],
    state: ['put', 'delete'],
    readsDue: true,
    appendsAudit: false,
    readsAudit: false,
  },
  notify: {
    ...step,
    sendsTo: [],
    state: ['put', 'delete'],
    readsDue: true,
    appendsAudit: false,
    callsNova: false,
    notifies: true,
  },
};
