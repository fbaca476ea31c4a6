import { type Check, DECIDED_WITHIN_MS, type Scene } from './check.ts';
import { factsOf } from './intents.ts';

/**
 * A restart or a move of a single instance is never in the way of the recovery of its host: none is intended while the
 * host has an incident, as of the very commit. And the limits of its host hold however many functions decide at once.
 */
export function noRestartInTheWay({ simulation, around }: Scene): Check {
  const { states } = simulation;
  /** By host, when each instance was last acted on. */
  const acted = new Map<string, Map<string, number>>();

  function whenIntended(instanceId: string, nowMs: number): string | undefined {
    const { host, segment } = opened.get(instanceId) ?? { host: '', segment: '' };
    const recovery = around.segment(segment)?.instanceRecovery;
    if (recovery === undefined) return `${instanceId} is to be acted on, and the policy says nothing of that`;
    const ofHost = acted.get(host) ?? new Map<string, number>();
    acted.set(host, ofHost.set(instanceId, nowMs));
    const sinceMs = nowMs - recovery.windowSeconds * 1000 + DECIDED_WITHIN_MS;
    const within = [...ofHost.values()].filter((atMs) => atMs > sinceMs).length;
    return within > recovery.maxPerHost ? `${within} instances of ${host} were acted on within the window` : undefined;
  }

  /** Where each has failed. */
  const opened = new Map<string, { readonly host: string; readonly segment: string }>();
  return {
    id: 'S4',
    sentence: 'no restart of an instance gets in the way of its host, and not more than the policy allows',
    see: (happening) => {
      for (const { type, stream, fact } of factsOf(happening)) {
        const instanceId = stream.slice('instance#'.length);
        if (type === 'instance-incident-opened')
          opened.set(instanceId, { host: String(fact.host), segment: String(fact.segment) });
        if (type !== 'instance-request-intended') continue;
        const request = fact.request as { readonly host: string; readonly ask: string; readonly action: string };
        const status = states.incidentOf(request.host);
        if (status !== 'none') return `${instanceId} is to be acted on, and its host ${request.host} is ${status}`;
        // A move is begun once; what follows belongs to where it began.
        if (request.action === 'move' && ['confirm-resize', 'reboot'].includes(request.ask)) continue;
        const broken = whenIntended(instanceId, happening.atMs);
        if (broken !== undefined) return broken;
      }
      return undefined;
    },
    atEnd: () => [...states.openInstances].map((id) => `the incident of instance ${id} is still open`),
  };
}
