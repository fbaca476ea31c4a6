import type { AuditRecord } from '#shared/domain/audit.ts';
import type { Basis } from '#shared/domain/basis.ts';
import type { Evidence } from '#shared/domain/gates/evidence.ts';
import { gatherEvidence } from '#shared/domain/gates/gather.ts';
import type { HostFact } from '#shared/domain/host.ts';
import type { HostLog } from '#shared/domain/replay/log.ts';
import { HOST_KEY, INCIDENT_ID, NOW_MS, seconds } from './builders.ts';
import { FACTS, OPENED } from './host-facts.ts';
import { someProbes, someReadings } from './readings.ts';

/** A log of one incident, step by step; times are in seconds from its first report on. */

export const later = (count: number): number => NOW_MS + seconds(count);

/** What was decided at one time: the reports or the look of a timer. */
export interface Step {
  readonly basis: Basis;
  readonly facts: readonly HostFact[];
}
export const says = (what: 'down' | 'up', at: number, ...more: readonly HostFact[]): Step => ({
  basis: { by: 'reports', atMs: later(at), segment: 'az1' },
  facts: [
    {
      type: 'reported',
      reporter: '/monitor/a',
      says: what,
      eventId: `event-${at}`,
      eventType: `host.${what}`,
      occurredAtMs: later(at),
      receivedAtMs: later(at),
      reason: null,
      repeats: 0,
    },
    ...more,
  ],
});
export const isOpened = says('down', 0, { ...OPENED, incidentId: INCIDENT_ID } as HostFact);
/** A look at which every gate was open but for what was not tried. */
const evidenceAt = (at: number, of: Partial<Evidence> = {}): Evidence => ({
  ...gatherEvidence(someReadings({ nowMs: later(at) })),
  ...of,
});
export const look = (at: number, of: Partial<Evidence> = {}): Step => ({
  basis: { by: 'gates', atMs: later(at) },
  facts: [{ ...FACTS.held, evidence: evidenceAt(at, of) }],
});
export const isConfirmed = (at: number): Step => ({
  basis: { by: 'gates', atMs: later(at) },
  facts: [{ ...FACTS.confirmed, atMs: later(at), evidence: evidenceAt(at, { probes: someProbes() }) }],
});
export const isActedOn = (at: number): Step => ({
  basis: { by: 'deadline', atMs: later(at) },
  facts: [{ ...FACTS['power-off-intended'], evidence: evidenceAt(at) }],
});

/** Everything goes to the incident's stream: where a fact is does not matter to the course. */
export const logOf = (...steps: readonly Step[]): HostLog => ({
  key: HOST_KEY,
  records: [],
  incidents: [
    {
      id: INCIDENT_ID,
      tasks: [],
      records: steps.flatMap(({ basis, facts }, step) =>
        facts.map(
          (fact, index): AuditRecord => ({
            stream: 's',
            seq: step,
            atMs: basis.atMs,
            fact: fact as never,
            previousHash: '',
            hash: '',
            ...(index === 0 ? { basis: { ...basis, version: step + 1, policy: 'p' } } : {}),
          }),
        ),
      ),
    },
  ],
  policies: new Map(),
});
