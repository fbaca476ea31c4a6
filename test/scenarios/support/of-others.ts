import type { InstanceFact } from '#shared/domain/instance-recovery/instance.ts';
import type { ProcessFact } from '#shared/domain/process-recovery/process.ts';
import type { Entry } from './page.ts';

/** What is put on record of a single instance, in people's words. The reports and the requests are told already. */
export function ofInstance(fact: InstanceFact, of: string): readonly Entry[] {
  const say = (text: string): readonly Entry[] => [{ voice: 'salvor', text, of }];
  switch (fact.type) {
    case 'instance-incident-opened':
      return say(
        `an incident of its own, to be confirmed for ${((fact.confirmUntilMs - fact.atMs) / 1000).toFixed(1)} s:`,
      );
    case 'instance-held':
      return say(`waits (${fact.holds.map(({ hold, because }) => `${hold}: ${because}`).join('; ')}):`);
    case 'instance-request-intended':
      return say(`${fact.request.action} (${fact.because}):`);
    case 'instance-request-answered':
      return fact.answer === 'accepted' ? [] : say(`${fact.ask} ${fact.answer} (${fact.detail}):`);
    case 'instance-request-found':
      return say('Nova has the request on record:');
    case 'instance-answer-missing':
    case 'instance-request-lost':
    case 'instance-request-failed':
      return say(`${fact.because}:`);
    case 'instance-incident-closed':
      return say(`${fact.outcome} (${fact.because}):`);
    default:
      return [];
  }
}

/** The same of the processes of a host. */
export function ofProcesses(fact: ProcessFact, host: string): readonly Entry[] {
  const say = (text: string): readonly Entry[] => [{ voice: 'salvor', by: host, about: host, text }];
  switch (fact.type) {
    case 'process-incident-opened':
      return say(`an incident of its processes: ${fact.because}`);
    case 'process-held':
      return say(`its processes wait: ${fact.because}`);
    case 'disable-intended':
      return say(`nothing more is scheduled to it (${fact.reason})`);
    case 'service-change-failed':
      return say(fact.because);
    case 'restart-intended':
      return say(`a restart of ${fact.process}, attempt ${fact.attempt}`);
    case 'restart-answered':
      return say(`${fact.process} ${fact.answer} (${fact.detail})`);
    case 'escalated':
      return say(`said to be down: ${fact.because}`);
    case 'processes-well':
      return say(fact.because);
    case 'processes-down-again':
      return say(`down again: ${fact.because}`);
    case 'process-incident-closed':
      return say(`the incident of its processes is closed, ${fact.outcome}: ${fact.because}`);
    default:
      return [];
  }
}
