import { describe, expect, it } from 'vitest';
import { FIRST } from '#shared/domain/audit.ts';
import { evolveHost } from '#shared/domain/evolve-host.ts';
import { type HostFact, isSilentFact, newHost } from '#shared/domain/host.ts';
import { aHostIn, anIncident, HOST_KEY, NOW_MS, SERVICE_ID, seconds } from '#test/support/builders.ts';
import { FACTS, OPENED } from '#test/support/host-facts.ts';

it('a host of which nobody has said anything has no past', () => {
  const identity = { key: HOST_KEY, cloud: 'default', region: 'RegionOne', name: 'compute-1', serviceId: SERVICE_ID };
  const nothing = { claims: {}, incident: null, lastIncident: null, recordedEvents: [], audit: FIRST };
  expect(newHost(identity)).toEqual({ ...identity, ...nothing });
});

it('all that happens is news for the audit, but a timer that went on', () => {
  const silent = [OPENED, ...Object.values(FACTS)].filter(isSilentFact).map(({ type }) => type);
  expect(silent.sort()).toEqual(['followed', 'grace-went-on', 'still-held', 'still-paused']);
});

describe('an open incident', () => {
  it('keeps its id, segment, beginning and audit, whatever happens to it', () => {
    for (const fact of Object.values(FACTS))
      for (const status of ['suspected', 'held', 'fencing', 'forcing-down', 'planning', 'evacuating'] as const) {
        const host = aHostIn(status, { openedAtMs: NOW_MS - seconds(999), audit: { seq: 7, hash: 'f' } });
        const { id, segment, openedAtMs, audit } = host.incident;
        let after = host.incident as ReturnType<typeof evolveHost>['incident'];
        try {
          after = evolveHost(host, fact).incident ?? after;
        } catch (error) {
          if (!(error instanceof Error && /is \S+, not/.test(error.message))) throw error;
        }
        expect(after).toMatchObject({ id, segment, openedAtMs, audit });
      }
  });

  it('begins to fence with nothing done yet', () => {
    const { incident } = evolveHost(aHostIn('held'), FACTS.confirmed);
    const { id, segment, openedAtMs, tick, audit } = anIncident('held');
    expect(incident).toMatchObject({ id, segment, openedAtMs, audit, tick: tick + 1, confirmedAtMs: NOW_MS });
    expect(incident).toMatchObject({ powerOffs: 0, failures: 0, lastFailure: null, evacuatingSinceMs: null });
    expect(incident).toMatchObject({ proofVoidedBy: null, earlierProof: null });
  });

  it('that is held shows the gates that are shut, and no others', () => {
    const gates = [
      { gate: 'protected' as const, open: true, because: '' },
      { gate: 'reporters' as const, open: false, because: 'nobody' },
    ];
    const held: HostFact = { ...FACTS.held, gates };
    expect(evolveHost(aHostIn('suspected'), held).incident).toMatchObject({ failedGates: [gates[1]] });
  });

  it('counts the failures to force its host down, not the requests', () => {
    const host = aHostIn('forcing-down', { failures: 2 });
    expect(evolveHost(host, FACTS['force-down-failed']).incident).toMatchObject({ failures: 3 });
    expect(evolveHost(host, FACTS['force-down-intended']).incident).toMatchObject({ failures: 2 });
  });
});
