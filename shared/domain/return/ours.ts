import type { HostFact, HostState } from '../host.ts';
import type { Ours } from './returning.ts';

const KEPT_FAILURES = 20;

/** What salvor has in force in Nova after a fact, and when the host failed: the host itself is as it was before it. */
export function oursAfter(host: HostState, fact: HostFact): Ours | undefined {
  const { ours, incident, lastIncident } = host;
  switch (fact.type) {
    case 'incident-opened':
      // What was switched off for an earlier failure, and came back, says nothing of this one.
      return ours?.forcedDownAtMs === undefined ? withoutSwitchedOff(ours) : ours;
    case 'power-off-intended':
      return { ...ours, switchedOff: inOrder(ours?.switchedOff ?? [], fact.level ?? 0), ...mayRun(ours, fact) };
    case 'force-down-intended':
      // From here on it may be in force, whatever is answered.
      return ours?.forcedDownAtMs === undefined && incident !== null
        ? { ...ours, forcedDownAtMs: incident.openedAtMs }
        : ours;
    case 'proof-made': {
      if (incident === null) return ours;
      const failedAtMs = ours?.failedAtMs ?? [];
      const isKnown = (failedAtMs.at(-1) ?? 0) >= incident.openedAtMs;
      const seenSince = (ours?.seenUpAtMs ?? 0) > (lastIncident?.endedAtMs ?? 0);
      // One that was recovered, and that nobody has seen up since, is the same failure that is nagged about.
      if (isKnown || (ours?.forcedDownAtMs !== undefined && !seenSince)) return ours;
      return { ...ours, failedAtMs: [...failedAtMs, incident.openedAtMs].slice(-KEPT_FAILURES) };
    }
    case 'reported':
      return fact.says === 'up' ? seenUp(ours, fact.occurredAtMs) : ours;
    case 'return-proving':
      return seenUp(ours, fact.atMs);
    case 'service-changed':
      if (fact.change === 'disable') return ours;
      return fact.change === 'force-up' ? withoutForceDown(ours) : withoutDisable(ours);
    case 'service-change-intended':
      return fact.reason === undefined ? ours : { ...ours, disabled: fact.reason };
    case 'return-ended':
      // What is not in force any more, whoever has undone it, is not salvor's to undo later.
      return ['overtaken', 'service-gone'].includes(fact.outcome) ? withoutDisable(withoutForceDown(ours)) : ours;
    default:
      // Somebody else has given it back.
      return 'evidence' in fact && fact.evidence?.service?.forcedDown === false ? withoutForceDown(ours) : ours;
  }
}

function seenUp(ours: Ours | undefined, atMs: number): Ours | undefined {
  if (ours?.forcedDownAtMs === undefined || (ours.seenUpAtMs ?? 0) >= atMs) return ours;
  return { ...ours, seenUpAtMs: atMs };
}

function withoutForceDown(ours: Ours | undefined): Ours | undefined {
  if (ours?.forcedDownAtMs === undefined) return ours;
  const { forcedDownAtMs: _, seenUpAtMs: __, switchedOff: ___, ...rest } = ours;
  return rest;
}

function withoutSwitchedOff(ours: Ours | undefined): Ours | undefined {
  if (ours?.switchedOff === undefined) return ours;
  const { switchedOff: _, ...rest } = ours;
  return rest;
}

const inOrder = (levels: readonly number[], level: number): readonly number[] =>
  [...new Set([...levels, level])].sort((a, b) => a - b);

/** Of several power-offs that one counts which may run for longest. */
function mayRun(
  ours: Ours | undefined,
  { mayRunUntilMs }: Extract<HostFact, { type: 'power-off-intended' }>,
): Pick<Ours, 'offMayRunUntilMs'> {
  return mayRunUntilMs === undefined ? {} : { offMayRunUntilMs: Math.max(mayRunUntilMs, ours?.offMayRunUntilMs ?? 0) };
}

function withoutDisable(ours: Ours | undefined): Ours | undefined {
  if (ours?.disabled === undefined) return ours;
  const { disabled: _, ...rest } = ours;
  return rest;
}
