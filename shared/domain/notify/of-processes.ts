import type { ProcessFact } from '../process-recovery/process.ts';
import type { At } from './of-single.ts';
import { type Said, type SingleWords, say, sayOnce } from './told-single.ts';

/** What is down for less was restarted, or restarted itself. */
const LASTS_MS = 300_000;
/** Nova may be busy. */
const FAILURES = 3;

/** What is said of the processes of a host that lives, after one more record. */
export function afterProcessFact(said: Said, fact: ProcessFact, at: At): Said {
  const { atMs, restartAttempts } = at;
  const { next } = said;
  const { host } = next;
  const change = (changed: Partial<typeof next>): Said => ({ ...said, next: { ...next, ...changed } });
  switch (fact.type) {
    case 'restart-intended':
      return change({ attempt: fact.attempt });
    case 'restart-answered': {
      const { process, answer, detail } = fact;
      if (answer === 'restarted' || next.attempt < restartAttempts) return said;
      const words = trouble(
        `${process} of ${host} can not be started`,
        `${next.attempt} tries, the last: ${detail}. Start it by hand. Nothing new is scheduled to the host if it was disabled.`,
      );
      return sayOnce(said, `restart ${process}`, words, at);
    }
    case 'service-change-failed': {
      const failures = next.failures + 1;
      const failed = change({ failures });
      if (failures < FAILURES) return failed;
      const words = trouble(
        `${host} can not be taken out of scheduling, or back`,
        `${FAILURES} tries: ${fact.because}.`,
      );
      return sayOnce(failed, 'change', words, at);
    }
    case 'scheduling-off':
      return change({ failures: 0 });
    case 'escalated': {
      const words = trouble(
        `${host}: salvor says that it is down, since its processes are`,
        `${fact.because}. It is one word among those that the policy asks for.`,
      );
      return sayOnce(said, 'escalated', words, at);
    }
    case 'processes-well':
      return change({ wellSinceMs: atMs, failures: 0 });
    case 'processes-down-again':
      return change({ wellSinceMs: null });
    case 'process-incident-closed':
      return closed(change({ closedAtMs: atMs }), fact, at);
    default:
      return said;
  }
}

/** Nothing of it harms an instance that runs: it can wait until the morning. */
const trouble = (title: string, body: string): SingleWords => ({
  kind: 'process',
  severity: 'warning',
  state: 'open',
  title,
  body,
});

function closed(
  said: Said,
  { outcome, because }: Extract<ProcessFact, { readonly type: 'process-incident-closed' }>,
  at: At,
): Said {
  const { host, trouble: wasTold } = said.next;
  if (outcome === 'shadow' && !wasTold) return said;
  const title =
    outcome === 'recovered' ? `${host}: its processes run again` : `${host}: its processes are left as they are`;
  return say(said, 'closed', { kind: 'process', severity: 'info', state: 'over', title, body: `${because}.` }, at);
}

/** One that is down for so long nothing has started again: without a worker, that nobody has looked is all there is to it. */
export function processesLast(said: Said, nowMs: number): Said {
  const { host, openedAtMs, closedAtMs, wellSinceMs, seq } = said.next;
  if (closedAtMs !== null || wellSinceMs !== null || seq === 0 || nowMs - openedAtMs < LASTS_MS) return said;
  const words = trouble(
    `${host}: a process has been down for ${Math.round((nowMs - openedAtMs) / 60_000)} min`,
    'salvor processes says which, and what is waited for. Start it by hand, or see why it does not start.',
  );
  return sayOnce(said, 'lasts', words, { seq: `lasts-${openedAtMs}`, atMs: nowMs });
}
