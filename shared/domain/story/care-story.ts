import type { CareFact } from '../care.ts';
import type { Check, ServiceChange } from '../return/returning.ts';
import type { StoryLine } from './story.ts';

type Told = Omit<StoryLine, 'atMs'> | undefined;

const line = (mark: StoryLine['mark'], text: string): Told => ({ mark, text });
const shut = (checks: readonly Check[]): string =>
  checks
    .filter(({ open }) => !open)
    .map(({ because }) => because)
    .join('; ');

const DONE: Readonly<Record<ServiceChange, string>> = {
  'force-up': 'Nova has the service forced down no longer',
  enable: 'Nova has the service enabled',
  disable: 'Nova has the service disabled',
};

/** The way back of a host and planned work on it, in people's words. */
export function tellCare(fact: CareFact): Told {
  switch (fact.type) {
    case 'return-opened': {
      const { because, quarantine } = fact;
      return line('decision', `on its way back: ${because}${quarantine === null ? '' : '; in quarantine'}`);
    }
    case 'return-asked':
      return line('decision', `its return is asked for by ${fact.by}: ${fact.reason}`);
    case 'return-waits':
      return line('trouble', `its return waits: ${shut(fact.checks)}`);
    case 'power-on-intended':
      return line('action', `power on by its fence device (attempt ${fact.attempt})`);
    case 'power-on-answered':
      return fact.answer === 'accepted' ? undefined : line('trouble', `power-on ${fact.answer}: ${fact.detail}`);
    case 'power-on-found':
      return line('decision', `its power is ${fact.power} after a power-on whose answer nobody heard`);
    case 'return-proving':
      return line('decision', 'it is well, and has to stay so for a while');
    case 'service-change-answered':
      return fact.answer === 'accepted' ? undefined : line('trouble', `${fact.change} ${fact.answer}: ${fact.detail}`);
    case 'service-changed':
      return line('action', DONE[fact.change]);
    case 'service-change-failed':
      return line('trouble', `${fact.change} failed: ${fact.because}`);
    case 'going-home-began':
      return line('decision', 'it is in service again; its instances go home');
    case 'home-left-out':
      return line('decision', `${fact.instanceId} does not go home: ${fact.because}`);
    case 'move-found':
      return line('decision', `${fact.instanceId} is found to be migrating`);
    case 'move-answered':
      return fact.answer === 'accepted'
        ? undefined
        : line('trouble', `live migration of ${fact.instanceId} ${fact.answer}: ${fact.detail}`);
    case 'move-ended':
      return fact.outcome === 'moved'
        ? line('good', `${fact.instanceId} was live-migrated to ${fact.host}`)
        : line('trouble', `live migration of ${fact.instanceId}, ${fact.outcome}: ${fact.because}`);
    case 'return-ended':
      return line(
        fact.outcome === 'returned' ? 'good' : 'decision',
        `its return has ended, ${fact.outcome}: ${fact.because}`,
      );
    case 'maintenance-opened':
      return line('decision', `maintenance by ${fact.by}: ${fact.reason}`);
    case 'maintenance-began':
      return line('decision', `in maintenance, disabled as: ${fact.disabledReason}`);
    case 'drain-paused':
      return line('trouble', `the drain waits: ${fact.because}`);
    case 'drained': {
      const left = fact.left.map(({ name, because }) => `${name} stays, ${because}`);
      return line('decision', [`drained: ${fact.moved} were moved`, ...left].join('; '));
    }
    case 'maintenance-ended':
      return line('decision', `the maintenance has ended: ${fact.because}`);
    default:
      return undefined;
  }
}
