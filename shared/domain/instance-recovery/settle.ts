import type { Answer } from '#shared/ports.ts';
import { toldAnswer } from '../told.ts';
import {
  closedInstance,
  decideInstance,
  type InstanceIn,
  type InstanceRules,
  type NoSight,
  retryAtMs,
} from './decide.ts';
import { isTakenOver } from './holds.ts';
import type {
  Accepted,
  Ask,
  InstanceFact,
  InstanceIncident,
  InstanceRequest,
  InstanceState,
  Requested,
  Unknown,
} from './instance.ts';
import type { InstanceSight, SeenInstance } from './sight.ts';

/** Between two looks at what Nova was asked for. */
const POLL_MS = 5_000;
/** After a request without an answer, its action must show on record by now. */
const SETTLE_MS = 60_000;

type Asked = Requested | Accepted | Unknown;

/** As Nova's record of what was done to the instance names it. Older ones leave none of os-resetState: the state itself tells. */
const ACTION_OF: Readonly<Record<Ask, string | null>> = {
  reboot: 'reboot',
  'reset-state': null,
  migrate: 'migrate',
  'confirm-resize': 'confirmResize',
  'live-migrate': 'live-migration',
};

/** What a look says of the one request under way. An unknown one is never sent again before its action could not be found. */
function settleInstance(
  state: InstanceIn<Asked>,
  sight: InstanceSight | NoSight,
  { segment }: InstanceRules,
  nowMs: number,
): readonly InstanceFact[] {
  const incident: Asked = state.incident;
  const watch: readonly InstanceFact[] = [{ type: 'instance-watched', nextLookAtMs: nowMs + POLL_MS }];
  if ('outage' in sight) return watch;
  const { server } = sight;
  if (server === null) return [closedInstance('left', 'it was deleted meanwhile', null, nowMs)];
  switch (incident.status) {
    case 'requested':
      // Its function has had its time. What it asked for may be on record.
      return [{ type: 'instance-answer-missing', because: 'no answer was recorded for the request', atMs: nowMs }];
    case 'unknown': {
      const requestId = foundIn(sight, incident, server);
      if (requestId !== undefined) return [{ type: 'instance-request-found', requestId, atMs: nowMs }];
      if (server.taskState !== null || nowMs < incident.askedAtMs + SETTLE_MS) return watch;
      return [{ type: 'instance-request-lost', because: `${incident.request.ask} has not reached Nova`, atMs: nowMs }];
    }
    case 'accepted': {
      const takenOver = isTakenOver(sight.hostIncident) && server.vmState === 'active';
      if (takenOver)
        return [
          closedInstance(
            'taken-over',
            `the incident of its host has it in hand: ${sight.hostIncident}`,
            server.host,
            nowMs,
          ),
        ];
      if (server.taskState !== null) {
        const stepSeconds = segment.instanceRecovery?.stepSeconds ?? 0;
        if (isTakenOver(sight.hostIncident) || nowMs < incident.askedAtMs + stepSeconds * 1000) return watch;
        const because = `${incident.request.ask}: it is still ${server.taskState} after ${stepSeconds} s`;
        return [closedInstance('person', because, server.host, nowMs)];
      }
      return ended(state, incident, server, nowMs);
    }
  }
}

/** An instance with an open incident. */
export type Open = InstanceState & { readonly incident: InstanceIncident };

/** What one look leads to, whatever the incident's status. */
export function stepOf(
  state: Open,
  sight: InstanceSight | NoSight,
  rules: InstanceRules,
  nowMs: number,
): readonly InstanceFact[] {
  const { incident } = state;
  return incident.status === 'suspected' || incident.status === 'held'
    ? decideInstance({ ...state, incident }, sight, rules, nowMs)
    : settleInstance({ ...state, incident }, sight, rules, nowMs);
}

/** The id under which Nova has the request on record; undefined when it has not. */
function foundIn(
  { actions }: InstanceSight,
  { request, ...incident }: Unknown,
  server: SeenInstance,
): string | undefined {
  const name = ACTION_OF[request.ask];
  if (name === null) return server.vmState === 'active' ? `os-resetState of ${incident.id}` : undefined;
  const known = actions.findIndex(({ requestId }) => requestId === request.lastActionId);
  const newer = known < 0 ? actions : actions.slice(0, known);
  return newer.find(({ action }) => action === name)?.requestId;
}

/** No task runs any more: what has become of it? */
function ended(
  { claims }: InstanceState,
  { request: { ask, action, host, destination }, askedAtMs }: Accepted,
  server: SeenInstance,
  atMs: number,
): readonly InstanceFact[] {
  const done: InstanceFact = { type: 'instance-request-done', ask, atMs };
  const failed = (why: string): readonly InstanceFact[] => {
    const because = `${ask}: ${why}${server.fault === null ? '' : `: ${server.fault}`}`;
    return [{ type: 'instance-request-failed', ask, because, atMs }];
  };
  /** A migration that came to nothing. What it has left in ERROR is for a person. */
  const stayed = (): readonly InstanceFact[] => {
    const facts = failed(destination == null ? 'it is where it was' : `it is where it was, and not on ${destination}`);
    if (destination == null || server.vmState === 'error') return facts;
    return facts.map((fact) => ({ ...fact, refusedBy: destination }));
  };
  const end = (how: 'restarted' | 'moved'): InstanceFact =>
    closedInstance(how, `Nova has it active on ${server.host}`, server.host, atMs);
  const { vmState } = server;
  switch (ask) {
    case 'reboot': {
      if (vmState !== 'active') return failed(`it is ${vmState} afterwards`);
      const again = Object.values(claims).some(
        ({ reason, occurredAtMs }) => reason === 'process-gone' && occurredAtMs > askedAtMs,
      );
      if (again) return failed('its process has gone again');
      return [done, end(action === 'move' ? 'moved' : 'restarted')];
    }
    case 'reset-state':
      return vmState === 'active' ? [done] : failed(`it is ${vmState} afterwards`);
    case 'migrate':
      if (vmState === 'resized') return [done];
      // A cloud may confirm by itself (`resize_confirm_window`).
      return server.host === host ? stayed() : [done, end('moved')];
    case 'confirm-resize':
      if (vmState === 'active') return [done, end('moved')];
      return vmState === 'stopped' ? [done] : failed(`it is ${vmState} afterwards`);
    case 'live-migrate':
      return server.host === host ? stayed() : [done, end('moved')];
  }
}

/** What Nova's answer means. */
export function foldInstanceAnswer(
  { incident }: InstanceState,
  { ask, number }: Pick<InstanceRequest, 'ask' | 'number'>,
  answer: Answer,
  nowMs: number,
  random: number,
): InstanceFact {
  const { kind } = answer;
  const httpStatus = kind === 'accepted' ? 202 : kind === 'refused' ? answer.httpStatus : null;
  const nextLookAtMs = kind === 'refused' ? retryAtMs(incident?.failures ?? 0, nowMs, random) : nowMs + POLL_MS;
  return {
    ...{ type: 'instance-request-answered', ask, number, ...toldAnswer(answer), httpStatus },
    ...{ atMs: nowMs, nextLookAtMs },
  };
}
