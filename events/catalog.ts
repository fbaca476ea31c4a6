import type * as z from 'zod';
import type { Command } from './commands.ts';
import {
  confirmHostDown,
  evacuateInstance,
  fenceHost,
  followEvacuations,
  maintainHost,
  planEvacuation,
  recoverInstance,
  recoverProcess,
  returnHost,
} from './commands.ts';
import { type WorkerAnswer, workerAnswer, workerRequest } from './fence-worker.ts';
import { type HostEvent, hostEvent } from './host-event.ts';
import { type HearAgain, type OperatorCommand, operatorMessage } from './operator-command.ts';
import { type WatchHosts, watchHosts } from './watch-hosts.ts';

/**
 * The one catalogue: each queue with its message, its function and how the two are coupled.
 * The CDK stack and the embedded runtime are both built from it, so that they can't drift.
 */
export interface QueueSpec {
  readonly schema: z.ZodType;
  /** The file in `functions/`, without its ending. One function listens to one queue. */
  readonly function: QueueFunctionName;
  /** Messages handed to one invocation at most. */
  readonly batchSize: number;
  /** Invocations at the same time at most. */
  readonly concurrency: number;
  readonly functionTimeoutSeconds: number;
  /** How long a received message stays hidden: six times the function's timeout, as AWS asks for. */
  readonly visibilityTimeoutSeconds: number;
  /** Receives after which a message goes to the dead-letter queue. */
  readonly maxReceiveCount: number;
  readonly memoryMb: number;
  /** What it means for the cloud when this function fails: the text of its alarm, and of its chapter in RUNBOOK.md. */
  readonly errorImpact: string;
}

const queue = (
  spec: Omit<QueueSpec, 'visibilityTimeoutSeconds' | 'maxReceiveCount' | 'memoryMb'> & { maxReceiveCount?: number },
): QueueSpec => ({
  maxReceiveCount: 5,
  memoryMb: 512,
  ...spec,
  visibilityTimeoutSeconds: spec.functionTimeoutSeconds * 6,
});

export const QUEUES = {
  'host-events': queue({
    schema: hostEvent,
    function: 'receive-host-event',
    batchSize: 10,
    concurrency: 4,
    functionTimeoutSeconds: 10,
    errorImpact: 'Reports of dead hosts are not read: no new recovery starts.',
  }),
  'confirm-host-down': queue({
    schema: confirmHostDown,
    function: 'confirm-host-down',
    batchSize: 1,
    concurrency: 4,
    functionTimeoutSeconds: 20,
    errorImpact: 'Suspected hosts are not confirmed: their recovery waits.',
  }),
  'fence-host': queue({
    schema: fenceHost,
    function: 'fence-host',
    batchSize: 1,
    concurrency: 10,
    functionTimeoutSeconds: 60,
    errorImpact: 'Dead hosts are not powered off: their recovery waits.',
  }),
  'plan-evacuation': queue({
    schema: planEvacuation,
    function: 'plan-evacuation',
    batchSize: 1,
    concurrency: 4,
    functionTimeoutSeconds: 60,
    errorImpact: 'The instances of fenced hosts are not listed: they stay down.',
  }),
  'evacuate-instance': queue({
    schema: evacuateInstance,
    function: 'evacuate-instance',
    batchSize: 10,
    concurrency: 10,
    functionTimeoutSeconds: 90,
    errorImpact: 'Evacuations are granted but not sent: instances stay down.',
  }),
  'follow-evacuations': queue({
    schema: followEvacuations,
    function: 'follow-evacuations',
    batchSize: 1,
    concurrency: 10,
    functionTimeoutSeconds: 60,
    errorImpact: 'Evacuations are not settled and no further ones are granted: recoveries stand still.',
  }),
  'return-host': queue({
    schema: returnHost,
    function: 'return-host',
    batchSize: 1,
    concurrency: 4,
    functionTimeoutSeconds: 60,
    errorImpact: 'Recovered hosts are not given back: the cloud has less room.',
  }),
  'maintain-host': queue({
    schema: maintainHost,
    function: 'maintain-host',
    batchSize: 1,
    concurrency: 4,
    functionTimeoutSeconds: 60,
    errorImpact: 'Hosts for planned work are not disabled or drained: the work waits.',
  }),
  'recover-instance': queue({
    schema: recoverInstance,
    function: 'recover-instance',
    batchSize: 1,
    concurrency: 4,
    functionTimeoutSeconds: 60,
    errorImpact: 'Single instances that fail are not restarted: they stay down.',
  }),
  'recover-process': queue({
    schema: recoverProcess,
    function: 'recover-process',
    batchSize: 1,
    concurrency: 2,
    functionTimeoutSeconds: 60,
    errorImpact: 'Hosts with dead services are not taken out of the scheduling, and not put back.',
  }),
  'operator-commands': queue({
    schema: operatorMessage,
    function: 'obey-operator',
    batchSize: 1,
    concurrency: 2,
    functionTimeoutSeconds: 10,
    errorImpact: 'What operators say is not heard: salvor can not be disarmed.',
  }),
  'watch-hosts': queue({
    schema: watchHosts,
    function: 'watch-hosts',
    batchSize: 1,
    concurrency: 2,
    functionTimeoutSeconds: 20,
    errorImpact: 'Nova itself is not watched: hosts without agents are not missed.',
  }),
  'fence-answers': queue({
    schema: workerAnswer,
    function: 'receive-fence-answer',
    batchSize: 10,
    concurrency: 4,
    functionTimeoutSeconds: 10,
    errorImpact: 'What fence workers answer is not read: hosts behind them are not powered off.',
  }),
} as const satisfies Record<string, QueueSpec>;

