import { describe, expect, it } from 'vitest';
import { evolveHost } from '#shared/domain/evolve-host.ts';
import type { FenceProof, HostFact, HostState, IncidentStatus } from '#shared/domain/host.ts';
import { lastSeenUpMs } from '#shared/domain/reports.ts';
import { aClaim, aHost, aHostIn, anIncident, aProof, NOW_MS, seconds, uuid } from '#test/support/builders.ts';
import { FACTS, OPENED, type Step } from '#test/support/host-facts.ts';

const GOING_ON = ['fencing', 'forcing-down', 'planning', 'evacuating'] as const;
const STATUSES = ['suspected', 'held', ...GOING_ON, 'handing-over', 'stopped'] as const;
type To = IncidentStatus | 'closed';
const from = (statuses: readonly IncidentStatus[], to?: To): Partial<Record<IncidentStatus, To>> =>
  Object.fromEntries(statuses.map((status) => [status, to ?? status]));

/** What each fact makes of each status it may follow from; from all others it is a defect. */
const MOVES: Readonly<Record<Step, Partial<Record<IncidentStatus, To>>>> = {
  'dump-seen': from(['suspected', 'held', 'fencing']),
  'grace-went-on': from(['suspected']),
  held: from(['suspected', 'held', 'fencing'], 'held'),
  'still-held': from(['held']),
  confirmed: from(['suspected', 'held'], 'fencing'),
  'power-read': from(['fencing']),
  'power-off-intended': from(['fencing']),
  'power-off-answered': from(STATUSES),
  'fence-failed': from(['fencing']),
  'proof-made': from(['fencing'], 'forcing-down'),
  'proof-voided': from(['forcing-down', 'planning', 'evacuating'], 'fencing'),
  'force-down-intended': from(['forcing-down']),
  'force-down-answered': from(STATUSES),
  'force-down-failed': from(['forcing-down']),
  'forced-down': from(['forcing-down'], 'planning'),
  'planning-failed': from(['planning']),
  planned: from(['planning'], 'evacuating'),
  'reserved-host-intended': from(['evacuating', 'handing-over']),
  'reserved-host-answered': from(STATUSES),
  'reserved-host-left': from(['evacuating', 'handing-over']),
  followed: from(['evacuating', 'handing-over']),
  paused: from(GOING_ON),
  'still-paused': from(GOING_ON),
  released: { held: 'held', stopped: 'fencing' },
  dismissed: from(['suspected', 'held', 'fencing', 'stopped'], 'handing-over'),
  'off-confirmed': from(['held', 'fencing']),
  'deadline-passed': from(GOING_ON, 'handing-over'),
  stopped: from(['fencing'], 'stopped'),
  'incident-closed': from(STATUSES, 'closed'),
};
/** They tell what happened within a step; all others take the step, so that its command is a repeat from then on. */
const WITHIN_A_STEP: ReadonlySet<string> = new Set([
  'dump-seen',
  'power-read',
  'power-off-answered',
  'force-down-answered',
  'reserved-host-intended',
  'reserved-host-answered',
  'reserved-host-left',
]);

const all = (Object.keys(FACTS) as Step[]).flatMap((fact) =>
  STATUSES.map((status) => ({ fact, status, to: MOVES[fact][status] ?? 'a defect' })),
);

describe('an answer that comes behind the end of its incident', () => {
  it('changes nothing', () => {
    const host = aHost();
    expect(evolveHost(host, { type: 'answered-late', incidentId: uuid(1, 1), answered: FACTS.held })).toBe(host);
  });
});

