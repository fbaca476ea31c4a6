import type { Subject } from '../engine/director.ts';
import type { CallTimes, Invocation } from '../engine/invocation.ts';
import type { OutsideRequest, WorldLog } from '../engine/log.ts';
import type { Scheduler } from '../engine/scheduler.ts';

/** How a request with an effect goes: when it arrives, what it does, and what its sender hears. */
export interface Course<Answer> {
  readonly about: Subject;
  readonly times: CallTimes;
  /** What it does where it arrives; undefined when it does nothing there. */
  readonly effect: (() => { readonly did: boolean; readonly outcome: string; readonly answer: Answer }) | undefined;
  /** What is heard whatever it did. */
  readonly heard?: Answer;
  /** The effect comes this long after the sender was answered, come what may. */
  readonly lateMs?: number;
}

/** Sends requests to the outside and writes each into the world's log: when it left, arrived and was answered. */
export class Outside {
  readonly log: WorldLog;
  readonly #scheduler: Scheduler;
  #requests = 0;

  constructor(log: WorldLog, scheduler: Scheduler) {
    this.log = log;
    this.#scheduler = scheduler;
  }

  /** An id for Nova's `x-openstack-request-id`. */
  static requestId(request: OutsideRequest): string {
    return `req-${request.id}`;
  }

  async send<Answer extends object>(
    invocation: Invocation,
    asked: Omit<OutsideRequest, 'id' | 'invocation' | 'sentAtMs'>,
    courseOf: (request: OutsideRequest) => Course<Answer>,
  ): Promise<Answer> {
    this.#requests += 1;
    const request: OutsideRequest = {
      ...asked,
      id: this.#requests,
      invocation: invocation.id,
      sentAtMs: this.#scheduler.now(),
    };
    if (invocation.alive) this.log.add({ kind: 'asked', request });
    const { about, times, effect, heard, lateMs } = courseOf(request);
    const arrive = (): Answer | undefined => {
      if (effect === undefined) return undefined;
      const { did, outcome, answer } = effect();
      this.log.add({ kind: 'arrived', request, did, outcome });
      return answer;
    };
    if (lateMs !== undefined) this.#scheduler.after(times.inMs + times.outMs + lateMs, arrive);
    const answer = await invocation.call({ ...about, act: request.act }, times, () => {
      const told = (lateMs === undefined ? arrive() : undefined) ?? heard;
      const answer = heard ?? told;
      if (answer === undefined) throw new Error(`request ${request.id} has no answer`);
      return answer;
    });
    this.log.add({ kind: 'answered', request, answer: JSON.stringify(answer) });
    return answer;
  }
}
