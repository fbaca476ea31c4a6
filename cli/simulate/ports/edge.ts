import type { LocalRestart, RestartAnswer } from '#shared/ports.ts';
import type { Invocation } from '../engine/invocation.ts';
import { drawTimes, type Latencies } from './latency.ts';
import type { Outside } from './outside.ts';

/** The worker at the edge. What it makes of a request is `work`. */
export function edgePort(
  current: () => Invocation,
  outside: Outside,
  latencies: Latencies,
  work: (host: string, service: string) => RestartAnswer['kind'],
): LocalRestart {
  return {
    restart: async (worker, host, service) => {
      const invocation = current();
      const about = { hosts: [host] };
      const asked = { act: 'restart-service', host } as const;
      const { kind } = await outside.send<Pick<RestartAnswer, 'kind'>>(invocation, asked, () => {
        const fault = invocation.struckBy(['send-failed'], about);
        const times = drawTimes(invocation.random, latencies.queue);
        if (fault !== undefined) return { about, times, effect: undefined, heard: { kind: 'unknown' } };
        const effect = () => ({ did: true, outcome: service, answer: { kind: work(host, service) } });
        return { about, times, effect };
      });
      return { kind, detail: `${worker}, simulated, says ${kind}`, durationMs: 0 };
    },
  };
}
