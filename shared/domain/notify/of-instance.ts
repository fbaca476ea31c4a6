import type { InstanceFact, InstanceOutcome } from '../instance-recovery/instance.ts';
import type { At } from './of-single.ts';
import { type Said, say, sayOnce } from './told-single.ts';

/** What is said of a single instance whose host lives, after one more record. */
export function afterInstanceFact(said: Said, fact: InstanceFact, at: At): Said {
  const { key, host } = said.next;
  if (fact.type === 'instance-held') {
    const storm = fact.holds.find(({ hold }) => hold === 'host-storm' || hold === 'segment-storm');
    if (storm === undefined) return said;
    const words = {
      kind: 'held',
      severity: 'critical',
      state: 'open',
      title: `instance ${key} on ${host} is down and not restarted: too many fail at once`,
      body: `${storm.because}. Look at the host, and report it down if it is. It goes on by itself once that ends.`,
    } as const;
    return sayOnce(said, 'storm', words, at);
  }
  if (fact.type !== 'instance-incident-closed') return said;
  const { outcome, because } = fact;
  const end: Said = { ...said, next: { ...said.next, closedAtMs: at.atMs } };
  if (outcome === 'person')
    return say(
      end,
      'person',
      {
        kind: 'needs-a-person',
        severity: 'critical',
        state: 'open',
        title: `instance ${key} on ${host} is down: a person must look`,
        body: `${because}. Its host lives, and salvor does no more for it: salvor audit ${key}.`,
      },
      at,
    );
  const isBack = outcome === 'restarted' || outcome === 'moved';
  if (!isBack && !end.next.trouble) return end;
  const where = outcome === 'moved' && fact.host !== null ? ` to ${fact.host}` : '';
  return say(
    end,
    'back',
    {
      kind: 'instance',
      severity: 'info',
      state: 'over',
      title: `instance ${key} on ${host} ${BECAME[outcome]}${where}`,
      body: `${because}.`,
    },
    at,
  );
}

const BECAME: Readonly<Record<Exclude<InstanceOutcome, 'person'>, string>> = {
  restarted: 'was restarted',
  moved: 'was moved',
  left: 'is left as it is',
  'stood-down': 'is not said to be down by enough any more',
  'taken-over': 'is recovered with its host',
  shadow: 'would be acted on (shadow)',
};