export type QueueName = keyof typeof QUEUES;

/** Where a queue's messages go that were received too often: of a queue's name its name, of an address its address. */
export const deadLetterQueueOf = <const Q extends string>(queue: Q): `${Q}-dlq` => `${queue}-dlq`;

/** A kind of queue that no function listens to, but programs beside salvor: each has one of its own. */
export interface WorkerQueueSpec {
  readonly schema: z.ZodType;
  /**
   * How long a received message stays hidden. Longer than any request is valid, so that one which comes again is void.
   */
  readonly visibilityTimeoutSeconds: number;
  /** What nobody has taken by then is gone. The least that SQS knows. */
  readonly retentionSeconds: number;
  /** What it means for the cloud when nobody reads such a queue. */
  readonly errorImpact: string;
}

/** One for each fence worker that the policy names. Without dead letters: a request that was not taken at once is void. */
export const FENCE_REQUESTS: WorkerQueueSpec = {
  schema: workerRequest,
  visibilityTimeoutSeconds: 60,
  retentionSeconds: 60,
  errorImpact:
    'A fence worker does not read its queue: the hosts behind it are not powered off, their services not restarted.',
};

export const fenceRequestsOf = (worker: string): `fence-requests-${string}` => `fence-requests-${worker}`;

export interface ScheduleSpec {
  readonly function: string;
  readonly everySeconds: number;
  /** At one site, where a look costs next to nothing; default as above. */
  readonly embeddedEverySeconds?: number;
  readonly functionTimeoutSeconds: number;
  readonly memoryMb: number;
  readonly errorImpact: string;
}

/** Functions that run by the clock. */
export const SCHEDULES = {
  sweep: {
    function: 'sweep',
    everySeconds: 60,
    functionTimeoutSeconds: 50,
    memoryMb: 512,
    errorImpact: 'What was lost between two steps is not pushed on: a recovery may stand still.',
  },
  'mirror-inventory': {
    function: 'mirror-inventory',
    everySeconds: 60,
    functionTimeoutSeconds: 50,
    memoryMb: 512,
    errorImpact: 'Hosts added to a segment are not known, and reports about them are parked.',
  },
  'survey-devices': {
    function: 'survey-devices',
    everySeconds: 60,
    functionTimeoutSeconds: 50,
    memoryMb: 512,
    errorImpact: 'Nobody knows whether dead hosts could be fenced: a device that has failed shows when it is needed.',
  },
  'mirror-instances': {
    function: 'mirror-instances',
    everySeconds: 60,
    functionTimeoutSeconds: 50,
    memoryMb: 1024,
    errorImpact: 'Nobody knows what a failure would come to: that a segment has no room left shows when a host fails.',
  },
  // Nothing of a recovery waits for it, and it for nothing but the record.
  notify: {
    function: 'notify',
    everySeconds: 60,
    embeddedEverySeconds: 2,
    functionTimeoutSeconds: 58,
    memoryMb: 256,
    errorImpact: 'People are not told what becomes of a host, nor that they are needed.',
  },
} as const satisfies Record<string, ScheduleSpec>;

export type ScheduleName = keyof typeof SCHEDULES;

export interface EndpointSpec {
  readonly function: string;
  readonly functionTimeoutSeconds: number;
  readonly memoryMb: number;
  /** Requests that are answered at the same time at most, on AWS: strangers must not take the concurrency of all others. */
  readonly concurrency: number;
  readonly errorImpact: string;
}

/** Functions that answer HTTP requests: at one site a server in the same process. */
export const ENDPOINTS = {
  'http-ingest': {
    function: 'http-ingest',
    functionTimeoutSeconds: 20,
    memoryMb: 512,
    concurrency: 20,
    errorImpact: 'Reports by HTTP are not taken: their senders try again, and drop them in the end.',
  },
  'http-api': {
    function: 'http-api',
    functionTimeoutSeconds: 20,
    memoryMb: 512,
    concurrency: 10,
    errorImpact: 'The console and the API do not answer: people look and steer by the command line.',
  },
} as const satisfies Record<string, EndpointSpec>;

export type EndpointName = keyof typeof ENDPOINTS;

export type QueueFunctionName =
  | 'receive-host-event'
  | 'confirm-host-down'
  | 'fence-host'
  | 'plan-evacuation'
  | 'evacuate-instance'
  | 'follow-evacuations'
  | 'return-host'
  | 'maintain-host'
  | 'recover-instance'
  | 'recover-process'
  | 'obey-operator'
  | 'watch-hosts'
  | 'receive-fence-answer';

/** Functions that work on the state. */
export type WorkerName = QueueFunctionName | ScheduleName;

export type FunctionName = WorkerName | EndpointName;

export type QueueMessage = Command | HostEvent | OperatorCommand | HearAgain | WatchHosts | WorkerAnswer;

/** Where a message belongs. Commands between functions go to the queue of their own name. */
export function queueOf({ type }: QueueMessage): QueueName {
  switch (type) {
    case 'disarm':
    case 'arm':
    case 'release':
    case 'dismiss':
    case 'return':
    case 'maintenance-on':
    case 'maintenance-off':
    case 'confirm-off':
    case 'hear-again':
      return 'operator-commands';
    case 'host.down':
    case 'host.up':
    case 'host.heartbeat':
    case 'host.dumping':
    case 'instance.down':
    case 'process.down':
    case 'process.up':
      return 'host-events';
    case 'worker-answer':
      return 'fence-answers';
    default:
      return type;
  }
}
