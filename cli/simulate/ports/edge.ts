import type { RestartService } from '#events/restart-service.ts';
import { RetryableError } from '#shared/errors.ts';
import type { LocalRestart } from '#shared/ports.ts';
import type { Invocation } from '../engine/invocation.ts';
import { drawTimes, type Latencies } from './latency.ts';
import type { Outside } from './outside.ts';

/** The queue of the worker at the edge. What the worker makes of a request is `work`. */
export function edgePort(
  current: () => Invocation,
  outside: Outside,
  latencies: Latencies,
  work: (request: RestartService) => void,
): LocalRestart {
  return {
    ask: async (request) => {
      const invocation = current();
      const about = { hosts: [request.host] };
      const answer = await outside.send(invocation, { act: 'restart-service', host: request.host }, () => {
        const fault = invocation.struckBy(['send-failed'], about);
        const times = drawTimes(invocation.random, latencies.queue);
        if (fault !== undefined) return { about, times, effect: undefined, heard: { sent: false } };
        const effect = () => {
          work(request);
          return { did: true, outcome: request.process, answer: { sent: true } };
        };
        return { about, times, effect };
      });
      if (!answer.sent) throw new RetryableError('simulated: the queue of the edge did not take it');
    },
  };
}