describe('an incident', () => {
  it.each(all)('$status, $fact: $to', ({ fact, status, to }) => {
    const host = aHostIn(status);
    const evolve = (): HostState => evolveHost(host, FACTS[fact]);
    if (to === 'a defect') {
      expect(evolve).toThrow(`is ${status}, not`);
      return;
    }
    const { incident } = evolve();
    expect(incident?.status ?? 'closed').toBe(to);
    if (incident !== null) expect(incident.tick - host.incident.tick).toBe(WITHIN_A_STEP.has(fact) ? 0 : 1);
  });

  it('is opened with its first tick due when the grace period ends', () => {
    expect(evolveHost(aHost(), OPENED).incident).toMatchObject({
      status: 'suspected',
      id: uuid(1, 2),
      tick: 0,
      dueAtMs: NOW_MS + seconds(180),
    });
  });

  it('is the only one of its host (S3)', () => {
    expect(() => evolveHost(aHostIn('stopped'), OPENED)).toThrow('has an open incident already');
  });

  it('must be open for a fact about it', () => {
    for (const fact of Object.values(FACTS))
      expect(() => evolveHost(aHost(), fact)).toThrow('without an open incident');
  });

  it('leaves its id, end and outcome behind', () => {
    expect(evolveHost(aHostIn('evacuating'), FACTS['incident-closed'])).toMatchObject({
      incident: null,
      lastIncident: { id: anIncident('evacuating').id, endedAtMs: NOW_MS, outcome: 'stood-down' },
    });
  });

  it('keeps since when it is held, while its gates change', () => {
    const since = NOW_MS - seconds(500);
    expect(evolveHost(aHostIn('held', { sinceMs: since }), FACTS.held).incident).toMatchObject({ sinceMs: since });
  });

  it('counts failures until there is a proof, and power-offs until it ends', () => {
    const failed = evolveHost(aHostIn('fencing', { failures: 2, powerOffs: 3 }), FACTS['fence-failed']);
    expect(failed.incident).toMatchObject({ failures: 3, powerOffs: 3 });
    const facts: readonly HostFact[] = [
      FACTS['proof-made'],
      FACTS['forced-down'],
      FACTS.planned,
      FACTS['proof-voided'],
    ];
    expect(facts.reduce(evolveHost, failed).incident).toMatchObject({ failures: 0, powerOffs: 3, proofVoidedBy: 'up' });
  });

  it('counts the attempts of a level until another one is asked, or they begin anew', () => {
    const failed = FACTS['fence-failed'];
    const asked = FACTS['power-off-intended'];
    const triesAfter = (...facts: readonly HostFact[]) => {
      const { incident } = facts.reduce(evolveHost, aHostIn('fencing'));
      return incident !== null && 'tries' in incident ? incident.tries : undefined;
    };
    expect(triesAfter({ ...failed, tries: 1 })).toBe(1);
    expect(triesAfter({ ...failed, tries: 1 }, asked)).toBe(1);
    expect(triesAfter({ ...failed, level: 1, tries: 2 }, { ...asked, level: 1 })).toBe(2);
    expect(triesAfter({ ...failed, level: 1, tries: 2 }, { ...asked, level: 0 })).toBeUndefined();
    expect(triesAfter({ ...failed, tries: 1 }, failed)).toBeUndefined();
  });

  it('has a new row of readings once its host was found on', () => {
    const host = aHostIn('fencing', { earlierProof: aProof() });
    expect(evolveHost(host, FACTS['power-off-intended']).incident).toMatchObject({ earlierProof: null });
    expect(evolveHost(host, FACTS['fence-failed']).incident).toMatchObject({ earlierProof: aProof() });
  });

  it('that is stopped keeps its proof for the person who looks at it', () => {
    const host = aHostIn('fencing', { earlierProof: aProof(), powerOffs: 2, evacuatingSinceMs: NOW_MS - 1 });
    const stopped = { proof: aProof(), powerOffs: 2, evacuatingSinceMs: NOW_MS - 1 };
    expect(evolveHost(host, FACTS.stopped).incident).toMatchObject(stopped);
    expect(evolveHost(aHostIn('fencing'), FACTS.stopped).incident).toMatchObject({ proof: null });
  });

  it('that is released from a stop has a fresh row of readings, and its deadline anew', () => {
    const host = aHostIn('stopped', { proof: aProof(), powerOffs: 2, evacuatingSinceMs: NOW_MS - seconds(9000) });
    expect(evolveHost(host, FACTS.released).incident).toMatchObject({
      status: 'fencing',
      earlierProof: null,
      powerOffs: 2,
      confirmedAtMs: NOW_MS,
      evacuatingSinceMs: NOW_MS,
    });
    expect(evolveHost(aHostIn('stopped'), FACTS.released).incident).toMatchObject({ evacuatingSinceMs: null });
  });

  it('that is released from a contradiction takes those who said up for wrong, unless they say so again', () => {
    const claims = { a: aClaim('down', NOW_MS - 3), b: aClaim('up', NOW_MS), c: aClaim('up', NOW_MS + 1) };
    const of = (proof: FenceProof | null) => ({ ...aHostIn('stopped', { proof }), claims });
    const overruled = { ...claims, b: { ...claims.b, overruled: true } };
    expect(evolveHost(of(aProof()), FACTS.released).claims).toEqual(overruled);
    expect(evolveHost(of(null), FACTS.released).claims).toEqual(claims);
    expect(lastSeenUpMs({ b: { ...claims.b, overruled: true } })).toBe(0);
  });

  it('keeps what was sent to its device, though a gate closes in between', () => {
    const facts: readonly HostFact[] = [FACTS['power-off-intended'], FACTS.held, FACTS.confirmed];
    expect(facts.reduce(evolveHost, aHostIn('fencing')).incident).toMatchObject({ status: 'fencing', powerOffs: 1 });
  });

  it('keeps its release to its end, and its pause to the next step', () => {
    const released = [FACTS.released, FACTS.confirmed, FACTS.paused].reduce(evolveHost, aHostIn('held'));
    expect(released.incident).toMatchObject({ release: { by: 'ann' }, pausedBy: 'disarmed' });
    expect(evolveHost(released, FACTS['still-paused']).incident).toMatchObject({ pausedBy: 'disarmed' });
    expect(evolveHost(released, FACTS['fence-failed']).incident).toMatchObject({
      release: { by: 'ann' },
      pausedBy: null,
    });
  });
});

describe('a host', () => {
  it('remembers the latest recorded events only', () => {
    const note = (id: number): HostFact => ({
      type: 'recorded',
      reporter: '/a',
      eventId: `e-${id}`,
      eventType: 'process.down',
      occurredAtMs: NOW_MS,
      about: 'process libvirtd',
    });
    const host = Array.from({ length: 100 }, (_, id) => note(id)).reduce(evolveHost, aHost());
    expect(host.recordedEvents).toHaveLength(64);
    expect(host.recordedEvents.at(-1)).toBe('/a e-99');
  });
});
