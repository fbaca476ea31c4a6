import type { WorkerName } from '#events/catalog.ts';

/**
 * Where a process is killed. `function/step` is one place in the order that every function keeps (parse, load, decide,
 * commit, send, acknowledge); `call/moment` is one moment of a call to the cloud or to a fence device.
 */
export type Point = `${WorkerName}/${Step}` | `${Call}/${Moment}`;

export const STEPS = [
  /** The message is parsed; nothing of the state was read. */
  'before load',
  /** It is decided; nothing is written. */
  'before commit',
  /** The transaction is on disk. */
  'after commit',
  /** Nothing of what the state asks for has left. */
  'before send',
  /** Half of the messages of one send are in their queues. */
  'amid send',
  /** All is done; the message is still in its queue. For one that runs by the clock: its last act is over. */
  'before acknowledge',
  /** The queue has answered the delete. */
  'after acknowledge',
] as const;
export type Step = (typeof STEPS)[number];

export const MOMENTS = [
  /** The request has not left. */
  'before',
  /** It has arrived, and takes effect after the death of who asked, or never. */
  'under way',
  /** It took effect, and the answer has not left. */
  'after effect',
] as const;
export type Moment = (typeof MOMENTS)[number];

/** The methods of `Compute` and `FenceDevice` that a round's story comes to (it has no reserved hosts, and of those that are given back none was off), and what the adapter asks for by itself: a token, and Nova's version. */
export const CALLS = [
  'services',
  'service',
  'hypervisors',
  'aggregates',
  'serverGroups',
  'serversOn',
  'server',
  'image',
  'evacuationsFrom',
  'unfinishedMigrationsOf',
  'serverActions',
  'health',
  'forceDown',
  'disableService',
  'enableService',
  'rebootHard',
  'evacuate',
  'resetStateToActive',
  'readPower',
  'powerOff',
  'token',
  'version',
] as const;
export type Call = (typeof CALLS)[number];

/** Between these the adapter asks by itself: no method of a port is there to stop before. */
const INSIDE_THE_ADAPTER: ReadonlySet<Call> = new Set<Call>(['token', 'version']);

const EVERY_QUEUE: readonly Step[] = [
  'before load',
  'before commit',
  'after commit',
  'before send',
  'before acknowledge',
  'after acknowledge',
];

/** The steps that a function has. Only the follower sends several at once; the evacuator sends nothing. */
const STEPS_OF: Readonly<Record<WorkerName, readonly Step[]>> = {
  'receive-host-event': EVERY_QUEUE,
  'confirm-host-down': EVERY_QUEUE,
  'fence-host': EVERY_QUEUE,
  'plan-evacuation': EVERY_QUEUE,
  'follow-evacuations': [...EVERY_QUEUE, 'amid send'],
  'evacuate-instance': EVERY_QUEUE.filter((step) => step !== 'before send'),
  'recover-instance': EVERY_QUEUE,
  'recover-process': EVERY_QUEUE,
  'obey-operator': EVERY_QUEUE,
  // Of the host that was worked on: people give back those that have died.
  'return-host': EVERY_QUEUE,
  'maintain-host': EVERY_QUEUE,
  'watch-hosts': EVERY_QUEUE,
  // It reads nothing, and nothing follows from it.
  'receive-fence-answer': ['before commit', 'after commit', 'before acknowledge', 'after acknowledge'],
  sweep: ['before load', 'before commit', 'after commit', 'before send', 'before acknowledge'],
  'mirror-inventory': ['before load', 'before commit', 'after commit', 'before send', 'before acknowledge'],
  'survey-devices': ['before load', 'before commit', 'after commit', 'before acknowledge'],
  'mirror-instances': ['before load', 'before commit', 'after commit', 'before acknowledge'],
  // Its scene tells nobody: test/notify has it killed.
  notify: [],
};
export const FUNCTION_NAMES = Object.keys(STEPS_OF) as WorkerName[];

export const POINTS: readonly Point[] = [
  ...FUNCTION_NAMES.flatMap((name) => STEPS_OF[name].map((step): Point => `${name}/${step}`)),
  ...CALLS.flatMap((call) =>
    MOMENTS.filter((moment) => moment !== 'before' || !INSIDE_THE_ADAPTER.has(call)).map(
      (moment): Point => `${call}/${moment}`,
    ),
  ),
];

/**
 * What waits after a kill here, until it is known what became of a request: a host for half a minute, its instances, a single
 * one and processes for 75 s.
 */
export type Waiting = 'host' | 'instances' | 'single' | 'service';
const WAITS: Readonly<Record<Waiting, RegExp>> = {
  host: /^(fence-host\/after commit|(readPower|powerOff|service|forceDown)\/)/,
  instances: /^(evacuate-instance\/after commit|(evacuate|resetStateToActive)\/)/,
  single: /^(recover-instance\/after commit|rebootHard\/)/,
  service: /^((recover-process|maintain-host|return-host)\/after commit|(disable|enable)Service\/)/,
};
export const waitsAfter = (point: Point): Waiting | undefined =>
  (Object.keys(WAITS) as Waiting[]).find((waiting) => WAITS[waiting].test(point));

/** Places that one recovery passes many times: the kill may come at a later time than the first. */
const OFTEN =
  /^(receive-host-event|obey-operator|evacuate-instance|follow-evacuations|server|evacuate|evacuationsFrom|services)\//;
export const isOften = (point: Point): boolean => OFTEN.test(point);

/** What a victim is told at its start. */
export interface Orders {
  readonly stateDir: string;
  readonly cloud: CloudAddress;
  /** Checked by the victim. */
  readonly policy: unknown;
  /** Where it stops, and how many times it passes before. */
  readonly stops: Readonly<Partial<Record<Point, number>>>;
}

export interface CloudAddress {
  readonly authUrl: string;
  readonly region: string;
  readonly applicationCredential: { readonly id: string; readonly secret: string };
  readonly bmcCredentials: { readonly username: string; readonly password: string };
}

/** What a victim says. */
export type Said =
  | { readonly kind: 'ready'; readonly endpoint: string; readonly queueUrl: string }
  /** It does nothing more until it is killed. */
  | { readonly kind: 'reached'; readonly point: Point }
  /** Whether a message in flight was received so often that one kill more would bring it near its dead-letter queue. */
  | { readonly kind: 'worn'; readonly worn: boolean }
  | { readonly kind: 'depths'; readonly waiting: number; readonly deadLettered: number }
  | { readonly kind: 'failed'; readonly error: string };

/** What a victim is asked. */
export type Asked =
  | { readonly kind: 'start'; readonly orders: Orders }
  /** Stop nowhere any more. */
  | { readonly kind: 'disarm' }
  | { readonly kind: 'depths' }
  | { readonly kind: 'end' };
