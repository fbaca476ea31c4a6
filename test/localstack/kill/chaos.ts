import { QUEUES, type QueueFunctionName, type QueueName, type WorkerName } from '#events/catalog.ts';
import type { Call, Point, Step } from '../../soak/points.ts';
import { type AwsStand, throttled } from './aws-proxy.ts';
import { environmentsOf, killEnvironments } from './environments.ts';

/** What goes wrong between deployed functions and the world, and what of it has happened. */
export interface Chaos {
  readonly aws: AwsStand;
  readonly cloud: (call: Call | undefined, pass: () => Promise<Response>) => Promise<Response>;
  /** Points at which nobody has been killed yet. */
  readonly remaining: ReadonlySet<Point>;
  readonly kills: readonly Point[];
  throttledRequests: number;
  /** Share of the requests to DynamoDB that are throttled: of all, or of one function's writes. */
  throttle(share: number, writesOf?: WorkerName): void;
  arm(): void;
}

const STEPS: readonly Step[] = ['before commit', 'after commit', 'before send', 'before acknowledge'];
/** Nothing is sent by the evacuator, nor when an operator moves a switch. */
const SENDS_NOTHING: readonly WorkerName[] = ['evacuate-instance', 'obey-operator'];
/** Whose call it is, where only one function has it. */
const CALLER: Readonly<Partial<Record<Call, WorkerName>>> = {
  powerOff: 'fence-host',
  forceDown: 'fence-host',
  evacuate: 'evacuate-instance',
  resetStateToActive: 'evacuate-instance',
  hypervisors: 'follow-evacuations',
};
const NOT_AT_WORK: readonly QueueFunctionName[] = [
  'watch-hosts',
  'receive-fence-answer',
  'recover-instance',
  'recover-process',
  'return-host',
  'maintain-host',
];
/**
 * Nova is not watched there: what a look loses, the next one finds. Nor is there a fence worker, a policy for single
 * instances, processes or the way back, or planned work.
 */
const FUNCTIONS: readonly QueueFunctionName[] = (Object.keys(QUEUES) as QueueName[])
  .map((name) => QUEUES[name].function)
  .filter((name) => !NOT_AT_WORK.includes(name));

const POINTS: readonly Point[] = [
  ...FUNCTIONS.flatMap((name) =>
    STEPS.filter((step) => !SENDS_NOTHING.includes(name) || !['before send', 'before acknowledge'].includes(step)).map(
      (step): Point => `${name}/${step}`,
    ),
  ),
  ...(Object.keys(CALLER) as Call[]).flatMap((call): Point[] => [`${call}/under way`, `${call}/after effect`]),
];

/** @param nameOf the name that a function was deployed under */
export function chaosFor(nameOf: (name: WorkerName) => string): Chaos {
  const remaining = new Set(POINTS);
  const kills: Point[] = [];
  let armed = false;
  let share = 0;
  let writesOf: WorkerName | undefined;

  /** Who may be killed at these points: the environments that run the function now, or nobody. */
  const senders = (name: WorkerName, ...points: readonly Point[]): readonly number[] =>
    armed && points.some((point) => remaining.has(point)) ? environmentsOf(nameOf(name)) : [];
  /** Whether one of them lived, and was killed here. */
  function kill(point: Point, pids: readonly number[]): boolean {
    if (!remaining.has(point) || !killEnvironments(pids)) return false;
    remaining.delete(point);
    kills.push(point);
    return true;
  }

  const chaos: Chaos = {
    remaining,
    kills,
    throttledRequests: 0,
    throttle: (newShare, name) => {
      share = newShare;
      writesOf = name;
    },
    arm: () => {
      armed = true;
    },
    aws: async ({ from, operation }, pass) => {
      const isSend = operation === 'SendMessageBatch';
      const isWrite = operation === 'TransactWriteItems';
      if (!isSend && (writesOf === undefined || (isWrite && writesOf === from)) && Math.random() < share) {
        chaos.throttledRequests += 1;
        return throttled(operation);
      }
      if (!isSend && !isWrite) return pass();
      const before: Point = `${from}/${isSend ? 'before send' : 'before commit'}`;
      const after: Point = `${from}/${isSend ? 'before acknowledge' : 'after commit'}`;
      const pids = senders(from, before, after);
      if (kill(before, pids)) return NOBODY;
      const answer = await pass();
      kill(after, pids);
      return answer;
    },
    cloud: async (call, pass) => {
      const caller = call && CALLER[call];
      if (call === undefined || caller === undefined) return pass();
      const before: Point = `${call}/under way`;
      const after: Point = `${call}/after effect`;
      const pids = senders(caller, before, after);
      // It takes effect though nobody waits for it any more.
      if (kill(before, pids)) return pass();
      const answer = await pass();
      kill(after, pids);
      return answer;
    },
  };
  return chaos;
}

/** For one who is dead. */
const NOBODY = { status: 503, headers: {}, body: Buffer.alloc(0) };
