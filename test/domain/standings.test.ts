import { describe, expect, it } from 'vitest';
import { evolveHost } from '#shared/domain/evolve-host.ts';
import type { Claim, HostState } from '#shared/domain/host.ts';
import { reporterRows } from '#shared/domain/reporter-summary.ts';
import { flaps, standingsOf } from '#shared/domain/standings.ts';
import { aClaim, aHost, NOW_MS, seconds } from '#test/support/builders.ts';
import { because, someReadings } from '#test/support/readings.ts';

const at = (ago: number): number => NOW_MS - seconds(ago);
const claims: HostState['claims'] = {
  consul: aClaim('down', at(10)),
  zabbix: aClaim('down', at(1000)),
  nagios: aClaim('down', at(60)),
  alertmanager: aClaim('up', at(30)),
  wrong: { ...aClaim('up', at(5)), overruled: true },
};

describe('the standing of each word', () => {
  it('says why it counts or not', () => {
    const standings = standingsOf(claims, 900, NOW_MS).map(({ reporter, standing }) => [reporter, standing]);
    expect(standings).toEqual([
      ['alertmanager', 'says up'],
      ['consul', 'counts'],
      ['nagios', 'older than an up'],
      ['wrong', 'overruled'],
      ['zabbix', 'older than an up'],
    ]);
    expect(standingsOf({ zabbix: aClaim('down', at(1000)) }, 900, NOW_MS)).toMatchObject([{ standing: 'expired' }]);
  });

  it('is in what the gate says, of five at most', () => {
    expect(because(someReadings({ host: aHost({ claims }) }), 'reporters')).toBe(
      '1 of 1 needed say down: consul; not counted: alertmanager (says up), nagios (older than an up), wrong (overruled), zabbix (older than an up)',
    );
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`old-${index}`, aClaim('down', at(60))]));
    const words = because(
      someReadings({ host: aHost({ claims: { ...many, up: aClaim('up', at(30)) } }) }),
      'reporters',
    );
    expect(words).toMatch(
      /^0 of 1 needed say down: nobody; not counted: old-0 .*old-4 \(older than an up\) and 5 more$/,
    );
  });
});

describe('a reporter that changes its word', () => {
  const says = (host: HostState, what: Claim['says'], ago: number): HostState =>
    evolveHost(host, {
      type: 'reported',
      reporter: 'consul',
      says: what,
      eventId: String(ago),
      eventType: `host.${what}`,
      occurredAtMs: at(ago),
      receivedAtMs: at(ago),
      reason: null,
      repeats: 0,
    });
  const claimOf = (...ago: readonly number[]): Claim | undefined =>
    ago.reduce((host, each, index) => says(host, index % 2 === 0 ? 'down' : 'up', each), aHost()).claims.consul;

  it('flaps when it did so four times within an hour', () => {
    expect(claimOf(300)?.turnedAtMs).toBeUndefined();
    const [three, four] = [claimOf(300, 240, 180, 120), claimOf(300, 240, 180, 120, 60)];
    expect(three?.turnedAtMs).toHaveLength(3);
    expect([three, four].map((claim) => claim !== undefined && flaps(claim, NOW_MS))).toEqual([false, true]);
    expect(four !== undefined && flaps(four, NOW_MS + seconds(3600))).toBe(false);
  });

  it('is remembered by a few times, and not by a repeat', () => {
    expect(claimOf(9, 8, 7, 6, 5, 4, 3)?.turnedAtMs).toEqual([at(6), at(5), at(4), at(3)]);
    const twice = says(says(aHost(), 'down', 60), 'down', 30);
    expect(twice.claims.consul).toEqual({ says: 'down', occurredAtMs: at(30), receivedAtMs: at(30) });
  });
});

describe('the list of reporters', () => {
  const flapping: Claim = { ...aClaim('down', at(1)), turnedAtMs: [at(4), at(3), at(2), at(1)] };
  const lease = {
    host: 'compute-5',
    hostKey: 'k',
    reporter: 'agents',
    eventId: 'e',
    beatAtMs: at(70),
    cameAtMs: at(70),
    endsAtMs: at(10),
    saidAtMs: null,
  };
  it('shows who disagrees, flaps, or is silent, the newest first', () => {
    const hosts = [aHost({ claims: { ...claims, flapping } })];
    const leases = [lease, { ...lease, host: 'compute-6', endsAtMs: NOW_MS + 1 }];
    const asides = [{ reporter: 'probe', host: 'compute-7', says: 'instance.down' as const, heardAtMs: NOW_MS }];
    const rows = reporterRows({ hosts, leases, asides }, () => 900, NOW_MS);
    expect(rows.map(({ reporter, says, remarks }) => [reporter, says, ...remarks])).toEqual([
      ['probe', 'instance.down'],
      ['flapping', 'down', 'flaps'],
      ['wrong', 'up', 'overruled by an operator'],
      ['consul', 'down'],
      ['alertmanager', 'up', 'disagrees with consul, flapping, whose word is newer'],
      ['nagios', 'down', 'disagrees with alertmanager, whose word is newer'],
      ['agents', 'beats', 'silent: its heartbeats have ceased'],
      ['agents', 'beats'],
      ['zabbix', 'down', 'disagrees with alertmanager, whose word is newer'],
    ]);
  });

  it('shows a host as heard whose clock went back', () => {
    const wentBack = { eventId: 'f', beatAtMs: at(600), cameAtMs: at(20), endsAtMs: NOW_MS + 1 };
    expect(reporterRows({ hosts: [], leases: [{ ...lease, wentBack }], asides: [] }, () => 900, NOW_MS)).toMatchObject([
      { heardAtMs: at(20), remarks: ['its clock went back'] },
    ]);
  });
});
