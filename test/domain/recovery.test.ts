import { describe, expect, it } from 'vitest';
import type { Candidate } from '#shared/domain/destinations.ts';
import { placedGroup } from '#shared/domain/placed-groups.ts';
import { planRecovery, type RecoveryInput } from '#shared/domain/recovery.ts';
import type { Server } from '#shared/ports.ts';
import { aMigration, aSegment, aServer, uuid } from '#test/support/builders.ts';

const aCandidate = (host: string, freeMemoryMb = 8192): Candidate => ({ host, inFlight: 0, freeMemoryMb });
const servers = (...all: readonly Partial<Server>[]) =>
  all.map((each, index) => aServer({ id: uuid(3, index), name: `web-${index}`, ...each }));
const plan = (over: Partial<RecoveryInput>) =>
  planRecovery({
    segment: aSegment(),
    servers: servers({}),
    signs: new Map(),
    evacuations: [],
    otherMigrations: [],
    candidates: [aCandidate('compute-2'), aCandidate('compute-3')],
    asleep: [],
    groups: [],
    ...over,
  });
const inShort = (over: Partial<RecoveryInput>) =>
  plan(over).instances.map(({ server, verdict, destination }) => [
    server.name,
    verdict.kind,
    destination === null
      ? null
      : 'host' in destination
        ? destination.host
        : `${destination.to}: ${destination.because}`,
  ]);

describe('a recovery that is only planned', () => {
  it('spreads what would come back, each beside those before it, and says where the rest stays', () => {
    const all = servers({}, { metadata: { HA_Enabled: 'no' } }, {}, { vmState: 'suspended' }, {});
    expect(inShort({ servers: all })).toEqual([
      ['web-0', 'evacuate', 'compute-2'],
      ['web-2', 'evacuate', 'compute-3'],
      ['web-4', 'evacuate', 'compute-2'],
      ['web-1', 'leave', null],
      ['web-3', 'person', null],
    ]);
  });

  it('is in order of tiers and priorities', () => {
    const metadata = (tier: string, priority: string) => ({
      metadata: { 'salvor:tier': tier, 'instanceha:restart_priority': priority },
    });
    const all = servers({}, metadata('2', '900'), metadata('1', '5'), metadata('1', '50'));
    expect(plan({ servers: all }).instances.map(({ server, priority, tier }) => [server.name, priority, tier])).toEqual(
      [
        ['web-3', 50, 1],
        ['web-2', 5, 1],
        ['web-1', 900, 2],
        ['web-0', 500, null],
      ],
    );
  });

  it('knows what Nova does already, and what stands beside an instance', () => {
    const all = servers({}, {}, {});
    const evacuations = [aMigration({ instanceId: uuid(3, 0), status: 'accepted' })];
    const otherMigrations = [aMigration({ instanceId: uuid(3, 1), status: 'running' })];
    const signs = new Map([[uuid(3, 2), { aggregates: [{ name: 'spare', metadata: { ha: 'no' } }] }]]);
    const segment = aSegment({ instances: { aggregateKey: 'ha', saidIn: ['aggregate'] } });
    expect(inShort({ servers: all, evacuations, otherMigrations, signs, segment })).toEqual([
      ['web-0', 'watch', null],
      ['web-1', 'person', null],
      ['web-2', 'leave', null],
    ]);
  });

  it('says of whom there is no room for, and who asks the scheduler', () => {
    const candidates = [aCandidate('compute-2', 3000)];
    expect(inShort({ servers: servers({}, {}), candidates })).toEqual([
      ['web-0', 'evacuate', 'compute-2'],
      ['web-1', 'evacuate', 'scheduler: no host has room for 2048 MB'],
    ]);
    const segment = aSegment({ destinations: { otherwise: 'wait' } });
    expect(inShort({ servers: servers({}), candidates: [], segment })).toEqual([
      ['web-0', 'evacuate', 'nowhere: no other host is healthy'],
    ]);
  });

  it('wakes a reserved host once, and fills it', () => {
    const segment = aSegment({ destinations: { method: 'auto_priority', reservedHosts: { names: ['spare'] } } });
    const all = {
      servers: servers({}, {}, {}),
      candidates: [aCandidate('compute-2', 3000)],
      asleep: [aCandidate('spare')],
    };
    const { instances, left } = plan({ ...all, segment });
    expect(instances.map(({ destination }) => destination)).toEqual([
      { to: 'host', host: 'compute-2' },
      { to: 'reserved-host', host: 'spare' },
      { to: 'host', host: 'spare' },
    ]);
    expect(left.asleep).toEqual([]);
    expect(left.candidates).toEqual([
      { host: 'compute-2', inFlight: 1, freeMemoryMb: 952 },
      { host: 'spare', inFlight: 2, freeMemoryMb: 4096 },
    ]);
  });

  it('keeps server groups, and hands them on with the room that is left', () => {
    const all = servers({}, {}, {});
    const apart = { id: 'g', policy: 'anti-affinity', maxPerHost: 1, members: all.map(({ id }) => id) } as const;
    const { instances, left } = plan({ servers: all, groups: [placedGroup(apart, new Map())] });
    expect(instances.map(({ destination }) => destination)).toEqual([
      { to: 'host', host: 'compute-2' },
      { to: 'host', host: 'compute-3' },
      {
        to: 'scheduler',
        because: 'its server group allows 1 on a host, and that many are on compute-2, compute-3',
      },
    ]);
    expect(left.groups[0]?.on).toEqual({ 'compute-2': 1, 'compute-3': 1 });
    const second = plan({ ...left, servers: servers({}) });
    expect(second.instances[0]?.destination).toMatchObject({ to: 'scheduler' });
  });

  it('explains why a group that must stay together does not come back, or keeps it together', () => {
    const all = servers({}, {});
    const members = [...all.map(({ id }) => id), 'elsewhere'];
    const together = { id: 'g', policy: 'affinity', maxPerHost: 1, members } as const;
    const on = (...elsewhere: readonly [string, string][]) => [placedGroup(together, new Map(elsewhere))];
    expect(plan({ servers: all, groups: on() }).instances[0]?.destination).toMatchObject({ to: 'nowhere' });
    const follow = { servers: all, groups: on(['elsewhere', 'compute-2']) };
    expect(inShort(follow).map(([, , host]) => host)).toEqual(['compute-2', 'compute-2']);
  });
});
