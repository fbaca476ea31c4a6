import { describe, expect, it } from 'vitest';
import type { HostBasis } from '#shared/domain/basis.ts';
import type { HostFact, ReportFact } from '#shared/domain/host.ts';
import { eventsIn, reportsAgain } from '#shared/domain/replay/reports.ts';
import { aHost, aPolicy, INCIDENT_ID, INSTANCE_ID, NOW_MS, seconds, uuid } from '#test/support/builders.ts';
import { OPENED } from '#test/support/host-facts.ts';

describe('reports on record', () => {
  const of = (reporter: string, id: string) => ({ reporter, eventId: id, occurredAtMs: NOW_MS - seconds(1) });
  const reported: ReportFact = {
    type: 'reported',
    ...of('/a', '1'),
    eventType: 'host.down',
    says: 'down',
    receivedAtMs: NOW_MS - 5,
    reason: 'no ping',
    repeats: 2,
  };
  const about = (type: string, what: string, id: string): ReportFact => ({
    type: 'recorded',
    ...of('/b', id),
    eventType: type,
    about: what,
  });
  const ofInstance = about('instance.down', `instance ${INSTANCE_ID}`, '2');
  const ofProcess = about('process.down', 'process nova compute', '3');
  const notBelieved: ReportFact = {
    type: 'not-believed',
    ...of('/c', '4'),
    occurredAtMs: NOW_MS - seconds(901),
    eventType: 'host.down',
    because: 'it is 901 s old; events.maxAgeSeconds is 900',
  };
  const input: Extract<HostBasis, { by: 'reports' }> = { by: 'reports', atMs: NOW_MS, segment: null };

  it('tell of the events that were received', () => {
    const common = { specversion: '1.0', time: new Date(NOW_MS - seconds(1)).toISOString() };
    const data = { schemaVersion: 1, host: '' };
    const late: HostFact = { type: 'answered-late', incidentId: INCIDENT_ID, answered: OPENED };
    expect(eventsIn([reported, ofInstance, late, ofProcess, OPENED], NOW_MS)).toStrictEqual([
      {
        event: { ...common, id: '1', source: '/a', type: 'host.down', data: { ...data, reason: 'no ping' } },
        reporter: '/a',
        receivedAtMs: NOW_MS - 5,
        standsFor: 2,
      },
      {
        event: { ...common, id: '2', source: '/b', type: 'instance.down', data: { ...data, instanceId: INSTANCE_ID } },
        reporter: '/b',
        receivedAtMs: NOW_MS,
        standsFor: 0,
      },
      {
        event: { ...common, id: '3', source: '/b', type: 'process.down', data: { ...data, process: 'nova compute' } },
        reporter: '/b',
        receivedAtMs: NOW_MS,
        standsFor: 0,
      },
    ]);
    expect(eventsIn([{ ...reported, reason: null }], NOW_MS)[0]?.event.data).toEqual(data);
  });

  it.each<[string, readonly HostFact[]]>([
    ['in their order', [notBelieved, reported, ofInstance, ofProcess]],
    ['in another order within the batch', [ofProcess, reported, ofInstance, notBelieved]],
  ])('are decided again %s', (_, facts) => {
    expect(reportsAgain(aHost(), facts, input, aPolicy())).toEqual(facts);
  });

  it('open the incident again under the id that it had, behind them', () => {
    const facts = [reported, { ...OPENED, incidentId: uuid(1, 9) }];
    expect(reportsAgain(aHost(), facts, { ...input, segment: 'az1' }, aPolicy())).toMatchObject([
      { type: 'reported' },
      { type: 'incident-opened', incidentId: uuid(1, 9), segment: 'az1' },
    ]);
    expect(reportsAgain(aHost(), [reported], { ...input, segment: 'az1' }, aPolicy())[1]).toMatchObject({
      incidentId: 'a new one',
    });
  });

  it('open none in a segment that the policy does not have', () => {
    expect(reportsAgain(aHost(), [reported, OPENED], { ...input, segment: 'az2' }, aPolicy())).toEqual([reported]);
  });
});
